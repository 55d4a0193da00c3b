using System.Diagnostics;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Hosting;
using Controller.Agent.Protocol;
using Controller.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Controller.Crash.Tests.Harness;

/// <summary>An agent with the simulated driver, in this process or in one of its own: it outlives the silos.</summary>
internal sealed class Agent : IAsyncDisposable
{
    private readonly IHost? _host;
    private readonly Process? _process;
    private readonly string _directory = "";

    private Agent(string name, IHost host) => (Name, _host) = (name, host);

    private Agent(string name, Process process, string directory) => (Name, _process, _directory) = (name, process, directory);

    public string Name { get; }

    /// <summary>What is on the host, whatever anybody else believes.</summary>
    public Task<Inventory> Has() => _host?.Services.GetRequiredService<ActiveDriver>().Driver.Inspect(CancellationToken.None) ?? Task.FromResult(Read());

    public static async Task<Agent> Start(string name, string[] settings)
    {
        var builder = AgentHost.CreateBuilder(settings);
        builder.AddAgent();
        var host = builder.Build();
        await host.StartAsync();
        var driver = host.Services.GetRequiredService<ActiveDriver>();
        await Eventually.Is($"the driver of {name} has started", () => Task.FromResult(driver.Health.Healthy), TimeSpan.FromMinutes(4));
        return new(name, host);
    }

    /// <summary>In a process of its own, which can be frozen.</summary>
    public static Agent Spawn(string name, string[] settings, string directory)
    {
        var start = Programs.Beside("controller-agent.dll", settings);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new(name, process, directory);
    }

    /// <summary>Freezes its process, or lets it go on.</summary>
    public void Freeze(bool frozen) => Assert.Equal(0, Signals.Send(_process!.Id, frozen ? Signals.Stop : Signals.Continue));

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            await ((IAsyncDisposable)_host).DisposeAsync();
        }
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }

    private Inventory Read()
    {
        var host = SimulatedHost.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(_directory, "host")));
        return new(
            [.. host.Machines.Select(m => new ObservedMachine { Id = m.Id, Incarnation = m.Incarnation })], [.. host.Volumes.Select(v => new ObservedVolume { Id = v.Id, Incarnation = v.Incarnation })],
            [.. host.Networks.Select(n => new ObservedNetwork { Id = n.Id, Incarnation = n.Incarnation })], []);
    }
}
