using Controller.Agent.Hosting;
using Microsoft.Extensions.Options;

if (args is [Controller.Agent.Leases.GuardCommand.Name, ..]) return await Controller.Agent.Leases.GuardCommand.Run(args);

var builder = AgentHost.CreateBuilder(args);
builder.AddAgent();
try
{
    var host = builder.Build();
    host.Services.GetRequiredService<IStartupValidator>().Validate(); // before anything is made of wrong settings
    var exit = host.Services.GetRequiredService<ExitCode>();
    await host.RunAsync(); // disposes the host too
    return exit.Value;
}
catch (OptionsValidationException invalid)
{
    await Console.Error.WriteLineAsync(string.Join('\n', invalid.Failures));
    return 2;
}
