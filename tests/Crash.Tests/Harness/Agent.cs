using Controller.Agent.Drivers;
using Controller.Agent.Hosting;
using Controller.Api.Tests.Cloud;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Controller.Crash.Tests.Harness;

/// <summary>An agent in this process, with the simulated driver: it outlives the silos.</summary>
internal sealed class Agent : IAsyncDisposable
{
    private readonly IHost _host;

    private Agent(string name, IHost host) => (Name, _host) = (name, host);

    public string Name { get; }

    /// <summary>What is on the host, whatever anybody else believes.</summary>
    public Task<Inventory> Has() => _host.Services.GetRequiredService<ActiveDriver>().Driver.Inspect(CancellationToken.None);

    public static async Task<Agent> Start(Place place, string name, string joinToken, params string[] more)
    {
        var builder = AgentHost.CreateBuilder([.. place.AgentSettings(name, joinToken), .. more]);
        builder.AddAgent();
        var host = builder.Build();
        await host.StartAsync();
        return new(name, host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
