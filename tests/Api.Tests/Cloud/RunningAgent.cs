using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Controller.Api.Tests.Cloud;

/// <summary>An agent in this process, with the simulated driver.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly IHost _host;

    private RunningAgent(IHost host) => _host = host;

    public SimulatedFaults Faults => _host.Services.GetRequiredService<SimulatedFaults>();

    public static async Task<RunningAgent> Start(Place place, string name, string joinToken)
    {
        var builder = AgentHost.CreateBuilder(place.AgentSettings(name, joinToken));
        builder.AddAgent();
        var host = builder.Build();
        await host.StartAsync();
        return new(host);
    }

    /// <summary>Whether the hypervisor has a machine, volume or network of that id.</summary>
    public async Task<bool> Has(string id)
    {
        var there = await _host.Services.GetRequiredService<ActiveDriver>().Driver.Inspect(CancellationToken.None);
        return there.Machines.Any(m => m.Id == id) || there.Volumes.Any(v => v.Id == id) || there.Networks.Any(n => n.Id == id);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
