using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Controller.Agent.Tests.Harness;

/// <summary>A directory that goes with the test.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("agent-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>The whole agent, in this process, with the simulated driver.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly BackgroundService _runner;
    private bool _isOver;

    private TestAgent(IHost host)
    {
        _host = host;
        _runner = host.Services.GetServices<IHostedService>().OfType<AgentRunner>().Single();
        Exit = host.Services.GetRequiredService<ExitCode>();
        Faults = host.Services.GetRequiredService<SimulatedFaults>();
    }

    public ExitCode Exit { get; }

    public SimulatedFaults Faults { get; }

    public IServiceProvider Services => _host.Services;

    public Task Ended => _runner.ExecuteTask!;

    public static async Task<TestAgent> Start(string directory, string? token, params (string Key, string Value)[] settings)
    {
        var agent = new TestAgent(Build(directory, token, settings));
        await agent._host.StartAsync();
        return agent;
    }

    public static IHost Build(string directory, string? token, (string Key, string Value)[] settings, Action<IServiceCollection>? configure = null)
    {
        var builder = AgentHost.CreateBuilder([]);
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Agent:StateDirectory"] = directory,
            ["Agent:Driver"] = "Simulated",
            ["Agent:Name"] = "test host",
            ["Agent:JoinToken"] = token,
            ["Simulated:BootTime"] = "00:00:00",
        });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        builder.AddAgent();
        configure?.Invoke(builder.Services);
        return builder.Build();
    }

    /// <summary>Ends it without asking: nothing is said to the gateway, nothing is finished.</summary>
    public async Task Kill()
    {
        if (_isOver) return;
        _isOver = true;
        _runner.Dispose();
        await _runner.ExecuteTask!.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await Kill();
}
