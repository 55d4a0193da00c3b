using Controller.Api;
using Occi.Declared;

try
{
    await ApiHost.Build(args).RunAsync();
    return 0;
}
catch (InvalidModelException e)
{
    await Console.Error.WriteLineAsync(e.Message);   // a line for each problem
    return 2;
}
