using Controller.Api.Tests.Cloud;
using Controller.Api.Tests.Events;
using Controller.Api.Tests.Hostile;

namespace Controller.Api.Tests.Faults;

/// <summary>More requests than can be worked on: few are, few wait, the rest is told so in every rendering; and nothing is left of it afterwards.</summary>
public sealed class OverloadTests : IClassFixture<ApiFixture>
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n"
        + "Category: ipnetwork; scheme=\"http://schemas.ogf.org/occi/infrastructure/network#\"; class=\"mixin\"";

    // Whatever takes longer does not come to an end.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

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
        Task<Answer>[] storm = [.. Enumerable.Range(0, 8).Select(_ => Post(api.Url))];
        await Testing.Eventually.Is("all but two are turned away", () => Task.FromResult(storm.Count(s => s.IsCompleted) == storm.Length - 2));
        Task<Answer>[] waiting = [.. storm.Where(s => !s.IsCompleted)];

        var text = await Get(api.Url, "member");
        Assert.Equal((429, "text/plain"), (text.Status, text["Content-Type"]));
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
        var pushed = await await Task.WhenAny(waiting);
        Assert.Equal(429, pushed.Status);

        await blocker.DisposeAsync();
        Assert.Equal(201, (await first).Status);
        Assert.Equal([201, 429], (await Task.WhenAll(waiting)).Select(a => a.Status).Order());
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

    [Fact]
    public async Task Streams_that_are_open_keep_nobody_from_being_worked_on()
    {
        await using var api = await _cloud.AnotherApi("--Overload:MaxConcurrent=1", "--Overload:MaxWait=00:00:00.1", "--Events:MaxStreamsPerProject=2");
        using var first = new EventReader(api.Url, _cloud.SecretOf("reader"));
        using var second = new EventReader(api.Url, _cloud.SecretOf("member"));
        using var third = new EventReader(api.Url, _cloud.SecretOf("member"));
        using var strangers = new EventReader(api.Url, _cloud.SecretOf("stranger"));
        Assert.Equal(200, await first.Open());
        Assert.Equal(200, await second.Open());
        Assert.Equal(200, (await Get(api.Url, "member")).Status);
        Assert.Equal(503, await third.Open());        // one project has no more
        Assert.Equal(200, await strangers.Open());    // another one has
        Assert.Equal(200, (await Get(api.Url, "stranger")).Status);
    }

    [Fact]
    public async Task A_body_that_comes_slowly_is_waited_for_in_its_project_s_share_and_not_for_long()
    {
        var half = $"POST /network/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_cloud.SecretOf("member")}\r\nContent-Type: text/plain\r\nContent-Length: 8000000\r\n\r\nCategory: ";
        // The server's own judgement of what is slow comes much later than ours.
        const string Grace = "--Api:SlowBodyGrace=00:10:00";
        await using var api = await _cloud.AnotherApi("--Overload:MaxConcurrent=2", "--Overload:MaxWait=00:00:00.1", "--Overload:BodyTimeout=00:10:00", Grace);
        await using (var first = await RawConnection.Open(api.Url))
        await using (var second = await RawConnection.Open(api.Url))
        {
            await first.Send(half);
            await second.Send(half);
            await Testing.Eventually.Is("the member's share is used up", async () => (await Get(api.Url, "member")).Status == 503);
            Assert.Equal(200, (await Get(api.Url, "stranger")).Status);
        }

        await using var strict = await _cloud.AnotherApi("--Overload:BodyTimeout=00:00:01", Grace);
        await using var slow = await RawConnection.Open(strict.Url);
        await slow.Send(half);
        Assert.True(await slow.ReadToEnd(_ => false, Patience) is [{ Status: 400, Body: "The body was not there within 1 s." }], RawRequest.Escape(slow.Received));
    }

    [Fact]
    public async Task A_project_has_two_exports_at_a_time()
    {
        await using var api = await _cloud.AnotherApi();
        await using var blocker = await _cloud.Block("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE");
        Task<Answer> Export(string caller) => _cloud.SendTo(api.Url, "GET", "/admin/audit/export", caller: caller);
        List<Task<Answer>> exports = [Export("reader"), Export("member"), Export("reader")];
        var refused = await Task.WhenAny(exports).WaitAsync(Patience);
        Assert.Equal(503, (await refused).Status);
        Assert.NotNull((await refused)["Retry-After"]);
        exports.Remove(refused);
        exports.Add(Export("stranger"));
        await blocker.DisposeAsync();
        Assert.All(await Task.WhenAll(exports), a => Assert.Equal(200, a.Status));
        Assert.Equal(200, (await Export("reader")).Status);
    }

    [Fact]
    public async Task A_serial_log_is_read_in_its_turn_and_waited_for_outside()
    {
        await using var api = await _cloud.AnotherApi("--Overload:MaxConcurrent=1", "--Overload:MaxWait=00:00:05");
        var path = (await _cloud.Send("POST", "/compute/", "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"")).Path;
        await _cloud.Becomes(path, "occi.compute.state", "active");
        var console = "/console/" + path["/compute/".Length..];
        Answer log = null!;
        await Testing.Eventually.Is("the guest is ready", async () => (log = await _cloud.Send("GET", console + "?wait=1")).Body.Contains("DEMO: ready", StringComparison.Ordinal));
        await using var follow = await RawConnection.Open(api.Url);
        await follow.Send($"GET {console}?wait=60&offset={log.Body.Length} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_cloud.SecretOf("member")}\r\n\r\n");
        // What looks for what is there already has a place, and soon leaves it.
        for (var i = 0; i < 5; i++)
            Assert.Equal(200, (await Get(api.Url, "stranger")).Status);

        await using var blocker = await _cloud.Block("LOCK TABLE subnet_claim IN ACCESS EXCLUSIVE MODE");
        var first = Post(api.Url);
        await _cloud.IsWaitedFor("subnet_claim");
        Assert.Equal(503, (await _cloud.SendTo(api.Url, "GET", console + "?wait=0", caller: "reader")).Status);
        await blocker.DisposeAsync();
        Assert.Equal(201, (await first).Status);
        Assert.Equal(200, (await _cloud.SendTo(api.Url, "GET", console + "?wait=0", caller: "reader")).Status);
    }

    [Fact]
    public async Task Tokens_that_nobody_has_are_asked_for_few_at_a_time()
    {
        await using var api = await _cloud.AnotherApi();
        await using var blocker = await _cloud.Block("LOCK TABLE entity IN ACCESS EXCLUSIVE MODE");
        Task<Answer>[] guesses = [.. Enumerable.Range(0, 8).Select(i => Get(api.Url, $"guess-{i}"))];
        await Testing.Eventually.Is("four are asked for, and the others told to come again", () => Task.FromResult(guesses.Count(g => g.IsCompleted) == guesses.Length - 4));
        foreach (var told in guesses.Where(g => g.IsCompleted))
            Assert.Equal((503, true), ((await told).Status, (await told)["Retry-After"] is not null));
        await blocker.DisposeAsync();
        Assert.Equal(4, (await Task.WhenAll(guesses)).Count(a => a.Status == 401));
        Assert.Equal(200, (await Get(api.Url, "member")).Status);
    }

    private Task<Answer> Get(Uri url, string caller, string accept = "text/plain") => _cloud.SendTo(url, "GET", "/network/", caller: caller, accept: accept);

    private Task<Answer> Post(Uri url) => _cloud.SendTo(url, "POST", "/network/", Network);

    private Task<long> AuditEntries() => _cloud.Count("SELECT count(*) FROM audit WHERE path = '/network/' AND $1 IS NOT NULL", Guid.Empty);
}
