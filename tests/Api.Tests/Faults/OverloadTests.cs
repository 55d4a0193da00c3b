using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests.Faults;

/// <summary>More requests than can be worked on: few are, few wait, the rest is told so in every rendering; and nothing is left of it afterwards.</summary>
public sealed class OverloadTests : IClassFixture<ApiFixture>
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n"
        + "Category: ipnetwork; scheme=\"http://schemas.ogf.org/occi/infrastructure/network#\"; class=\"mixin\"";

    private readonly ApiFixture _cloud;

    public OverloadTests(ApiFixture cloud) => _cloud = cloud;

    [Fact]
    public async Task What_is_turned_away_is_well_formed_and_begun_by_nobody()
    {
        await using var api = await _cloud.AnotherApi("--Overload:MaxConcurrent=1", "--Overload:MaxQueued=2", "--Overload:OperatorsConcurrent=1", "--Overload:MaxWait=00:01:00");
        foreach (var caller in (string[])["member", "reader", "stranger", "operator"])
            Assert.Equal(200, (await Get(api.Url, caller)).Status);   // its token is known
        var before = (await _cloud.Send("GET", "/network/", accept: "text/uri-list")).Lines.Length;
        var logged = await AuditEntries();

        // Whoever makes a network waits for this.
        await using var blocker = await _cloud.Block("LOCK TABLE subnet_claim IN ACCESS EXCLUSIVE MODE");
        var first = Post(api.Url);
        await _cloud.IsWaitedFor("subnet_claim");
        Task<Answer>[] waiting = [Post(api.Url), Post(api.Url)];
        Answer? text = null;
        await Testing.Eventually.Is("the queue is full", async () => (text = await Get(api.Url, "member")).Status == 429);

        Assert.Equal("text/plain", text!["Content-Type"]);
        Assert.Contains("Nothing of this one was begun", text.Body, StringComparison.Ordinal);
        var json = await Get(api.Url, "member", "application/occi+json");
        Assert.Equal((429, "too-many-requests", 429), (json.Status, json.Json.GetProperty("type").GetString(), json.Json.GetProperty("code").GetInt32()));
        var header = await Get(api.Url, "member", "text/occi");
        Assert.Equal(429, header.Status);
        Assert.NotEmpty(header["X-OCCI-Error"]!);
        var post = await Post(api.Url);
        Assert.All((Answer[])[text, json, header, post], a => Assert.InRange(int.Parse(a["Retry-After"]!, System.Globalization.CultureInfo.InvariantCulture), 1, 3));
        Assert.Equal(429, post.Status);

        // Health is not asked to wait, nor is an operator; and another project pushes the newest of the storm out.
        Assert.Equal(200, (await _cloud.SendTo(api.Url, "GET", "/health/live", caller: null)).Status);
        Assert.Equal(200, (await _cloud.SendTo(api.Url, "GET", "/health/ready", caller: null)).Status);
        Assert.Equal(200, (await Get(api.Url, "operator")).Status);
        var stranger = Get(api.Url, "stranger");
        Assert.Equal(429, (await waiting[1]).Status);

        await blocker.DisposeAsync();
        Assert.Equal((201, 201), ((await first).Status, (await waiting[0]).Status));
        Assert.Equal(200, (await stranger).Status);
        Assert.Equal(200, (await Get(api.Url, "member")).Status);
        Assert.Equal(before + 2, (await _cloud.Send("GET", "/network/", accept: "text/uri-list")).Lines.Length);
        Assert.Equal(logged + 2, await AuditEntries());
    }

    [Fact]
    public async Task Nobody_waits_longer_than_is_sensible()
    {
        await using var api = await _cloud.AnotherApi("--Overload:MaxConcurrent=1", "--Overload:MaxWait=00:00:00.1");
        Assert.Equal(200, (await Get(api.Url, "member")).Status);
        await using var blocker = await _cloud.Block("LOCK TABLE subnet_claim IN ACCESS EXCLUSIVE MODE");
        var first = Post(api.Url);
        await _cloud.IsWaitedFor("subnet_claim");
        var late = await Get(api.Url, "member", "application/occi+json");
        Assert.Equal((503, "overloaded"), (late.Status, late.Json.GetProperty("type").GetString()));
        Assert.NotNull(late["Retry-After"]);
        await blocker.DisposeAsync();
        Assert.Equal(201, (await first).Status);
        Assert.Equal(200, (await Get(api.Url, "member")).Status);
    }

    private Task<Answer> Get(Uri url, string caller, string accept = "text/plain") => _cloud.SendTo(url, "GET", "/network/", caller: caller, accept: accept);

    private Task<Answer> Post(Uri url) => _cloud.SendTo(url, "POST", "/network/", Network);

    private Task<long> AuditEntries() => _cloud.Count("SELECT count(*) FROM audit WHERE path = '/network/' AND $1 IS NOT NULL", Guid.Empty);
}
