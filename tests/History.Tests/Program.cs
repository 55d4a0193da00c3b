using Controller.Agent.Hosting;
using Controller.Api;
using Controller.History.Tests.Cluster;
using Controller.Silo;
using Controller.Silo.Identity;
using Controller.Silo.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// What a history's processes are: the product's own programs, with a clock that can be set wrong.
if (args is not [var role, var clockFile, .. var settings])
{
    await Console.Error.WriteLineAsync("\"silo\", \"api\" or \"agent\", a clock's file and the program's settings were wanted; tests are run by dotnet test.");
    return 2;
}
using var clock = new SettableClock(clockFile);
switch (role)
{
    case "silo":
        await using (var app = SiloHost.Build(settings, clock))
        {
            await app.Services.GetRequiredService<Migrator>().Apply(CancellationToken.None);
            await app.StartAsync();
            await app.Services.GetRequiredService<FirstIdentity>().Ensure(app.Lifetime.ApplicationStopping);
            await app.WaitForShutdownAsync();
        }
        return 0;
    case "api":
        await ApiHost.Build(settings).RunAsync();
        return 0;
    case "agent":
        var builder = AgentHost.CreateBuilder(settings);
        builder.AddAgent();
        builder.Services.AddSingleton<TimeProvider>(clock);
        await builder.Build().RunAsync();
        return 0;
    default:
        await Console.Error.WriteLineAsync($"\"silo\", \"api\" or \"agent\" was wanted, \"{role}\" was given.");
        return 2;
}
