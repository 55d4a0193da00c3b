using Controller.Agent.Enrolment;
using Controller.Agent.Hosting;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Enrolment;

public sealed class EnrolmentTests : ConnectedTest
{
    private string IdentityFile => Path.Combine(State, "identity.pem");

    [Fact]
    public async Task A_host_joins_once_and_stays_who_it_is()
    {
        var (agent, session) = await Connect();
        Assert.Equal(session.CertificateName, session.Hello.HostId);
        Assert.Equal("test host", session.Hello.Name);
        await agent.Kill();

        var (_, again) = await Connect();

        Assert.Equal(session.Hello.HostId, again.CertificateName);
        Assert.Equal(1, Gateway.Joins);
    }

    [Fact]
    public async Task Only_the_owner_may_read_the_key()
    {
        await Connect();

        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(IdentityFile));
    }

    [Fact]
    public async Task Another_authority_than_the_tokens_is_refused_before_the_secret_is_said()
    {
        using var other = new TestCluster();
        var token = new JoinToken([Gateway.Endpoint], other.Fingerprint, Cluster.NewSecret());

        var agent = await Start(token.Format());
        await agent.Ended;

        Assert.Equal(ExitCode.NeedsAttention, agent.Exit.Value);
        Assert.Equal(0, Gateway.Joins);
        Assert.Contains(other.Fingerprint, Health(), StringComparison.Ordinal);
        Assert.Contains(Cluster.Fingerprint, Health(), StringComparison.Ordinal);
    }

    /// <summary>Something of this cluster, or of another, listens where the host's gateway was.</summary>
    [Theory, InlineData("another name"), InlineData("another authority")]
    public async Task A_host_that_has_joined_speaks_with_its_own_gateways_only(string what)
    {
        var (agent, _) = await Connect();
        await agent.Kill();
        await Gateway.DisposeAsync();
        using var other = new TestCluster();
        using var shown = what == "another name" ? Cluster.NewServer(name: "controller-api") : other.NewServer();
        await using var impostor = await TestGateway.Start(Cluster, shown: shown);

        await Start(token: null, ("Agent:Gateways:0", impostor.Endpoint));

        await Eventually.That(() => Health().Contains("remote certificate was rejected", StringComparison.OrdinalIgnoreCase), "the agent refuses it");
        Assert.Empty(impostor.Sessions);
    }

    [Fact]
    public async Task A_used_token_ends_the_agent_after_one_try()
    {
        var token = new JoinToken([Gateway.Endpoint], Cluster.Fingerprint, "used before");

        var agent = await Start(token.Format());
        await agent.Ended;

        Assert.Equal(ExitCode.NeedsAttention, agent.Exit.Value);
        Assert.Equal(1, Gateway.Joins);
        Assert.Contains("the token was used before", Health(), StringComparison.Ordinal);
        Assert.False(File.Exists(IdentityFile));
    }

    [Fact]
    public async Task Without_token_and_identity_the_agent_says_what_it_needs()
    {
        var agent = await Start(token: null);
        await agent.Ended;

        Assert.Equal(ExitCode.NeedsAttention, agent.Exit.Value);
        Assert.Contains("Agent:JoinTokenFile", Health(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_certificate_is_renewed_two_thirds_into_its_life()
    {
        Cluster.NextLife = (TimeSpan.FromHours(3), TimeSpan.FromHours(1));
        var (_, session) = await Connect();

        await Eventually.That(() => new IdentityStore(State).Load()!.RenewAt > TimeProvider.System.GetUtcNow().AddDays(1), "a renewed certificate on disk");

        Assert.Equal(session.Hello.HostId, new IdentityStore(State).Load()!.HostId);
        Assert.Equal(1, Gateway.Renewals);
    }

    [Fact]
    public void A_client_certificate_cannot_play_the_gateway()
    {
        using var server = Cluster.NewServer();
        using var client = Cluster.NewServer(TestCluster.ClientPurpose);
        using var stranger = new TestCluster();
        using var foreign = stranger.NewServer();

        using var another = Cluster.NewServer(name: "api.example.org");
        using var renamed = Cluster.NewServer(name: "controller-silo.example.org");

        Assert.True(Trust.IsGateway(server, Cluster.Authority));
        Assert.False(Trust.IsGateway(another, Cluster.Authority));
        Assert.False(Trust.IsGateway(renamed, Cluster.Authority));
        Assert.False(Trust.IsGateway(client, Cluster.Authority));
        Assert.False(Trust.IsGateway(foreign, Cluster.Authority));
        Assert.False(Trust.IsGateway(null, Cluster.Authority));
    }

    private string Health() => File.ReadAllText(Path.Combine(State, "health"));
}
