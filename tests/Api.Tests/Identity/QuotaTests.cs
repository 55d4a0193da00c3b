using System.Globalization;
using Controller.Testing;

namespace Controller.Api.Tests.Identity;

/// <summary>What projects may use, use and have used.</summary>
[Collection("cloud")]
public sealed class QuotaTests(ApiFixture api)
{
    private const string Json = "application/json";
    private const string Scheme = "http://schemas.ogf.org/occi/infrastructure#";

    [Theory]
    [InlineData("networks", "network", "")]
    [InlineData("volumes", "storage", "\nX-OCCI-Attribute: occi.storage.size=0.1")]
    [InlineData("computes", "compute", "")]
    public async Task A_quota_of_each_kind_holds_for_those_that_come_at_once_too(string what, string kind, string more)
    {
        var project = await api.AddProject("limited-" + what, $$"""{"{{what}}":2}""");
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => api.Send("POST", $"/{kind}/", $"Category: {kind}; scheme=\"{Scheme}\"; class=\"kind\"{more}", project)));
        Assert.Equal((2, 4), (answers.Count(a => a.Status == 201), answers.Count(a => a.Status == 403)));
        Assert.Contains($"The project's quota of {what} is 2: 2 are used, 1 more were asked for.", answers.First(a => a.Status == 403).Body, StringComparison.Ordinal);
        var shown = await api.Send("GET", $"/admin/projects/{await IdOf(project)}/quota", caller: project);
        Assert.Equal((2, 2), (Of(shown.Json, what, "used"), Of(shown.Json, what, "limit")));

        Assert.Equal(200, (await api.Send("DELETE", answers.First(a => a.Status == 201).Path, caller: project)).Status);
        await Eventually.Is("there is room for another one", async () =>
            (await api.Send("POST", $"/{kind}/", $"Category: {kind}; scheme=\"{Scheme}\"; class=\"kind\"{more}", project)).Status == 201);
        Assert.Equal(200, (await api.Send("PATCH", $"/admin/projects/{await IdOf(project)}/quota", $$"""{"{{what}}":null}""", "admin", contentType: Json)).Status);
        Assert.Equal(201, (await api.Send("POST", $"/{kind}/", $"Category: {kind}; scheme=\"{Scheme}\"; class=\"kind\"{more}", project)).Status);
    }

    [Fact]
    public async Task A_quota_of_addresses_holds_for_machines_with_their_nics_and_for_nics_that_come_later()
    {
        var project = await api.AddProject("addressed", """{"addresses":2}""");
        var network = (await api.Send("POST", "/network/",
            $"Category: network; scheme=\"{Scheme}\"; class=\"kind\"\nCategory: ipnetwork; scheme=\"{Scheme[..^1]}/network#\"; class=\"mixin\"\nX-OCCI-Attribute: occi.network.allocation=\"dynamic\"", project)).Path;
        string Machine(int nics) => $"Category: compute; scheme=\"{Scheme}\"; class=\"kind\""
            + string.Concat(Enumerable.Repeat($"\nLink: <{network}>; rel=\"{Scheme}network\"; category=\"{Scheme}networkinterface\"", nics));
        var three = await api.Send("POST", "/compute/", Machine(3), project);
        Assert.Equal(403, three.Status);
        Assert.Contains("quota of addresses is 2: 0 are used, 3 more were asked for", three.Body, StringComparison.Ordinal);
        var one = await api.Send("POST", "/compute/", Machine(1), project);
        Assert.Equal(201, one.Status);
        var nic = $"Category: networkinterface; scheme=\"{Scheme}\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.source=\"{one.Path}\", occi.core.target=\"{network}\"";
        Assert.Equal((201, 403), ((await api.Send("POST", "/networkinterface/", nic, project)).Status, (await api.Send("POST", "/networkinterface/", nic, project)).Status));
        Assert.Equal(2, Of((await api.Send("GET", $"/admin/projects/{await IdOf(project)}/quota", caller: project)).Json, "addresses", "used"));
    }

    [Fact]
    public async Task What_was_used_is_there_from_when_to_when_and_stays()
    {
        var project = await api.AddProject("metered");
        var made = (await api.Send("POST", "/compute/", $"Category: compute; scheme=\"{Scheme}\"; class=\"kind\"\nX-OCCI-Attribute: occi.compute.cores=3", project)).Path;
        Assert.Equal(200, (await api.Send("DELETE", made, caller: project)).Status);
        var id = made["/compute/".Length..];
        await Eventually.Is("its interval has ended", async () =>
            (await api.Send("GET", "/admin/usage?intervals=true", caller: project)).Json.GetProperty("intervals").EnumerateArray().Any(i => i.GetProperty("entity").GetString() == id && i.GetProperty("what").GetString() == "cores" && i.GetProperty("to").ValueKind != System.Text.Json.JsonValueKind.Null));
        var cores = (await api.Send("GET", "/admin/usage?intervals=true", caller: project)).Json.GetProperty("intervals").EnumerateArray().Single(i => i.GetProperty("entity").GetString() == id && i.GetProperty("what").GetString() == "cores");
        Assert.Equal(3, cores.GetProperty("quantity").GetInt64());
        var hours = (cores.GetProperty("to").GetDateTimeOffset() - cores.GetProperty("from").GetDateTimeOffset()).TotalHours * 3;
        var line = (await api.Send("GET", "/admin/usage?project=metered", caller: "admin")).Json.GetProperty("lines").EnumerateArray().Single(l => l.GetProperty("what").GetString() == "cores");
        Assert.Equal(("metered", "h", 1), (line.GetProperty("projectName").GetString(), line.GetProperty("unit").GetString(), line.GetProperty("entities").GetInt32()));
        Assert.Equal(hours, line.GetProperty("amount").GetDouble(), tolerance: 1e-6);   // so many digits are shown
        var csv = await api.Send("GET", "/admin/usage?format=csv", caller: project);
        Assert.StartsWith("project,name,month,what,amount,unit,entities\r\n", csv.Body, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $",metered,{TimeProvider.System.GetUtcNow():yyyy-MM},cores,"), csv.Body, StringComparison.Ordinal);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => api.Execute("update usage_interval set quantity = 0 where entity = $1", Guid.Parse(id)));

        // To others there is none of it.
        Assert.DoesNotContain("metered", (await api.Send("GET", "/admin/usage", caller: "stranger")).Body, StringComparison.Ordinal);
        Assert.Equal((400, 404), ((await api.Send("GET", "/admin/usage?project=metered", caller: "stranger")).Status, (await api.Send("GET", $"/admin/projects/{await IdOf(project)}/quota", caller: "stranger")).Status));
    }

    [Fact]
    public async Task A_project_that_owns_something_stays_and_one_that_is_gone_lets_nobody_in()
    {
        var project = await api.AddProject("passing");
        var id = await IdOf(project);
        var network = (await api.Send("POST", "/network/", $"Category: network; scheme=\"{Scheme}\"; class=\"kind\"", project)).Path;
        Assert.Equal(409, (await api.Send("PATCH", $"/admin/projects/{id}", """{"name":"default"}""", "admin", contentType: Json)).Status);
        Assert.Equal(200, (await api.Send("PATCH", $"/admin/projects/{id}", """{"name":"renamed"}""", "admin", contentType: Json)).Status);
        Assert.Equal(200, (await api.Send("GET", network, caller: "admin", headers: ("X-Project", "renamed"))).Status);
        var refused = await api.Send("DELETE", $"/admin/projects/{id}", caller: "admin");
        Assert.Equal(409, refused.Status);
        Assert.Contains("The project owns 1 network: delete these first.", refused.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", network, caller: project)).Status);
        await Eventually.Is("it is deleted", async () => (await api.Send("DELETE", $"/admin/projects/{id}", caller: "admin")).Status == 200);
        Assert.Equal(401, (await api.Send("GET", "/network/", caller: project)).Status);
        Assert.Equal((404, 409), ((await api.Send("DELETE", $"/admin/projects/{id}", caller: "admin")).Status, (await api.Send("DELETE", $"/admin/projects/{Contracts.WellKnown.DefaultProject}", caller: "admin")).Status));
    }

    private static long Of(System.Text.Json.JsonElement quota, string what, string which) => quota.GetProperty(what).GetProperty(which).GetInt64();

    private async Task<string> IdOf(string project) =>
        (await api.Send("GET", "/admin/projects", caller: "admin")).Json.EnumerateArray().Single(p => p.GetProperty("name").GetString() == project).GetProperty("id").GetString()!;
}
