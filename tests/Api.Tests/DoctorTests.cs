using System.Text.Json;
using Controller.Testing;

namespace Controller.Api.Tests;

/// <summary>What does not fit together is brought about, found, set right by the command that is named, and gone. In a cloud of its own: others' comings and goings are no findings.</summary>
public sealed class DoctorTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string ComputeCategory = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string State = "occi.compute.state";

    [Fact]
    public async Task A_cloud_that_is_well_has_no_findings_however_deep_one_looks()
    {
        await Machine();
        Assert.Equal(403, (await api.Send("GET", "/admin/doctor")).Status);
        var report = (await api.Send("GET", "/admin/doctor?deep=true", caller: "operator")).Json;
        Assert.Equal(5, report.GetProperty("looked").GetArrayLength());
        Assert.Empty(Text(report));
    }

    [Fact]
    public async Task What_is_claimed_for_nobody_is_given_back()
    {
        var (nobody, network, host) = (Guid.NewGuid(), Guid.NewGuid(), (await Host()).Id);
        await api.Execute("insert into host_claim (consumer, incarnation, host, term, project, cores, memory, disk) values ($1, $1, $2, 'compute', $1, 2, 1024, 0)", nobody, host);
        await api.Execute("insert into subnet_claim (network, range, gateway) values ($1, '172.31.0.0/24', '172.31.0.1')", network);
        await api.Execute("insert into address_claim (network, address, link, consumer, mac) values ($1, '172.31.0.9', $2, $2, '02:00:00:00:00:09')", network, nobody);
        await Found("claim-orphaned", $"compute {nobody}", "2 cores", "address 172.31.0.9");
        await Found("claim-orphaned", $"network {network}", "172.31.0.0/24");
        await Repair($"claims/compute/{nobody}");
        await Repair($"claims/network/{network}");
        await NothingIsFound();
        Assert.Equal(0, await api.Count("select count(*) from host_claim where consumer = $1", nobody));
    }

    [Fact]
    public async Task What_an_entity_lacks_or_does_not_stand_by_is_set_right_and_the_entity_stays()
    {
        var (path, id) = await Machine();
        await api.Execute("update host_claim set incarnation = gen_random_uuid() where consumer = $1", id);
        await api.Execute(
            "with s as (insert into subnet_claim (network, range, gateway) select entity_id, '172.30.0.0/24', '172.30.0.1' from entity where entity_id = $1 returning network) "
            + "insert into address_claim (network, address, link, consumer, mac) select network, '172.30.0.9', gen_random_uuid(), $1, '02:00:00:00:00:07' from s", id);
        await Found("claim-misplaced", $"compute {id}", "does not stand");
        await Found("address-orphaned", $"compute {id}", "172.30.0.9");
        Assert.Contains("1 claim(s) on hosts and 1 address(es) were given back, 1 claim(s) were taken", await Repair($"claims/compute/{id}"), StringComparison.Ordinal);
        await api.Execute("delete from subnet_claim where network = $1", id);

        await api.Execute("delete from host_claim where consumer = $1", id);
        await Found("claim-missing", $"compute {id}", "nothing is claimed");
        await Repair($"claims/compute/{id}");
        await NothingIsFound();
        await api.Becomes(path, State, "active");
        Assert.Equal(1, await api.Count("select count(*) from host_claim where consumer = $1 and cores > 0", id));
    }

    [Fact]
    public async Task A_row_that_somebody_else_wrote_is_written_anew()
    {
        var (path, id) = await Machine();
        await api.Execute("update entity set state = 'inactive', title = 'forged' where entity_id = $1", id);
        await Found("row-differs", $"compute {id}", "state, title");
        await Repair($"rows/compute/{id}");
        await api.Execute("update entity set version = version + 7 where entity_id = $1", id);
        Assert.Empty(Text((await api.Send("GET", "/admin/doctor", caller: "operator")).Json));   // not without asking its grain
        await Found("row-foreign", $"compute {id}", "somebody else wrote it", deep: true);
        await Repair($"rows/compute/{id}");
        await NothingIsFound();
        Assert.Equal(200, (await api.Send("DELETE", path)).Status);
    }

    [Fact]
    public async Task A_machine_whose_record_is_gone_is_removed_from_its_host_once_its_grain_denies_it()
    {
        var (_, id) = await Machine();
        var (host, name) = await Host();
        // While the compute stands by it nobody removes it, whoever asks.
        var incarnation = (await Explained(id)).GetProperty("now").GetProperty("incarnation").GetString();
        var denied = await api.Send("POST", $"/admin/repairs/hosts/{host}/strays/compute/{id}/{incarnation}", caller: "admin");
        Assert.Equal(409, denied.Status);
        await api.Execute("delete from entity where entity_id = $1", id);
        await Found("claim-orphaned", $"compute {id}");
        await Repair($"claims/compute/{id}");
        await Found("host-stray", $"compute {id}", $"on host {name}");
        await Repair($"hosts/{host}/strays/compute/{id}/{incarnation}", "admin");
        await Eventually.Is("the host has removed it", async () => Text((await api.Send("GET", "/admin/doctor", caller: "operator")).Json).Length == 0);
    }

    [Fact]
    public async Task A_host_that_is_not_known_has_nothing_on_it()
    {
        var (gone, here) = (Guid.NewGuid(), (await Host()).Id);
        var (_, id) = await Machine();
        await api.Execute("insert into host_claim (consumer, incarnation, host, term, project, cores, memory, disk) select consumer, gen_random_uuid(), $2, term, project, 1, 1, 0 from host_claim where consumer = $1", id, gone);
        await Found("claim-hostless", $"host {gone}", "1 object(s)");
        await Repair($"claims/host/{gone}");
        await NothingIsFound();
        Assert.Equal(409, (await api.Send("POST", $"/admin/repairs/claims/compute/{here}", caller: "operator")).Status);   // it is a host
    }

    [Fact]
    public async Task Clocks_migrations_certificates_and_disks_are_looked_at()
    {
        var (host, name) = await Host();
        await api.Execute("update host_seen set clock_ahead_ms = 90000, certificate_from = now() - interval '29 days', certificate_until = now() + interval '1 hour' where host = $1", host);
        await Found("clock", $"host {name}", "90.0 seconds ahead");
        await Found("certificate", $"host {name}", "ends at");
        await api.Execute("update host_seen set clock_ahead_ms = 0, certificate_until = now() + interval '30 days' where host = $1", host);
        // A silo that says these things; it does not repeat them.
        await api.Execute(
            "insert into gateway (silo, endpoint, seen, noted, migrations, disk_free, disk_size, authority_until) "
            + "values ('far', 'x:1', now() - interval '10 seconds', now(), array[1, 9999], 1, 1000, now() + interval '1 day')");
        await Found("clock", "silo far", "behind");
        await Found("migration-missing", "silo far", "9999");
        await Found("disk", "silo far", "image store");
        await Found("certificate", "the cluster's certificate authority", "ends at");
        await api.Execute("delete from gateway where silo = 'far'");
        await NothingIsFound();
    }

    [Fact]
    public async Task What_is_past_its_deadline_is_stuck_until_it_is_gone_on_with()
    {
        await using var own = new ApiFixtureScope();
        var cloud = await own.Start();
        await cloud.Agent.DisposeAsync();
        var made = await cloud.Send("POST", "/compute/", ComputeCategory);
        var id = Guid.Parse(made.Path["/compute/".Length..]);
        var listed = (await cloud.Send("GET", "/admin/operations", caller: "operator")).Json.EnumerateArray().Single(o => o.GetProperty("entity").GetString() == id.ToString());
        Assert.Equal(("starting", "member", false), (listed.GetProperty("what").GetString(), listed.GetProperty("by").GetString(), listed.GetProperty("stuck").GetBoolean()));
        Assert.Matches("^[0-9a-f]{32}$", listed.GetProperty("trace").GetString());
        Assert.Empty((await cloud.Send("GET", "/admin/operations", caller: "stranger")).Json.EnumerateArray());
        Assert.Single((await cloud.Send("GET", "/admin/operations")).Json.EnumerateArray());

        // Of who sees all it is that of the project that is named, in the query or for the whole request.
        var other = (await cloud.Send("POST", "/compute/", ComputeCategory, "stranger")).Path["/compute/".Length..];
        foreach (var who in (string[])["admin", "operator"])
        {
            Assert.Equal([id.ToString(), other], await UnderWay(who, ""));
            Assert.Equal([other], await UnderWay(who, "?project=stranger"));
            Assert.Equal([id.ToString()], await UnderWay(who, "?project=default"));
        }
        Assert.Equal([other], await UnderWay("admin", "", ("X-Project", "stranger")));
        Assert.Equal([id.ToString()], await UnderWay("admin", "", ("X-Project", "default")));
        Assert.Equal([id.ToString()], await UnderWay("admin", "?project=default", ("X-Project", "stranger")));
        Assert.Equal([other], await UnderWay("stranger", "?project=stranger"));
        Assert.Equal((400, 400), ((await cloud.Send("GET", "/admin/operations?project=default", caller: "stranger")).Status, (await cloud.Send("GET", "/admin/operations?project=nowhere", caller: "admin")).Status));

        async Task<string[]> UnderWay(string who, string query, params (string Name, string Value)[] headers) =>
            [.. (await cloud.Send("GET", "/admin/operations" + query, caller: who, headers: headers)).Json.EnumerateArray().Select(o => o.GetProperty("entity").GetString()!)];

        var operation = listed.GetProperty("id").GetString();
        Assert.Equal((200, 404), ((await cloud.Send("GET", "/admin/operations/" + operation)).Status, (await cloud.Send("GET", "/admin/operations/" + operation, caller: "stranger")).Status));

        // As if its deadline had passed, and the sweeper had nothing to do with it.
        Assert.Equal(1, await cloud.Execute(
            """
            update entity set due = now() + interval '1 hour', payload = convert_to(jsonb_set(jsonb_set(convert_from(payload, 'UTF8')::jsonb, '{index,operations,0,deadline}', '"2026-01-01T00:00:00+00:00"'),
                '{index,due}', to_jsonb(now() + interval '1 hour'))::text, 'UTF8') where entity_id = $1
            """, id));
        Assert.Single((await cloud.Send("GET", "/admin/operations?stuck=true", caller: "operator")).Json.EnumerateArray());
        var finding = (await cloud.Send("GET", "/admin/doctor", caller: "operator")).Json.GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("code").GetString() == "operation-stuck");
        Assert.Equal($"controller op retry {operation}", finding.GetProperty("repair").GetString());
        Assert.Equal(403, (await cloud.Send("POST", $"/admin/operations/{operation}/retry")).Status);
        Assert.Equal(200, (await cloud.Send("POST", $"/admin/operations/{operation}/retry", caller: "operator")).Status);
        Assert.Empty((await cloud.Send("GET", "/admin/operations?stuck=true", caller: "operator")).Json.EnumerateArray());
        Assert.Equal(404, (await cloud.Send("GET", $"/admin/operations/{Guid.NewGuid()}", caller: "operator")).Status);
    }

    private async Task<(string Path, Guid Id)> Machine()
    {
        var made = await api.Send("POST", "/compute/", ComputeCategory);
        await api.Becomes(made.Path, State, "active");
        return (made.Path, Guid.Parse(made.Path["/compute/".Length..]));
    }

    private async Task<(Guid Id, string Name)> Host()
    {
        var host = (await api.HostNamed(ApiFixture.Host))!.Value;
        return (host.GetProperty("id").GetGuid(), ApiFixture.Host);
    }

    private async Task<JsonElement> Explained(Guid id) => (await api.Send("GET", "/admin/explain/compute/" + id, caller: "operator")).Json;

    private async Task Found(string code, string about, params string[] words) => await Found(code, about, words, deep: false);

    private Task Found(string code, string about, string word, bool deep) => Found(code, about, [word], deep);

    private async Task Found(string code, string about, string[] words, bool deep)
    {
        var report = (await api.Send("GET", "/admin/doctor?deep=" + (deep ? "true" : "false"), caller: "operator")).Json;
        var finding = report.GetProperty("findings").EnumerateArray().Where(f => f.GetProperty("code").GetString() == code && f.GetProperty("about").GetString() == about).ToList();
        Assert.True(finding.Count > 0, $"{code} of {about} was wanted, found: {string.Join("; ", Text(report))}");
        foreach (var word in words)
            Assert.Contains(finding, f => f.GetProperty("why").GetString()!.Contains(word, StringComparison.Ordinal));
        Assert.NotEqual("", finding[0].GetProperty("repair").GetString());
    }

    private async Task<string> Repair(string path, string caller = "operator")
    {
        Assert.Equal(403, (await api.Send("POST", "/admin/repairs/" + path)).Status);
        var done = await api.Send("POST", "/admin/repairs/" + path, caller: caller);
        Assert.True(done.Status == 200, done.Body);
        return done.Json.GetProperty("what").GetString()!;
    }

    private async Task NothingIsFound() => Assert.Empty(Text((await api.Send("GET", "/admin/doctor?deep=true", caller: "operator")).Json));

    private static string[] Text(JsonElement report) => [.. report.GetProperty("findings").EnumerateArray().Select(f => f.ToString())];

    /// <summary>A cloud whose host goes away.</summary>
    private sealed class ApiFixtureScope : IAsyncDisposable
    {
        private readonly ApiFixture _cloud = new();

        public async Task<ApiFixture> Start()
        {
            await _cloud.InitializeAsync();
            return _cloud;
        }

        public ValueTask DisposeAsync() => new(_cloud.DisposeAsync());
    }
}
