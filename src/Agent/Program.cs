using Controller.Agent.Hosting;
using Microsoft.Extensions.Options;

var builder = AgentHost.CreateBuilder(args);
builder.AddAgent();
try
{
    using var host = builder.Build();
    await host.RunAsync();
    return host.Services.GetRequiredService<ExitCode>().Value;
}
catch (OptionsValidationException invalid)
{
    await Console.Error.WriteLineAsync(string.Join('\n', invalid.Failures));
    return 2;
}
