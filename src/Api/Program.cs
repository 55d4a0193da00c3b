using Controller.Api;
using Microsoft.Extensions.Options;
using Occi.Declared;

try
{
    await ApiHost.Build(args).RunAsync();
    return 0;
}
catch (Exception e) when (e is InvalidModelException or OptionsValidationException or InvalidOperationException)
{
    await Console.Error.WriteLineAsync(e.Message);   // what is wrong with files or settings, a line for each problem
    return 2;
}
