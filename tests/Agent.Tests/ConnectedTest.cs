using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests;

/// <summary>A cluster with one gateway and a directory for one agent.</summary>
public abstract class ConnectedTest : IAsyncLifetime
{
    private readonly ScratchDirectory _scratch = new();
    private readonly List<TestAgent> _agents = [];

    private protected string State => _scratch.Path;

    private protected TestCluster Cluster { get; } = new();

    private protected TestGateway Gateway { get; private set; } = null!;

    public async Task InitializeAsync() => Gateway = await TestGateway.Start(Cluster);

    public async Task DisposeAsync()
    {
        foreach (var agent in _agents) await agent.DisposeAsync();
        await Gateway.DisposeAsync();
        Cluster.Dispose();
        _scratch.Dispose();
    }

    private protected async Task<TestAgent> Start(string? token, params (string Key, string Value)[] settings)
    {
        var agent = await TestAgent.Start(State, token, settings);
        _agents.Add(agent);
        return agent;
    }

    /// <summary>A joined agent with its session open and its first complete report there.</summary>
    private protected async Task<(TestAgent Agent, TestSession Session)> Connect(params (string Key, string Value)[] settings)
    {
        var known = Gateway.Sessions.Count;
        var agent = await Start(File.Exists(Path.Combine(State, "identity.pem")) ? null : Cluster.Token(Gateway), settings);
        var session = await Gateway.Session(known + 1);
        await Eventually.That(() => session.Reports.Any(), "the first report");
        return (agent, session);
    }

    private protected string Ledger(params string[] path) => Path.Combine([State, "ledger", .. path]);
}
