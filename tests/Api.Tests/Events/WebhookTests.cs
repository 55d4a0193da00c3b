using System.Net;
using System.Text.Json;
using Controller.Silo.Outward;
using Controller.Testing;

namespace Controller.Api.Tests.Events;

/// <summary>Webhooks: signed, in order, at least once, given up in the end; and not a way into inner networks.</summary>
[Collection("events")]
public sealed class WebhookTests(EventCloud cloud)
{
    [Fact]
    public async Task Events_are_delivered_in_order_signed_and_again_until_they_are_taken()
    {
        var secret = await cloud.NewProject("hooked");
        var stranger = await cloud.NewProject("not-hooked");
        var refusals = 0;
        await using var receiver = await Receiver.Start(t => t.Event.Type == "changed" && Interlocked.Increment(ref refusals) <= 2 ? 503 : 204);
        var (hook, key) = await Register(secret, receiver.Url, ",\"kinds\":[\"network\"]");

        await cloud.NewNetwork(stranger);
        var path = await cloud.NewNetwork(secret, "first");
        var id = path["/network/".Length..];
        await Eventually.Is("it is active", async () => (await cloud.Ask("GET", path, secret: secret)).Body.Contains("\"active\"", StringComparison.Ordinal));
        Assert.Equal(200, (await cloud.Ask("POST", path, "X-OCCI-Attribute: occi.core.title=\"second\"", secret)).Status);
        Assert.Equal(200, (await cloud.Ask("DELETE", path, secret: secret)).Status);
        await Eventually.Is("the end is told", () => Task.FromResult(receiver.All.Any(t => t.Event.Type == "deleted")));

        Assert.All(receiver.All, t => Assert.True(t.IsSignedWith(key)));
        Assert.All(receiver.All, t => Assert.Equal(id, t.Event.Id));   // nobody else's
        Assert.All(receiver.All, t => Assert.Equal(t.Id, t.Event.Json.GetProperty("id").GetString()));
        Assert.All(receiver.All, t => Assert.Contains("application/cloudevents+json", t.Headers, StringComparison.Ordinal));
        Assert.DoesNotContain(receiver.All, t => t.Headers.Contains("traceparent", StringComparison.OrdinalIgnoreCase));
        // In order; what was refused came again, with the same id, before anything later.
        Assert.Equal(receiver.All.Select(t => t.Event.Position).Order(), receiver.All.Select(t => t.Event.Position));
        Assert.Equal(3, receiver.All.Count(t => t.Event.Type == "changed"));
        Assert.Single(receiver.All.Where(t => t.Event.Type == "changed").Select(t => t.Id).Distinct());
        Assert.Equal("active", (await Shown(secret, hook)).GetProperty("state").GetString());

        // Another secret: what comes is signed with both, and the old one alone is no more known to anybody.
        var rotated = (await cloud.Ask("POST", $"/admin/webhooks/{hook}/rotate", "", secret)).Json.GetProperty("secret").GetString()!;
        Assert.NotEqual(key, rotated);
        var before = receiver.All.Count;
        await cloud.NewNetwork(secret);
        await Eventually.Is("more is told", () => Task.FromResult(receiver.All.Count > before));
        Assert.True(receiver.All.Last().IsSignedWith(key) && receiver.All.Last().IsSignedWith(rotated));

        // It is nobody else's, and in no list with its secret.
        Assert.Equal("[]", (await cloud.Ask("GET", "/admin/webhooks", secret: stranger)).Body);
        Assert.Equal(404, (await cloud.Ask("DELETE", $"/admin/webhooks/{hook}", secret: stranger)).Status);
        Assert.Equal(404, (await cloud.Ask("POST", $"/admin/webhooks/{hook}/rotate", "", stranger)).Status);
        Assert.DoesNotContain("whsec_", (await cloud.Ask("GET", "/admin/webhooks", secret: secret)).Body, StringComparison.Ordinal);
        Assert.Equal(403, (await cloud.Ask("POST", "/admin/webhooks", $$"""{"url":"{{receiver.Url}}","allProjects":true}""", secret)).Status);
        Assert.Equal(200, (await cloud.Ask("DELETE", $"/admin/webhooks/{hook}", secret: secret)).Status);
    }

    [Fact]
    public async Task One_that_takes_nothing_is_given_up_says_why_and_goes_on_where_it_was()
    {
        var secret = await cloud.NewProject("given-up");
        var well = false;
        await using var receiver = await Receiver.Start(_ => well ? 200 : 500);
        var (hook, _) = await Register(secret, receiver.Url);
        var first = (await cloud.NewNetwork(secret))["/network/".Length..];
        await Eventually.Is("it is given up", async () => (await Shown(secret, hook)).GetProperty("state").GetString() == "dead");

        var shown = await Shown(secret, hook);
        Assert.Equal((4, "It answered 500."), (shown.GetProperty("attempts").GetInt32(), shown.GetProperty("lastError").GetString()));
        Assert.Equal(4, receiver.All.Count);
        Assert.Single(receiver.All.Select(t => t.Id).Distinct());
        var second = (await cloud.NewNetwork(secret))["/network/".Length..];

        well = true;
        Assert.Equal(200, (await cloud.Ask("POST", $"/admin/webhooks/{hook}/resume", "", secret)).Status);
        await Eventually.Is("what was missed is told", () => Task.FromResult(receiver.All.Any(t => t.Event.Id == second)));
        Assert.Equal(first, receiver.All.ElementAt(4).Event.Id);
        Assert.Equal("created", receiver.All.ElementAt(4).Event.Type);
        Assert.Equal("active", (await Shown(secret, hook)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_poisonous_event_can_be_left_out()
    {
        var secret = await cloud.NewProject("poison");
        var poison = "";
        await using var receiver = await Receiver.Start(t => t.Id == poison || (poison.Length == 0 && (poison = t.Id).Length > 0) ? 400 : 200);
        var (hook, _) = await Register(secret, receiver.Url);
        await cloud.NewNetwork(secret);
        await Eventually.Is("it is given up", async () => (await Shown(secret, hook)).GetProperty("state").GetString() == "dead");
        Assert.Equal(200, (await cloud.Ask("POST", $"/admin/webhooks/{hook}/resume?skip=true", "", secret)).Status);
        await Eventually.Is("the next is told", () => Task.FromResult(receiver.All.Any(t => t.Id != poison)));
        Assert.DoesNotContain(receiver.All.SkipWhile(t => t.Id == poison), t => t.Id == poison);
    }

    [Fact]
    public async Task A_killed_silo_loses_no_delivery()
    {
        var secret = await cloud.NewProject("hook-killed");
        var killed = new TaskCompletionSource();
        await using var receiver = await Receiver.Start();
        await Register(secret, receiver.Url);
        var made = new List<string>();
        for (var i = 0; i < 6; i++)
            made.Add((await cloud.NewNetwork(secret))["/network/".Length..]);
        await Eventually.Is("some are told", () => Task.FromResult(!receiver.All.IsEmpty));
        await cloud.KillSilo();
        await Eventually.Is("more can be made", async () =>
        {
            try
            {
                made.Add((await cloud.NewNetwork(secret))["/network/".Length..]);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(60), () => cloud.Story);
        // The turn of the dead runs out: here nobody waits a minute and a half for it.
        await cloud.Number("with due as (update webhook set holder = null where holder is not null returning 1) select count(*) from due");
        await Eventually.Is("all are told", () => Task.FromResult(made.All(id => receiver.All.Any(t => t.Event.Id == id && t.Event.Type == "state"))), TimeSpan.FromSeconds(60), () => cloud.Story);
        // Some perhaps twice, and in order all the same.
        var firsts = receiver.All.Select(t => t.Event.Position).Distinct().ToList();
        Assert.Equal(firsts.Order(), firsts);
    }

    /// <summary>The cloud allows 127.0.0.1 and nothing else that is not public.</summary>
    [Theory]
    [InlineData("http://127.0.0.2/", true)]
    [InlineData("https://10.0.0.1/hook", true)]
    [InlineData("https://169.254.169.254/latest/meta-data/", true)]
    [InlineData("https://192.168.1.1:8443/", true)]
    [InlineData("https://[::1]/", true)]
    [InlineData("https://[::ffff:10.0.0.1]/", true)]
    [InlineData("https://[fd00::1]/", true)]
    [InlineData("https://[64:ff9b::a00:1]/", true)]
    [InlineData("https://2130706434/", true)]           // 127.0.0.2 as one number
    [InlineData("https://0x7f.0.0.2/", true)]
    [InlineData("https://0.0.0.0/", true)]
    [InlineData("ftp://example.org/", true)]
    [InlineData("file:///etc/passwd", true)]
    [InlineData("gopher://example.org/", true)]
    [InlineData("https://user:password@example.org/", true)]
    [InlineData("/hook", true)]
    [InlineData("https://example.org/hook", false)]
    public async Task Urls_that_lead_inside_are_refused(string url, bool refused)
    {
        var secret = await cloud.NewProject("inside");
        var answer = await cloud.Ask("POST", "/admin/webhooks", JsonSerializer.Serialize(new { url }), secret);
        Assert.Equal(refused ? 400 : 201, answer.Status);
        if (!refused)
            Assert.Equal(200, (await cloud.Ask("DELETE", "/admin/webhooks/" + answer.Json.GetProperty("id").GetString(), secret: secret)).Status);
    }

    [Fact]
    public async Task Names_and_redirects_that_lead_inside_are_not_followed()
    {
        var secret = await cloud.NewProject("rebound");
        await using var redirecting = await Receiver.Start(_ => 307);
        var (sent, _) = await Register(secret, redirecting.Url);
        await using var bystander = await Receiver.Start();
        var (well, _) = await Register(secret, bystander.Url);
        await Register(secret, bystander.Url, ",\"kinds\":[\"storage\"]");
        Assert.Equal(409, (await cloud.Ask("POST", "/admin/webhooks", $$"""{"url":"{{bystander.Url}}"}""", secret)).Status);   // three are the most
        await cloud.NewNetwork(secret);

        await Eventually.Is("it is given up", async () => (await Shown(secret, sent)).GetProperty("state").GetString() == "dead");
        Assert.Contains("redirects are not followed", (await Shown(secret, sent)).GetProperty("lastError").GetString(), StringComparison.Ordinal);
        await Eventually.Is("who is well is told", () => Task.FromResult(!bystander.All.IsEmpty));
        // A name is judged by what it resolves to when it is connected to.
        using var client = new Controller.Silo.Events.WebhookTargets(new() { AllowHttp = true }).Client();
        var before = bystander.All.Count;
        var named = new UriBuilder(bystander.Url) { Host = "localhost" }.Uri;
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => client.PostAsync(named, null));
        Assert.Contains("localhost leads to no public address", refused.InnerException!.Message, StringComparison.Ordinal);
        Assert.Equal(before, bystander.All.Count);
        foreach (var hook in new[] { sent, well })
            Assert.Equal(200, (await cloud.Ask("DELETE", $"/admin/webhooks/{hook}", secret: secret)).Status);
    }

    /// <summary>Four projects whose webhooks answer late and have more to be told than will ever be: who comes after them has its turn all the same.</summary>
    [Fact]
    public async Task Who_answers_late_keeps_nobody_else_waiting()
    {
        using var over = new CancellationTokenSource();
        await using var late = await Receiver.Start(answerAfter: () => Task.Delay(TimeSpan.FromSeconds(1), over.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        var slow = Enumerable.Range(0, 4).Select(_ => Guid.NewGuid()).ToArray();
        // Sixteen, as many as a silo tells at once: four of each project. They have been waiting for long.
        await cloud.Number(
            """
            with made as (insert into webhook (id, project, everything, url, kinds, secret, created, created_by, position)
                select gen_random_uuid(), p, false, $2, '{}', 'whsec_' || encode(sha256('x'), 'base64'), now(), 'test', 0 from unnest($1::uuid[]) p, generate_series(1, 4) returning 1),
            told as (insert into event_outbox (type, term, kind, entity, project, state, title, version)
                select 'changed', 'network', 'http://schemas.ogf.org/occi/infrastructure#network', gen_random_uuid(), p, 'active', 'x', n from unnest($1::uuid[]) p, generate_series(1, 300) n returning 1)
            select (select count(*) from made) + (select count(*) from told)
            """, slow, late.Url);
        await Eventually.Is("all sixteen are told", () => Task.FromResult(late.All.Count >= 16), found: () => $"{late.All.Count} deliveries");
        var secret = await cloud.NewProject("in-time");
        await using var receiver = await Receiver.Start();
        await Register(secret, receiver.Url);
        await cloud.NewNetwork(secret);
        await Eventually.Is("it is told", () => Task.FromResult(!receiver.All.IsEmpty), TimeSpan.FromSeconds(60), () => cloud.Story);
        Assert.NotEqual(0, await cloud.Number("select count(*) from webhook where project = any($1) and state = 'active' and position < (select max(position) from event)", slow));
        await cloud.Number("with gone as (delete from webhook where project = any($1) returning 1) select count(*) from gone", slow);
        await over.CancelAsync();
    }

    [Fact]
    public async Task An_operators_of_all_projects_is_nothing_of_members_and_a_urls_query_nothing_of_readers()
    {
        var member = await cloud.NewProject("steered");
        var (operates, reads) = (await cloud.NewToken("steered", "operator"), await cloud.NewToken("steered", "reader"));
        await using var receiver = await Receiver.Start();
        var (all, _) = await Register(operates, receiver.Url, ",\"kinds\":[\"storage\"],\"allProjects\":true");
        var (own, _) = await Register(member, receiver.Url + "?key=hush", ",\"kinds\":[\"storage\"]");

        foreach (var (method, path) in new[] { ("POST", $"{all}/rotate"), ("POST", $"{all}/resume?skip=true"), ("DELETE", all) })
            Assert.Equal(404, (await cloud.Ask(method, "/admin/webhooks/" + path, method == "POST" ? "" : null, member)).Status);
        Assert.Equal(own, Assert.Single((await cloud.Ask("GET", "/admin/webhooks", secret: member)).Json.EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal(receiver.Url + "?key=hush", (await Shown(member, own)).GetProperty("url").GetString());
        Assert.Equal(receiver.Url, (await Shown(reads, own)).GetProperty("url").GetString());

        Assert.True((await Shown(operates, all)).GetProperty("allProjects").GetBoolean());
        Assert.Equal(200, (await cloud.Ask("POST", $"/admin/webhooks/{all}/resume", "", operates)).Status);
        Assert.Equal(200, (await cloud.Ask("POST", $"/admin/webhooks/{all}/rotate", "", operates)).Status);
        foreach (var hook in new[] { all, own })
            Assert.Equal(200, (await cloud.Ask("DELETE", $"/admin/webhooks/{hook}", secret: operates)).Status);
    }

    /// <summary>Who registers names until one is refused otherwise has a list of what there is inside.</summary>
    [Fact]
    public async Task A_name_that_leads_inside_is_refused_in_the_words_of_one_that_is_not_there()
    {
        using var client = new Controller.Silo.Events.WebhookTargets(new() { AllowHttp = true }).Client();
        Assert.Equal(await Refusal("localhost"), (await Refusal("nobody.invalid")).Replace("nobody.invalid", "localhost", StringComparison.Ordinal));

        async Task<string> Refusal(string host) => (await Assert.ThrowsAsync<HttpRequestException>(() => client.PostAsync(new Uri($"http://{host}:1/"), null))).InnerException!.Message;
    }

    [Fact]
    public void This_machines_own_public_addresses_are_refused()
    {
        var (own, other) = (IPAddress.Parse("203.0.113.7"), IPAddress.Parse("203.0.113.8"));
        Assert.False(PublicAddresses.Contain(own, [own]));
        Assert.False(PublicAddresses.Contain(own.MapToIPv6(), [own]));
        Assert.True(PublicAddresses.Contain(other, [own]));
        Assert.Contains(IPAddress.Loopback, PublicAddresses.OfThisMachine());
    }

    private async Task<(string Id, string Secret)> Register(string secret, string url, string more = "")
    {
        var made = await cloud.Ask("POST", "/admin/webhooks", $$"""{"url":"{{url}}"{{more}} }""", secret);
        Assert.True(made.Status == 201, made.Body);
        return (made.Json.GetProperty("id").GetString()!, made.Json.GetProperty("secret").GetString()!);
    }

    private async Task<JsonElement> Shown(string secret, string hook) =>
        (await cloud.Ask("GET", "/admin/webhooks", secret: secret)).Json.EnumerateArray().Single(h => h.GetProperty("id").GetString() == hook);
}
