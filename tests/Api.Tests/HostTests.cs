using System.Text.Json;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests;

/// <summary>Hosts as OCCI entities: for operators like any other kind, for everybody else not there.</summary>
[Collection("cloud")]
public sealed class HostTests(ApiFixture api)
{
    private const string OcciJson = "application/occi+json";
    private const string HostCategory = "Category: host; scheme=\"http://controller.local/occi/infrastructure#\"; class=\"kind\"";
    private const string ComputeCategory = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string State = "occi.compute.state";

    [Theory]
    [InlineData("member")]
    [InlineData("reader")]
    [InlineData("stranger")]
    public async Task Below_an_operator_there_is_no_such_thing(string caller)
    {
        var id = await Id(ApiFixture.Host);
        foreach (var accept in new[] { "text/plain", "text/occi", OcciJson })
        {
            Assert.DoesNotContain("infrastructure/host/action", Whole(await api.Send("GET", "/-/", caller: caller, accept: accept)), StringComparison.Ordinal);
            Assert.DoesNotContain("/host/", Whole(await api.Send("GET", "/-/", caller: caller, accept: accept)), StringComparison.Ordinal);
            Assert.DoesNotContain(id, Whole(await api.Send("GET", "/", caller: caller, accept: accept)), StringComparison.Ordinal);
            foreach (var path in new[] { "/host/", $"/host/{id}" })
                Assert.Equal(404, (await api.Send("GET", path, caller: caller, accept: accept)).Status);
        }
        Assert.Equal(400, (await api.Send("GET", "/-/", caller: caller, headers: ("Category", HostCategory["Category: ".Length..]))).Status);
        Assert.Equal(400, (await api.Send("GET", "/", caller: caller, headers: ("Category", HostCategory["Category: ".Length..]))).Status);
        if (caller == "reader")
            return;
        Assert.Equal(400, (await api.Send("POST", "/", HostCategory, caller)).Status);
        Assert.Equal(404, (await api.Send("POST", "/host/", HostCategory, caller)).Status);
        Assert.Equal(404, (await api.Send("DELETE", $"/host/{id}", caller: caller)).Status);
        Assert.Equal(404, (await api.Send("PUT", $"/host/{id}", HostCategory, caller)).Status);
        Assert.Equal(404, (await api.Send("POST", $"/host/{id}?action=drain", Action("drain"), caller)).Status);
        Assert.Equal(403, (await api.Send("GET", "/admin/hosts", caller: caller)).Status);
        Assert.Equal(403, (await api.Send("POST", $"/admin/hosts/{id}/drain", "{}", caller, contentType: "application/json")).Status);
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("admin")]
    public async Task Operators_see_hosts_in_every_rendering(string caller)
    {
        var id = await Id(ApiFixture.Host);
        Assert.Contains("host; scheme=\"http://controller.local/occi/infrastructure#\"; class=\"kind\"", (await api.Send("GET", "/-/", caller: caller)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("GET", "/-/", caller: caller, headers: ("Category", HostCategory["Category: ".Length..]))).Status);
        Assert.Contains($"/host/{id}", (await api.Send("GET", "/host/", caller: caller)).Body, StringComparison.Ordinal);
        Assert.Contains($"/host/{id}", (await api.Send("GET", "/host/", caller: caller, accept: "text/uri-list")).Body, StringComparison.Ordinal);
        Assert.Contains($"/host/{id}", Whole(await api.Send("GET", "/host/", caller: caller, accept: "text/occi")), StringComparison.Ordinal);
        Assert.Contains($"/host/{id}", (await api.Send("GET", "/", caller: caller)).Body, StringComparison.Ordinal);
        var all = await api.Send("GET", "/host/", caller: caller, accept: OcciJson);
        Assert.True(all.Json.TryGetProperty("resources", out var resources), all.Body);
        var listed = Assert.Single(resources.EnumerateArray(), r => r.GetProperty("id").GetString()!.EndsWith(id, StringComparison.Ordinal));
        Assert.Equal("simulated", Attribute(listed, "driver"));

        var json = await api.Send("GET", $"/host/{id}", caller: caller, accept: OcciJson);
        Assert.Equal(("up", "approved", "no"), (Attribute(json.Json, "state"), Attribute(json.Json, "admission"), Attribute(json.Json, "drain")));
        Assert.True(json.Json.GetProperty("attributes").GetProperty("local.controller.host.driver.healthy").GetBoolean());
        var text = await api.Send("GET", $"/host/{id}", caller: caller);
        Assert.Contains("X-OCCI-Attribute: local.controller.host.state=\"up\"", text.Body, StringComparison.Ordinal);
        Assert.Contains("?action=drain", text.Body, StringComparison.Ordinal);
        Assert.Contains("local.controller.host.kernel=", Whole(await api.Send("GET", $"/host/{id}", caller: caller, accept: "text/occi")), StringComparison.Ordinal);
        Assert.Equal("GET, POST, PUT, DELETE, HEAD, OPTIONS", (await api.Send("OPTIONS", $"/host/{id}", caller: caller))["Allow"]);
        Assert.Equal("GET, POST, HEAD, OPTIONS", (await api.Send("OPTIONS", "/host/", caller: caller))["Allow"]);
        // Found by what they are.
        var filtered = await api.Send("GET", "/host/", caller: caller, headers: ("X-OCCI-Attribute", $"occi.core.title=\"{ApiFixture.Host}\""));
        Assert.Contains($"/host/{id}", filtered.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_creates_hosts_or_means_all_of_them()
    {
        foreach (var (method, path) in new[] { ("POST", "/host/"), ("POST", "/"), ("PUT", $"/host/{Guid.NewGuid()}") })
        {
            var refused = await api.Send(method, path, HostCategory, "operator", accept: OcciJson);
            Assert.Equal((403, "immutable"), (refused.Status, refused.Json.GetProperty("type").GetString()));
            Assert.Contains("join with a token", refused.Body, StringComparison.Ordinal);
        }
        Assert.Equal(405, (await api.Send("DELETE", "/host/", caller: "admin")).Status);
        Assert.Equal(405, (await api.Send("POST", "/host/?action=drain", Action("drain"), "admin")).Status);
        var id = await Id(ApiFixture.Host);
        var tagged = await api.Send("POST", "/-/", "Category: mine; scheme=\"http://example.org/t#\"; class=\"mixin\"; location=\"/mine/\"", "operator");
        Assert.Equal(200, tagged.Status);
        Assert.Equal(400, (await api.Send("POST", "/mine/", $"X-OCCI-Location: /host/{id}", "operator")).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/-/", "Category: mine; scheme=\"http://example.org/t#\"; class=\"mixin\"", "operator")).Status);
    }

    [Fact]
    public async Task Deleting_everything_of_a_project_leaves_the_hosts()
    {
        await api.AddProject("emptied");
        await api.AddToken("sweeping", "emptied", "operator");
        Assert.Equal(200, (await api.Send("DELETE", "/", caller: "sweeping")).Status);
        Assert.Equal("up", (await api.HostNamed(ApiFixture.Host))!.Value.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_zone_that_a_host_is_in_is_a_mixin_for_everybody()
    {
        await using var spare = await api.AddHost("zoned");
        var path = $"/host/{await Id("zoned")}";
        var changed = await api.Send("POST", path, "X-OCCI-Attribute: local.controller.host.zone=\"north\"\nX-OCCI-Attribute: local.controller.host.overcommit.cores=1.5\nX-OCCI-Attribute: local.controller.host.reserved.memory=2.5", "operator");
        Assert.True(changed.Status == 200, changed.Body);
        await Eventually.Is("members find the zone", async () =>
            (await api.Send("GET", "/-/")).Body.Contains("north; scheme=\"http://controller.local/occi/zone#\"", StringComparison.Ordinal));
        var compute = await api.Send("POST", "/compute/", $"{ComputeCategory}\nCategory: north; scheme=\"http://controller.local/occi/zone#\"; class=\"mixin\"");
        Assert.True(compute.Status == 201, compute.Body);
        Assert.Equal(1, await api.Count("select count(*) from host_claim c join entity e on e.entity_id = c.host where e.title = 'zoned' and c.consumer = $1", Guid.Parse(compute.Path["/compute/".Length..])));
        Assert.Contains(compute.Path, (await api.Send("GET", "/mixin/zone/north/")).Body, StringComparison.Ordinal);
        // The zone does not go away under it, and a replacement would take it away.
        Assert.Equal(409, (await api.Send("PUT", path, HostCategory, "operator")).Status);
        Assert.Equal(403, (await api.Send("POST", path, "X-OCCI-Attribute: local.controller.host.cores=5", "operator")).Status);
        Assert.Equal(400, (await api.Send("POST", path, "X-OCCI-Attribute: local.controller.host.zone=\"North Pole\"", "operator")).Status);
        Assert.Equal(200, (await api.Send("DELETE", compute.Path)).Status);
        await Eventually.Is("the zone can go", async () => (await api.Send("PUT", path, HostCategory, "operator")).Status == 200);
        Assert.DoesNotContain("reserved.memory=2.5", (await api.Send("GET", path, caller: "operator")).Body, StringComparison.Ordinal);
        await Eventually.Is("nobody finds the zone any more", async () =>
            !(await api.Send("GET", "/-/")).Body.Contains("http://controller.local/occi/zone#", StringComparison.Ordinal));
        Assert.Equal(200, (await api.Send("DELETE", path, caller: "operator")).Status);
        Assert.Equal(404, (await api.Send("GET", path, caller: "operator")).Status);
    }

    [Fact]
    public async Task A_host_waits_for_approval_is_drained_and_comes_back()
    {
        var token = await api.Send("POST", "/admin/hosts/join-tokens", """{"needsApproval":true}""", "operator", contentType: "application/json");
        Assert.True(token.Json.GetProperty("needsApproval").GetBoolean());
        await using var agent = await api.JoinHost("waiting", token.Json.GetProperty("token").GetString()!);
        var path = $"/host/{await Id("waiting")}";
        Assert.Contains("admission=\"pending\"", (await api.Send("GET", path, caller: "operator")).Body, StringComparison.Ordinal);
        Assert.Equal(409, (await api.Send("POST", path + "?action=drain", Action("drain"), "operator")).Status);
        Assert.Contains("admission=\"approved\"", (await api.Send("POST", path + "?action=approve", Action("approve"), "operator")).Body, StringComparison.Ordinal);

        Assert.Equal(400, (await api.Send("POST", path + "?action=drain", Action("drain") + "\nX-OCCI-Attribute: method=\"by foot\"", "operator")).Status);
        Assert.Equal(200, (await api.Send("POST", path + "?action=drain", Action("drain") + "\nX-OCCI-Attribute: method=\"cold\"\nX-OCCI-Attribute: stop=\"graceful\"", "operator")).Status);
        await Eventually.Is("it is drained", async () => (await api.Send("GET", path, caller: "operator")).Body.Contains("drain=\"drained\"", StringComparison.Ordinal));
        Assert.Contains("drain=\"no\"", (await api.Send("POST", path + "?action=undrain", Action("undrain"), "operator")).Body, StringComparison.Ordinal);

        // The same over the operator's own endpoints.
        var admin = "/admin/hosts/" + path["/host/".Length..];
        Assert.Equal("powerOff", (await Json("POST", admin + "/drain", """{"stop":"powerOff"}""")).Json.GetProperty("drain").GetProperty("stop").GetString());
        Assert.Equal(200, (await Json("POST", admin + "/undrain", null)).Status);
        Assert.Equal("renamed", (await Json("PATCH", admin, """{"name":"renamed","memoryRatio":2}""")).Json.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, (await Json("PATCH", admin, """{"memoryRatio":null}""")).Json.GetProperty("settings").GetProperty("memoryRatio").ValueKind);
        Assert.Equal(400, (await Json("PATCH", admin, """{"size":2}""")).Status);
        Assert.Equal(400, (await Json("PATCH", admin, """{"zone":2}""")).Status);
        Assert.Equal(400, (await Json("PATCH", admin, """{"coresRatio":1000}""")).Status);
        Assert.Equal(404, (await Json("POST", $"/admin/hosts/{Guid.NewGuid()}/approve", null)).Status);
        Assert.Equal(200, (await Json("DELETE", admin, null)).Status);
    }

    [Fact]
    public async Task Why_something_is_where_it_is_can_be_asked()
    {
        var made = await api.Send("POST", "/compute/", ComputeCategory);
        await api.Becomes(made.Path, State, "active");
        var id = made.Path["/compute/".Length..];
        var told = (await api.Send("GET", "/admin/explain/compute/" + id, caller: "operator")).Json;
        Assert.Equal(("active", "active"), (told.GetProperty("now").GetProperty("state").GetString(), told.GetProperty("now").GetProperty("phase").GetString()));
        Assert.Equal("up", told.GetProperty("host").GetProperty("status").GetString());
        Assert.NotEmpty(told.GetProperty("placement").GetProperty("detail").GetProperty("hosts").EnumerateArray());
        // Its owner hears the numbers, and nothing of hosts.
        var owner = (await api.Send("GET", "/admin/explain/compute/" + id)).Json;
        Assert.False(owner.GetProperty("placement").GetProperty("detail").TryGetProperty("hosts", out _));
        Assert.Equal(JsonValueKind.Null, owner.GetProperty("host").GetProperty("name").ValueKind);
        Assert.Equal(404, (await api.Send("GET", "/admin/explain/compute/" + id, caller: "stranger")).Status);
        Assert.Equal(404, (await api.Send("GET", "/admin/explain/network/" + id)).Status);
        Assert.Contains("there are the kinds", (await api.Send("GET", "/admin/explain/nonsense/" + id)).Body, StringComparison.Ordinal);

        var refused = await api.Send("POST", "/compute/", $"{ComputeCategory}\nX-OCCI-Attribute: occi.compute.memory=65000");
        Assert.Equal(409, refused.Status);
        Assert.Contains("not enough memory (65000 GiB are needed, ", refused.Body, StringComparison.Ordinal);
        var named = refused.Body[(refused.Body.IndexOf("controller explain compute ", StringComparison.Ordinal) + "controller explain compute ".Length)..][..36];
        var why = (await api.Send("GET", "/admin/explain/compute/" + named)).Json;
        Assert.Equal((JsonValueKind.Null, "nocapacity"), (why.GetProperty("now").ValueKind, why.GetProperty("refusal").GetProperty("outcome").GetString()));
        Assert.True(why.GetProperty("refusal").GetProperty("detail").GetProperty("rejected").TryGetProperty("memory", out _));
        Assert.Equal(404, (await api.Send("GET", "/admin/explain/compute/" + named, caller: "stranger")).Status);
    }

    [Fact]
    public async Task Computes_of_a_group_keep_apart_and_the_refusal_says_so()
    {
        var project = await api.AddProject("apart");
        var member = $"{ComputeCategory}\nCategory: anti-affinity; scheme=\"http://controller.local/occi/placement#\"; class=\"mixin\"\nX-OCCI-Attribute: local.controller.placement.group=\"db\"";
        // As many as there are hosts: others of these tests come and go.
        Answer last;
        var placed = 0;
        while ((last = await api.Send("POST", "/compute/", member, project, accept: OcciJson)).Status == 201)
            Assert.True(++placed < 10);
        Assert.True(placed >= 1);
        Assert.Equal((409, "no-capacity"), (last.Status, last.Json.GetProperty("type").GetString()));
        Assert.Contains("with another of the group db", last.Body, StringComparison.Ordinal);
        Assert.Equal(0, await api.Count("select count(*) - count(distinct host) from host_claim where project <> $1 and placement_group = 'anti-affinity#db'", Guid.Empty));
        var nameless = await api.Send("POST", "/compute/", $"{ComputeCategory}\nCategory: affinity; scheme=\"http://controller.local/occi/placement#\"; class=\"mixin\"", project);
        Assert.Equal(400, nameless.Status);
        var both = await api.Send("POST", "/compute/", member + "\nCategory: affinity; scheme=\"http://controller.local/occi/placement#\"; class=\"mixin\"", project);
        Assert.Equal(409, both.Status);
        Assert.Equal(200, (await api.Send("DELETE", "/", caller: project)).Status);
    }

    private static string Action(string term) => $"Category: {term}; scheme=\"http://controller.local/occi/infrastructure/host/action#\"; class=\"action\"";

    private static string? Attribute(JsonElement entity, string name)
    {
        Assert.True(entity.TryGetProperty("attributes", out var attributes), entity.ToString());
        return attributes.TryGetProperty("local.controller.host." + name, out var value) ? value.GetString() : $"none in {attributes}";
    }

    private static string Whole(Answer answer) => string.Join('\n', answer.Headers.Select(h => $"{h.Key}: {h.Value}")) + "\n" + answer.Body;

    private Task<Answer> Json(string method, string path, string? body) => api.Send(method, path, body, "operator", contentType: body is null ? null : "application/json");

    private async Task<string> Id(string host) => (await api.HostNamed(host))!.Value.GetProperty("id").GetString()!;
}
