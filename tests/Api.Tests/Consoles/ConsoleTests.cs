using System.Buffers.Binary;
using Controller.Api.Consoles;
using Controller.Testing;

namespace Controller.Api.Tests.Consoles;

/// <summary>Consoles over a WebSocket, through API, silo and agent.</summary>
[Collection("cloud")]
public sealed class ConsoleTests(ApiFixture api)
{
    private const string Json = "application/json";
    private const string ComputeCategory = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    [Fact]
    public async Task A_shell_answers_until_somebody_else_has_it_or_the_machine_stops()
    {
        var id = await Machine();
        using var first = await Open(id, "serial");
        await first.Type("echo $((6*7))\r");
        Assert.Contains("42", await first.Read(text => text.Contains("42", StringComparison.Ordinal)), StringComparison.Ordinal);

        using var second = await Open(id, "serial");
        var (code, reason) = await first.Closed();
        Assert.Equal(4002, code);
        Assert.StartsWith("taken: ", reason, StringComparison.Ordinal);

        await second.Type("hostname\rpoweroff\r");
        Assert.Equal(4001, (await second.Closed()).Code);
        await api.Becomes($"/compute/{id}", "occi.compute.state", "inactive");
        using var late = await Open(id, "serial");
        Assert.Equal(4003, (await late.Closed()).Code);
    }

    [Fact]
    public async Task A_ticket_opens_one_console_once_through_any_API()
    {
        var id = await Machine();
        await using var other = await api.AnotherApi();
        var path = await Ticket(id, "vnc");
        var (viewer, status) = await Viewer.Open(other.Url, path);
        using (viewer)
            Assert.Equal((101, "RFB 003.008\n"), (status, await viewer!.Read(text => text.Length >= 12)));
        Assert.Equal(401, (await Viewer.Open(api.Url, path)).Status);
        Assert.Equal(401, (await Viewer.Open(other.Url, path)).Status);

        // Two at once: one gets in.
        path = await Ticket(id, "vnc");
        var both = await Task.WhenAll(Viewer.Open(api.Url, path), Viewer.Open(other.Url, path));
        Assert.Equal([101, 401], both.Select(b => b.Status).Order());
        foreach (var (opened, _) in both)
            opened?.Dispose();

        Assert.Equal(401, (await Viewer.Open(api.Url, $"/console/{id}/vnc?ticket=none")).Status);
        Assert.Equal(401, (await Viewer.Open(api.Url, $"/console/{id}/vnc")).Status);
        // Of another console, or another machine; and it is used up then.
        foreach (var at in new[] { $"/console/{id}/serial", $"/console/{Guid.NewGuid()}/vnc" })
        {
            path = await Ticket(id, "vnc");
            Assert.Equal(404, (await Viewer.Open(api.Url, at + path[path.IndexOf('?', StringComparison.Ordinal)..])).Status);
            Assert.Equal(401, (await Viewer.Open(api.Url, path)).Status);
        }
        // A request that is no WebSocket does not use it up.
        path = await Ticket(id, "vnc");
        Assert.Equal(400, (await api.Send("GET", path, caller: null)).Status);
        var (last, opens) = await Viewer.Open(api.Url, path);
        using (last)
            Assert.Equal(101, opens);
    }

    [Fact]
    public async Task A_ticket_is_for_members_and_its_time_ends()
    {
        var id = await Machine();
        async Task<int> Status(string caller, string body = """{"type":"serial"}""") =>
            (await api.Send("POST", $"/console/{id}/tickets", body, caller, contentType: Json)).Status;
        Assert.Equal((403, 404, 401), (await Status("reader"), await Status("stranger"), await Status("expired")));
        Assert.Equal((400, 400), (await Status("member", """{"type":"tty"}"""), await Status("member", "{}")));
        Assert.Equal(201, await Status("admin"));
        Assert.Equal(404, (await api.Send("POST", $"/console/{Guid.NewGuid()}/tickets", """{"type":"vnc"}""", contentType: Json)).Status);

        var made = (await api.Send("POST", $"/console/{id}/tickets", """{"type":"vnc"}""", contentType: Json)).Json;
        var left = made.GetProperty("expires").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
        Assert.InRange(left.TotalSeconds, 1, 30);
        // Its secret is nowhere but in the answer; and when its time is over it opens nothing.
        Assert.True(await api.Count("with late as (update console_ticket set expires = now() where compute = $1 returning 1) select count(*) from late", Guid.Parse(id)) > 0);
        Assert.Equal(0, await api.Count($"select count(*) from console_ticket t where compute = $1 and t::text like '%{made.GetProperty("ticket").GetString()}%'", Guid.Parse(id)));
        Assert.Equal(401, (await Viewer.Open(api.Url, made.GetProperty("path").GetString()!)).Status);
    }

    [Fact]
    public async Task A_viewer_that_does_not_read_fills_no_memory_and_loses_nothing()
    {
        const int Pictures = 40, PictureBytes = 320 * 200 * 4;
        var id = await Machine();
        using var viewer = await Open(id, "vnc");
        await viewer.Read(text => text.Length >= 12);
        await viewer.Type("RFB 003.008\n\u0001\u0001");
        await viewer.Read(text => text.Length >= 2 + 4 + 24);
        var request = new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(6), 320);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(8), 200);
        for (var i = 0; i < Pictures; i++)
            await viewer.Send(request);

        // 10 MB are on their way, and nobody reads. The kernel takes little of it; the rest waits in the machine.
        var (most, before, since) = (0L, -1L, 0);
        await Eventually.Is("nothing moves any more", () =>
        {
            var now = ConsoleViewer.Buffered;
            (most, since, before) = (Math.Max(most, now), now == before && now > 0 ? since + 1 : 0, now);
            return Task.FromResult(since >= 5);
        }, found: () => $"{before} bytes wait, {most} were the most");
        Assert.InRange(most, 1, ConsoleViewer.Window);
        Assert.True(await viewer.Count(Pictures * (PictureBytes + 16L)) >= Pictures * (PictureBytes + 16L));
    }

    private async Task<string> Machine()
    {
        var path = (await api.Send("POST", "/compute/", ComputeCategory)).Path;
        await api.Becomes(path, "occi.compute.state", "active");
        return path["/compute/".Length..];
    }

    private async Task<string> Ticket(string id, string type) =>
        (await api.Send("POST", $"/console/{id}/tickets", $$"""{"type":"{{type}}"}""", contentType: Json)).Json.GetProperty("path").GetString()!;

    private async Task<Viewer> Open(string id, string type)
    {
        var (viewer, status) = await Viewer.Open(api.Url, await Ticket(id, type));
        return viewer ?? throw new InvalidOperationException($"The console was refused with {status}.");
    }
}
