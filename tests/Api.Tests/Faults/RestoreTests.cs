using System.Text.Json;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests.Faults;

/// <summary>
/// A cloud whose database is set back to an earlier state, by the commands that do it, while its host goes on: what the host has counts, nothing on it is lost, and everything can be
/// steered afterwards.
/// </summary>
public sealed class RestoreTests : IAsyncLifetime
{
    private const string Json = "application/json";
    private const string Occi = "application/occi+json";
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Actions = "http://schemas.ogf.org/occi/infrastructure/compute/action#";

    private Place _place = null!;   // set by InitializeAsync, as the others
    private readonly int _gateway = Free.Ports(1)[0];   // the same for all of its silos: the agent finds them again
    private RunningSilo _silo = null!;
    private RunningApi _api = null!;
    private RunningAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _place = await Place.Make();
        await StartControlPlane();
        _agent = await RunningAgent.Start(_place, "host-1", await JoinToken());
        await Eventually.Is("the host is up", async () => (await Host()).GetProperty("status").GetString() == "up");
        Assert.Equal(200, (await Admin("PUT", "/admin/images/tiny?title=Tiny&format=raw", "bytes", "application/octet-stream")).Status);
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        await StopControlPlane();
        await _place.DisposeAsync();
    }

    [Fact]
    public async Task What_the_host_has_counts_and_nothing_of_it_is_lost()
    {
        var network = (await Create("/network/", "network", "net", ",\"mixins\":[\"http://schemas.ogf.org/occi/infrastructure/network#ipnetwork\"]")).Path;
        var kept = await Compute("kept");
        var deletedLater = await Compute("deleted later");
        var stoppedLater = await Compute("stopped later");
        var startedLater = await Compute("started later");
        await Act(startedLater, "stop", "inactive");
        var gone = (await Create("/storage/", "storage", "gone later", size: true)).Path;
        await Becomes(gone, "occi.storage.state", "online");
        var (secret, token) = await Token();
        await JoinToken();
        Assert.Equal(2, await Rows("SELECT count(*) FROM entity WHERE state_name = 'join'"));

        var (dropped, rotated) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var hook in (Guid[])[dropped, rotated])
            await Rows($"INSERT INTO webhook (id, project, everything, url, kinds, secret, created, created_by, position, state) VALUES ('{hook}', '{WellKnownProject}', false, 'http://127.0.0.1:9/', '{{}}', 'old', now(), 'test', 0, 'dead') RETURNING 1::bigint");

        var backup = _place.In("cloud.backup");
        Assert.Contains("bytes, the database", await Cli("backup", backup), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(backup));

        // What the backup does not know of.
        await Rows($"DELETE FROM webhook WHERE id = '{dropped}' RETURNING 1::bigint");
        await Rows($"UPDATE webhook SET secret = 'new' WHERE id = '{rotated}' RETURNING 1::bigint");
        Assert.Equal(200, (await Admin("DELETE", $"/admin/tokens/{token}")).Status);
        await Act(kept, "stop", "inactive");
        await Act(kept, "start", "active");
        await Act(kept, "stop", "inactive");
        await Act(kept, "start", "active");
        await Act(stoppedLater, "stop", "inactive");
        await Act(startedLater, "start", "active");
        foreach (var path in (string[])[deletedLater, gone])
        {
            await Delete(path);
            await Eventually.Is($"{path} is gone", async () => !await Has(path));
        }
        var volume = (await Create("/storage/", "storage", "new disk", size: true)).Path;
        await Becomes(volume, "occi.storage.state", "online");
        var fresh = await Compute("new since", network, volume);
        var (mac, address) = await Nic(fresh);
        var consoles = new Dictionary<string, string>();
        foreach (var running in (string[])[kept, startedLater, fresh])
            consoles[running] = await Console(running);

        await Eventually.Is("its events are there", async () => await Rows("SELECT count(*) FROM event_outbox") == 0);
        var newest = await Rows("SELECT max(position) FROM event");
        var said = await Restore(backup);
        Assert.Contains("restored: the database", said, StringComparison.Ordinal);
        Assert.Contains($"webhook {dropped} was deleted after the backup", said, StringComparison.Ordinal);
        Assert.Contains("kept: ", said, StringComparison.Ordinal);

        // What is there counts; what is missing is said, and nobody has made it anew.
        await Becomes(stoppedLater, "occi.compute.state", "inactive");
        await Becomes(startedLater, "occi.compute.state", "active");
        await Becomes(kept, "occi.compute.state", "active");
        await Becomes(deletedLater, "occi.compute.state", "error");
        await Becomes(gone, "occi.storage.state", "error");
        Assert.Contains("is not on host host-1 any more", (await Get(deletedLater)).Body, StringComparison.Ordinal);
        Assert.Contains("is not on host host-1 any more", (await Get(gone)).Body, StringComparison.Ordinal);
        Assert.Equal(404, (await Get(fresh)).Status);
        JsonElement unmanaged = default;
        await Eventually.Is("the new machine is listed", async () => (unmanaged = (await Host()).GetProperty("unmanaged")).GetArrayLength() == 1);
        Assert.Equal(IdOf(fresh), unmanaged[0].GetProperty("uuid").GetString());
        Assert.False(await Has(deletedLater), "a machine was made anew");
        Assert.False(await Has(gone), "a volume was made anew");
        Assert.True(await Has(fresh) && await Has(volume), "what is not known was removed");

        // What must not come back.
        Assert.Equal(401, (await Send("GET", "/compute/", secret)).Status);
        Assert.Equal(0, await Rows("SELECT count(*) FROM entity WHERE state_name = 'join'"));
        Assert.Equal((1, 1), (await Rows("SELECT count(*) FROM webhook"), await Rows($"SELECT count(*) FROM webhook WHERE id = '{rotated}' AND secret = 'new'")));
        // No position is given twice, and who has read up to one of those that are gone hears so.
        Assert.InRange(await Rows("SELECT min(position) FROM event WHERE position > (SELECT position FROM event_pruned)"), newest + 1, long.MaxValue);
        Assert.Equal(410, (await Admin("GET", $"/events?after={newest}")).Status);

        // Orders are obeyed, though the host has seen higher generations of these than the database.
        await Act(stoppedLater, "start", "active");
        await Act(kept, "stop", "inactive");
        await Act(kept, "start", "active");
        await Act(deletedLater, "start", "error");
        await Eventually.Is("its disk is missed", async () => (await Get(deletedLater)).Body.Contains("root disk", StringComparison.Ordinal));
        await Delete(deletedLater);
        await Eventually.Is("the missing one can be deleted", async () => (await Get(deletedLater)).Status == 404);

        // Adopted as it is: not restarted, with its disk and its address; told twice, it is one.
        foreach (var _ in (int[])[1, 2])
        {
            var adopted = await Adopt(fresh);
            Assert.True(adopted.Status == 200, adopted.Body);
            Assert.Equal("active", adopted.Json.GetProperty("state").GetString());
        }
        await Becomes(fresh, "occi.compute.state", "active");
        Assert.Equal((mac, address), await Nic(fresh));
        await Becomes(volume, "occi.storage.state", "online");
        await Eventually.Is("nothing is unmanaged", async () => (await Host()).GetProperty("unmanaged").GetArrayLength() == 0);
        Assert.Equal(consoles[fresh], await Console(fresh));
        Assert.Equal(consoles[startedLater], await Console(startedLater));
        await Act(fresh, "stop", "inactive");
        await Act(fresh, "start", "active");
        Assert.Equal((mac, address), await Nic(fresh));
        var doctor = await Admin("GET", "/admin/doctor");
        Assert.DoesNotContain("stray", doctor.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("claim-", doctor.Body, StringComparison.Ordinal);

        // Once more to the same moment: generations of the first time are as old as those of before.
        await Act(kept, "stop", "inactive");
        await Restore(backup);
        await Becomes(kept, "occi.compute.state", "inactive");
        await Act(kept, "start", "active");
        await Act(kept, "stop", "inactive");
        Assert.Equal(200, (await Adopt(fresh)).Status);
        await Delete(fresh);
        await Eventually.Is("the adopted machine is gone from the host", async () => !await Has(fresh));
        Assert.True(await Has(volume), "a storage went with its machine");
        await Delete(volume);
        await Eventually.Is("its volume is gone from the host", async () => !await Has(volume));
    }

    [Fact]
    public async Task Nothing_is_restored_under_a_control_plane_that_runs_or_from_what_is_no_backup()
    {
        var backup = _place.In("cloud.backup");
        await Cli("backup", backup);
        var kept = await Compute("kept");
        Assert.Contains("stop all of them first", await Cli(1, "restore", backup, "--keep", "none"), StringComparison.Ordinal);

        await StopControlPlane();
        await File.WriteAllTextAsync(_place.In("text"), "no archive");
        Assert.Contains("controller: ", await Cli(1, "restore", _place.In("text"), "--keep", "none"), StringComparison.Ordinal);
        // Broken off in its middle: what is there stays.
        var whole = await File.ReadAllBytesAsync(backup);
        await File.WriteAllBytesAsync(_place.In("half"), whole[..(whole.Length * 9 / 10)]);
        Assert.Contains("controller: ", await Cli(1, "restore", _place.In("half"), "--keep", "none"), StringComparison.Ordinal);

        await StartControlPlane();
        await Becomes(kept, "occi.compute.state", "active");
        Assert.Equal(0, await Rows("SELECT count(*) FROM restored"));
    }

    // ---------------------------------------------------------------- the control plane

    private async Task StartControlPlane()
    {
        _silo = await RunningSilo.Start(_place, $"--AgentGateway:Port={_gateway}");
        _api = await RunningApi.Start(_place);
        await Eventually.Is("the API is ready", _api.IsReady);
    }

    private async Task StopControlPlane()
    {
        await _api.DisposeAsync();
        await _silo.DisposeAsync();
        // Their process has ended in production, and its pool of connections with it; here it is ours.
        await using var source = Npgsql.NpgsqlDataSource.Create(_place.Connection);
        await using var command = source.CreateCommand("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'controller-%'");
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string> Restore(string backup)
    {
        await StopControlPlane();
        var said = await Cli("restore", backup, "--keep", _place.In($"before-{Guid.NewGuid():N}"));
        await StartControlPlane();
        await Eventually.Is("the host is up again", async () => (await Host()).GetProperty("status").GetString() == "up");
        return said;
    }

    private Task<string> Cli(params string[] words) => Cli(0, words);

    private async Task<string> Cli(int code, params string[] words)
    {
        await using var cli = ChildProcess.Start("controller-cli.dll", [.. words, "--database", _place.Connection], new Dictionary<string, string>());
        Assert.True(code == await cli.Ended(), cli.Story);
        return string.Join('\n', cli.Output);
    }

    private async Task<long> Rows(string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(_place.Connection);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    // ---------------------------------------------------------------- its clients

    private Task<Answer> Send(string method, string path, string secret, string? body = null, string? contentType = null) =>
        RunningApi.Send(_api.Url, method, path, body, secret, Occi, contentType);

    private Task<Answer> Admin(string method, string path, string? body = null, string contentType = Json) => Send(method, path, _place.AdminSecret, body, body is null ? null : contentType);

    private async Task Delete(string path)
    {
        var deleted = await Admin("DELETE", path);
        Assert.True(deleted.Status is 200 or 204, deleted.Body);
    }

    private Task<Answer> Get(string path) => Admin("GET", path);

    private async Task<Answer> Create(string at, string term, string title, string more = "", bool size = false)
    {
        var created = await Admin("POST", at, $$"""{"kind":"{{Infrastructure}}{{term}}","title":"{{title}}"{{(size ? ",\"attributes\":{\"occi\":{\"storage\":{\"size\":1}}}" : "")}}{{more}}}""", Occi);
        Assert.True(created.Status == 201, created.Body);
        return created;
    }

    private async Task<string> Compute(string title, string? network = null, string? storage = null)
    {
        string[] links =
        [
            .. network is null ? [] : (string[])[$$$"""{"kind":"{{{Infrastructure}}}networkinterface","target":{"location":"{{{network}}}"}}"""],
            .. storage is null ? [] : (string[])[$$$"""{"kind":"{{{Infrastructure}}}storagelink","target":{"location":"{{{storage}}}"}}"""],
        ];
        var path = (await Create("/compute/", "compute", title,
            $$""","mixins":["http://controller.local/occi/os_tpl#tiny"]{{(links.Length == 0 ? "" : $",\"links\":[{string.Join(',', links)}]")}}""")).Path;
        await Becomes(path, "occi.compute.state", "active");
        return path;
    }

    private async Task Act(string compute, string action, string becomes)
    {
        var done = await Admin("POST", $"{compute}?action={action}", $"Category: {action}; scheme=\"{Actions}\"; class=\"action\"", "text/plain");
        Assert.True(done.Status is 200 or 204, done.Body);
        await Becomes(compute, "occi.compute.state", becomes);
    }

    private async Task Becomes(string path, string attribute, string value)
    {
        var last = "";
        await Eventually.Is(
            $"{attribute} of {path} is {value}",
            async () => (last = (await Get(path)).Body).Contains($"\"{attribute}\":\"{value}\"", StringComparison.Ordinal) && !last.Contains("is being", StringComparison.Ordinal),
            found: () => last);
    }

    private async Task<(string?, string?)> Nic(string compute)
    {
        var nic = (await Get(compute)).Json.GetProperty("links").EnumerateArray().Single(l => l.GetProperty("kind").GetString()!.EndsWith("networkinterface", StringComparison.Ordinal));
        var attributes = nic.GetProperty("attributes");
        Assert.True(attributes.TryGetProperty("occi.networkinterface.mac", out var mac) && attributes.TryGetProperty("occi.networkinterface.address", out _), nic.ToString());
        return (mac.GetString(), attributes.GetProperty("occi.networkinterface.address").GetString());
    }

    private async Task<string> Console(string compute) => (await Admin("GET", $"/console/{IdOf(compute)}?wait=0")).Body;

    private Task<Answer> Adopt(string compute) => Admin(
        "POST", $"/admin/hosts/{HostId}/adopt", $$"""{"machine":"{{IdOf(compute)}}","project":"{{WellKnownProject}}"}""");

    private const string WellKnownProject = "00000000-0000-4000-8000-000000000001";

    private async Task<(string Secret, string Id)> Token()
    {
        var made = (await Admin("POST", "/admin/tokens", """{"name":"brief","project":"default","role":"reader"}""")).Json;
        return (made.GetProperty("token").GetString()!, made.GetProperty("id").GetString()!);
    }

    private async Task<string> JoinToken()
    {
        Answer token = null!;
        await Eventually.Is("there is a join token", async () => (token = await Admin("POST", "/admin/hosts/join-tokens", "{}")).Status == 201);
        return token.Json.GetProperty("token").GetString()!;
    }

    private string HostId { get; set; } = "";

    private async Task<JsonElement> Host()
    {
        var hosts = (await Admin("GET", "/admin/hosts")).Json.EnumerateArray().Where(h => h.GetProperty("name").GetString() == "host-1").ToArray();
        if (hosts.Length == 0)
            return JsonDocument.Parse("""{"status":"none","unmanaged":[]}""").RootElement;
        HostId = hosts[0].GetProperty("id").GetString()!;
        return hosts[0];
    }

    /// <summary>Whether the simulated host has it.</summary>
    private Task<bool> Has(string path) => _agent.Has(IdOf(path));

    private static string IdOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
