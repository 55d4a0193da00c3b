using Controller.Silo.Events;
using Controller.Testing;

namespace Controller.Api.Tests.Events;

/// <summary>What happens to entities is told: each project its own, in order, without a gap.</summary>
[Collection("events")]
public sealed class EventTests(EventCloud cloud)
{
    private const string NetworkKind = "http://schemas.ogf.org/occi/infrastructure#network";

    [Fact]
    public async Task A_project_hears_of_its_own_entities_and_operators_of_all()
    {
        var (mine, theirs) = (await cloud.NewProject("hears"), await cloud.NewProject("hears-not"));
        var (reader, operates) = (await cloud.NewToken("hears", "reader"), await cloud.NewToken("hears-not", "operator"));
        using var own = new EventReader(cloud.Url, reader);
        using var stranger = new EventReader(cloud.Url, theirs);
        using var all = new EventReader(cloud.Url, operates);
        using var computes = new EventReader(cloud.Url, mine, "?kind=compute&kind=storage");
        foreach (var one in (EventReader[])[own, stranger, all, computes])
            Assert.Equal(200, await one.Open());

        var path = await cloud.NewNetwork(mine, "heard of");
        var id = path["/network/".Length..];
        await own.Until(e => e.Any(x => x.Id == id && x.Data("state") == "active"));
        Assert.Equal(200, (await cloud.Ask("POST", path, "X-OCCI-Attribute: occi.core.title=\"renamed\"", mine)).Status);
        Assert.Equal(200, (await cloud.Ask("DELETE", path, secret: mine)).Status);
        await own.Until(e => e.Any(x => x.Type == "deleted"));

        Assert.All(own.Events, e => Assert.Equal((NetworkKind, id), (e.Kind, e.Id)));
        Assert.Equal("created", own.Events[0].Type);
        Assert.Contains(own.Events, e => e.Type == "changed" && e.Data("title") == "renamed");
        Assert.Equal("deleted", own.Events[^1].Type);
        IsAChain(own.Events);
        await all.Until(e => e.Any(x => x.Id == id && x.Type == "deleted"));

        // Of the others' there is nothing, up to what comes after it.
        var marks = (await cloud.NewNetwork(theirs))["/network/".Length..];
        await stranger.Until(e => e.Any(x => x.Id == marks));
        Assert.DoesNotContain(stranger.Events, e => e.Id == id);
        using var one2 = new EventReader(cloud.Url, theirs, "?entity=" + id);
        Assert.Equal(200, await one2.Open("first"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await one2.Line(patience.Token) && one2.Last != stranger.Last && long.Parse(one2.Last!, System.Globalization.CultureInfo.InvariantCulture) < stranger.Events[^1].Position)
            ;
        Assert.Empty(one2.Events);
        Assert.Empty(computes.Events);
        // Hosts are nobody's: operators alone hear of them.
        var hosts = (await cloud.Ask("GET", "/events?after=first&kind=host", secret: operates)).Json.GetProperty("events");
        Assert.NotEqual(0, hosts.GetArrayLength());
        Assert.Equal(0, (await cloud.Ask("GET", "/events?after=first&kind=host", secret: mine)).Json.GetProperty("events").GetArrayLength());
        Assert.Equal(400, (await cloud.Ask("GET", "/events?project=hears", secret: theirs)).Status);
        Assert.Equal(200, (await cloud.Ask("GET", "/events?project=hears", secret: mine)).Status);
    }

    /// <summary>Silo and API are killed while entities come and go, and the reader comes back after each time: all that happened was heard once, in order.</summary>
    [Fact]
    public async Task Kills_lose_no_event()
    {
        var secret = await cloud.NewProject("killed");
        using var reader = new EventReader(cloud.Url, secret);
        Assert.Equal(200, await reader.Open());
        using var over = new CancellationTokenSource();
        var made = new System.Collections.Concurrent.ConcurrentBag<string>();
        var upTo = long.MaxValue;
        var reading = reader.Until(_ => Heard() >= Volatile.Read(ref upTo));
        var load = Enumerable.Range(0, 4).Select(_ => Load()).ToArray();

        // Each kill in the middle of things: some are there, and more are on their way.
        await More();
        await cloud.KillSilo();
        await More();
        await cloud.KillApi();
        await More();
        await over.CancelAsync();
        await Task.WhenAll(load);
        await Eventually.Is("all is settled", async () =>
            (await cloud.Ask("GET", "/admin/operations", secret: secret)).Body == "[]", TimeSpan.FromSeconds(60), () => cloud.Story);
        Volatile.Write(ref upTo, await Newest());
        await cloud.NewNetwork(secret);   // something more, so that it looks once more
        await reading;

        Assert.True(reader.Connections > 1, "the stream broke off and was begun again");
        // The last word on each is how it is. What a killed API had begun a silo may still do: then it is read on, and compared once more.
        for (List<string> wrong = [""]; wrong.Count > 0;)
        {
            var newest = await Newest();
            await reader.Until(_ => Heard() >= newest);
            wrong = await Wrong();
            Assert.True(wrong.Count == 0 || await Newest() > newest, string.Join('\n', wrong));
        }
        Assert.Equal(reader.Events.Select(e => e.Position).Distinct().Order(), reader.Events.Select(e => e.Position));
        foreach (var entity in reader.Events.GroupBy(e => e.Id))
            IsAChain([.. entity]);
        // And everything that is there, or was made, was heard of.
        Assert.All(made, id => Assert.Contains(reader.Events, e => e.Id == id));

        long Heard() => long.Parse(reader.Last!, System.Globalization.CultureInfo.InvariantCulture);

        async Task<long> Newest()
        {
            await Eventually.Is("everything is in the log", async () => await cloud.Number("select count(*) from event_outbox") == 0, TimeSpan.FromSeconds(60), () => cloud.Story);
            return await cloud.Number("select max(position) from event");
        }

        async Task<List<string>> Wrong()
        {
            var wrong = new List<string>();
            foreach (var last in reader.Events.GroupBy(e => e.Id).Select(entity => entity.Last()))
            {
                var so = await cloud.Number("select count(*) from entity where entity_id = $1 and listed and state is not distinct from $2", Guid.Parse(last.Id), last.Data("state") ?? "");
                if (so != (last.Type == "deleted" ? 0 : 1))
                    wrong.Add($"The last word on {last.Id} is {last.Json}, and that is not how it is.");
            }
            return wrong;
        }

        async Task More()
        {
            var enough = made.Count + 10;
            await Eventually.Is("more are made", () => Task.FromResult(made.Count > enough), TimeSpan.FromSeconds(60), () => cloud.Story);
        }

        async Task Load()
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                try
                {
                    var path = await cloud.NewNetwork(secret);
                    made.Add(path["/network/".Length..]);
                    if (i % 2 == 0)
                        await cloud.Ask("DELETE", path, secret: secret);
                }
                catch (Exception e) when (e is HttpRequestException or InvalidOperationException or IOException)
                {
                    await Task.Delay(20);   // it is away
                }
            }
        }
    }

    [Fact]
    public async Task What_is_thrown_away_or_never_was_is_410_and_says_where_to_go_on()
    {
        var secret = await cloud.NewProject("pruned");
        for (var i = 0; i < 3; i++)
            await cloud.NewNetwork(secret);
        var mine = (await cloud.Ask("GET", "/admin/projects")).Json.EnumerateArray().Single(p => p.GetProperty("name").GetString() == "pruned").GetProperty("id").GetGuid();
        await Eventually.Is("they are published", async () => await cloud.Number("select count(*) from event where project = $1 and state = 'active'", mine) == 3);
        var newest = await cloud.Number("select max(position) from event");
        // As the silo does, once they are old.
        var tomorrow = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(8);
        while (await EventPruning.Prune(cloud.Database, new(), tomorrow, CancellationToken.None) > 0)
            ;
        Assert.True(await cloud.Number("select position from event_pruned") >= newest);

        var gone = await cloud.Ask("GET", "/events?after=1", secret: secret);
        Assert.Equal(410, gone.Status);
        Assert.Contains("after=", gone.Body, StringComparison.Ordinal);
        using var reader = new EventReader(cloud.Url, secret);
        Assert.Equal(410, await reader.Open("1"));
        Assert.Equal(410, await reader.Open("999999999"));   // of a database that was set back
        Assert.Equal(400, await reader.Open("yesterday"));
        Assert.Equal(400, (await cloud.Ask("GET", "/events?entity=x", secret: secret)).Status);
        Assert.Equal(400, (await cloud.Ask("GET", "/events?limit=0", secret: secret)).Status);
        Assert.Equal(200, await reader.Open("first"));
        var id = (await cloud.NewNetwork(secret))["/network/".Length..];
        await reader.Until(e => e.Any(x => x.Id == id && x.Data("state") == "active"));
        Assert.All(reader.Events, e => Assert.Equal(id, e.Id));
    }

    [Fact]
    public async Task A_stream_ends_with_its_token()
    {
        await cloud.NewProject("revoked");
        var token = await cloud.Ask("POST", "/admin/tokens", """{"name":"short","project":"revoked","role":"reader"}""");
        using var reader = new EventReader(cloud.Url, token.Json.GetProperty("token").GetString()!);
        Assert.Equal(200, await reader.Open());
        Assert.Equal(200, (await cloud.Ask("DELETE", "/admin/tokens/" + token.Json.GetProperty("id").GetString())).Status);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await reader.Line(patience.Token))
            ;
        Assert.Equal(401, await reader.Open());
    }

    [Fact]
    public async Task Who_does_not_read_is_hung_up_on_and_goes_on_afterwards()
    {
        var secret = await cloud.NewProject("slow");
        var id = Guid.NewGuid();
        var project = (await cloud.Ask("GET", "/admin/projects")).Json.EnumerateArray().Single(p => p.GetProperty("name").GetString() == "slow").GetProperty("id").GetGuid();
        using var reader = new EventReader(cloud.Url, secret);
        Assert.Equal(200, await reader.Open());
        var from = reader.Last;
        using var sleeper = new System.Net.Sockets.TcpClient { ReceiveBufferSize = 4096 };
        await sleeper.ConnectAsync(cloud.Url.Host, cloud.Url.Port);
        await sleeper.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(
            $"GET /events HTTP/1.1\r\nHost: {cloud.Url.Authority}\r\nAuthorization: Bearer {secret}\r\nAccept: text/event-stream\r\nLast-Event-ID: {from}\r\n\r\n"));
        // More than all buffers on the way hold.
        await cloud.Number(
            """
            with made as (insert into event_outbox (type, term, kind, entity, project, state, title, version)
                select 'changed', 'network', 'http://schemas.ogf.org/occi/infrastructure#network', $1, $2, 'active', repeat('x', 4000), n from generate_series(1, 6000) n returning 1)
            select count(*) from made
            """, id, project);
        // The other one reads all of it meanwhile.
        await reader.Until(e => e.Count >= 6000);
        var read = 0;
        var buffer = new byte[65536];
        await Eventually.Is("it is hung up on", async () =>
        {
            // Whether the connection is reset is seen without taking anything from it.
            return await Task.FromResult(sleeper.Client.Poll(0, System.Net.Sockets.SelectMode.SelectError) || Broken(sleeper));
        }, TimeSpan.FromSeconds(30));
        try
        {
            for (int n; (n = await sleeper.GetStream().ReadAsync(buffer)) > 0;)
                read += n;
        }
        catch (IOException)
        {
            // reset
        }
        Assert.True(read < 20_000_000, $"it was not sent everything, but {read} bytes");
        using var again = new EventReader(cloud.Url, secret);
        Assert.Equal(200, await again.Open(from));
        await again.Until(e => e.Count >= 6000);
        Assert.Equal(Enumerable.Range(1, 6000), again.Events.Where(e => e.Id == id.ToString()).Select(e => e.Version));
    }

    /// <summary>By its ports: the addresses of one and the same connection may be written as IPv4's or as IPv6's.</summary>
    private static bool Broken(System.Net.Sockets.TcpClient client)
    {
        static int Port(System.Net.EndPoint? end) => ((System.Net.IPEndPoint)end!).Port;
        (int, int) ports;
        try
        {
            ports = (Port(client.Client.LocalEndPoint), Port(client.Client.RemoteEndPoint));
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;   // a connection that was reset has no other end any more
        }
        return System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
            .FirstOrDefault(c => (c.LocalEndPoint.Port, c.RemoteEndPoint.Port) == ports)
            is not { State: System.Net.NetworkInformation.TcpState.Established };
    }

    /// <summary>Begins with its creation, each state follows the one before, and the versions grow: nothing is missing.</summary>
    private static void IsAChain(List<Heard> events)
    {
        Assert.Equal("created", events[0].Type);
        for (var i = 1; i < events.Count; i++)
        {
            Assert.Equal(events[i - 1].Data("state"), events[i].Data("before"));
            Assert.NotEqual("created", events[i].Type);
            Assert.True(events[i].Version > events[i - 1].Version || events[i].Type == "deleted");
            Assert.Equal(events[i].Type == "state", events[i].Type != "deleted" && events[i].Data("before") != events[i].Data("state"));
        }
        Assert.DoesNotContain(events.SkipLast(1), e => e.Type == "deleted");
    }
}
