using System.Text;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests;

/// <summary>What operators do, and what it means for everybody else.</summary>
[Collection("cloud")]
public sealed class OperatorTests(ApiFixture api)
{
    private const string Json = "application/json";
    private const string ComputeCategory = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string State = "occi.compute.state";

    [Fact]
    public async Task A_console_is_read_from_where_the_reader_stands()
    {
        var script = Convert.ToBase64String(Encoding.UTF8.GetBytes("#!/bin/sh\necho hello from user data\n"));
        var path = (await api.Send("POST", "/compute/", $"{ComputeCategory}\nCategory: user_data; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute#\"; class=\"mixin\"\nX-OCCI-Attribute: occi.compute.userdata=\"{script}\"")).Path;
        await api.Becomes(path, State, "active");
        var console = "/console/" + path["/compute/".Length..];
        Answer log = null!;
        await Eventually.Is("the guest is ready", async () =>
            (log = await api.Send("GET", console + "?wait=1")).Body.Contains("DEMO: ready", StringComparison.Ordinal));
        Assert.Equal((200, "application/octet-stream", "0"), (log.Status, log["Content-Type"], log["X-Console-Offset"]));
        Assert.Equal(log.Body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), log["X-Console-Size"]);
        Assert.Contains("hello from user data", log.Body, StringComparison.Ordinal);

        var part = await api.Send("GET", console + "?offset=6&max=5&wait=0");
        Assert.Equal((log.Body[6..11], "6"), (part.Body, part["X-Console-Offset"]));
        Assert.Equal((200, ""), await api.Send("GET", $"{console}?offset={log.Body.Length}&wait=0") is var end ? (end.Status, end.Body) : default);
        Assert.Equal(404, (await api.Send("GET", console, caller: "stranger")).Status);
        Assert.Equal(200, (await api.Send("GET", console + "?wait=0", caller: "reader")).Status);
        Assert.Equal(400, (await api.Send("GET", console + "?offset=-1")).Status);
    }

    [Fact]
    public async Task A_host_is_removed_only_when_nothing_is_placed_on_it()
    {
        var path = (await api.Send("POST", "/compute/", ComputeCategory)).Path;
        var used = (await api.HostNamed(ApiFixture.Host))!.Value.GetProperty("id").GetString();
        var refused = await api.Send("DELETE", "/admin/hosts/" + used, caller: "admin");
        Assert.Equal(409, refused.Status);
        Assert.Contains("placed on the host", refused.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("GET", path)).Status);

        await using var spare = await api.AddHost("spare");
        var host = (await api.HostNamed("spare"))!.Value;
        var shown = (await api.Send("GET", "/admin/hosts/" + host.GetProperty("id").GetString(), caller: "admin")).Json;
        Assert.Equal(("simulated", "up"), (shown.GetProperty("capabilities").GetProperty("driver").GetString(), shown.GetProperty("status").GetString()));
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + shown.GetProperty("id").GetString(), caller: "admin")).Status);
        Assert.Null(await api.HostNamed("spare"));
        Assert.Equal(404, (await api.Send("GET", "/admin/hosts/" + shown.GetProperty("id").GetString(), caller: "admin")).Status);
        Assert.Equal(404, (await api.Send("DELETE", "/admin/hosts/" + shown.GetProperty("id").GetString(), caller: "admin")).Status);
    }

    [Fact]
    public async Task A_quota_refuses_with_its_numbers()
    {
        var project = await api.AddProject("small", """{"cores":4}""");
        var three = await api.Send("POST", "/compute/", $"{ComputeCategory}\nX-OCCI-Attribute: occi.compute.cores=3", project);
        Assert.Equal(201, three.Status);
        var before = (await api.Send("GET", "/compute/", caller: project)).Body;
        var refused = await api.Send("POST", "/compute/", $"{ComputeCategory}\nX-OCCI-Attribute: occi.compute.cores=2", project, accept: "application/occi+json");
        Assert.Equal((403, "quota-exceeded"), (refused.Status, refused.Json.GetProperty("type").GetString()));
        Assert.Contains("quota of cores is 4: 3 are used, 2 more were asked for", refused.Body, StringComparison.Ordinal);
        Assert.Equal(before, (await api.Send("GET", "/compute/", caller: project)).Body);
        Assert.Equal(201, (await api.Send("POST", "/compute/", $"{ComputeCategory}\nX-OCCI-Attribute: occi.compute.cores=1", project)).Status);
        Assert.Equal(200, (await api.Send("DELETE", three.Path, caller: project)).Status);
        await Eventually.Is("its cores are free again", async () =>
            (await api.Send("POST", "/compute/", $"{ComputeCategory}\nX-OCCI-Attribute: occi.compute.cores=3", project)).Status == 201);
    }

    [Fact]
    public async Task Two_apis_are_one_cloud()
    {
        await using var other = await api.AnotherApi();
        var path = (await api.Send("POST", "/network/", ComputeCategory.Replace("compute", "network", StringComparison.Ordinal))).Path;
        Assert.Equal(200, (await api.SendTo(other.Url, "GET", path)).Status);
        Assert.Contains(path, (await api.SendTo(other.Url, "GET", "/network/")).Body, StringComparison.Ordinal);

        Assert.Equal(200, (await api.Send("PUT", "/admin/images/shared?format=raw", "bytes", "admin", contentType: "application/octet-stream")).Status);
        await Eventually.Is(
            "the image is in the other one's model", async () => (await api.SendTo(other.Url, "GET", "/-/")).Body.Contains("shared;", StringComparison.Ordinal), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_revoked_token_opens_no_door_five_seconds_later()
    {
        await using var other = await api.AnotherApi();
        var made = await api.Send("POST", "/admin/tokens", """{"name":"short","project":"default","role":"member"}""", "admin", contentType: Json);
        var (id, secret) = (made.Json.GetProperty("id").GetString(), made.Json.GetProperty("token").GetString());
        Assert.Equal((200, 200), ((await api.Send("GET", "/network/", caller: secret)).Status, (await api.SendTo(other.Url, "GET", "/network/", caller: secret)).Status));
        Assert.Equal(200, (await api.Send("DELETE", "/admin/tokens/" + id, caller: "admin")).Status);
        Assert.Equal(401, (await api.Send("GET", "/network/", caller: secret)).Status);
        await Eventually.Is(
            "the other API knows, too", async () => (await api.SendTo(other.Url, "GET", "/network/", caller: secret)).Status == 401, TimeSpan.FromSeconds(5.5));
    }

    [Fact]
    public async Task The_same_create_through_two_apis_is_one_entity()
    {
        await using var other = await api.AnotherApi();
        var id = Guid.NewGuid();
        var body = $"{ComputeCategory}\nX-OCCI-Attribute: occi.core.id=\"urn:uuid:{id}\"";
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => api.SendTo(i % 2 == 0 ? api.Url : other.Url, "POST", "/compute/", body)));
        Assert.All(answers, a => Assert.Equal((201, $"/compute/{id}"), (a.Status, a.Path)));
        Assert.Equal($"/compute/{id}", (await api.Send("POST", "/compute/", body)).Path);
        Assert.Equal(1, await api.Count("select count(*) from host_claim where consumer = $1", id));
        Assert.Single((await api.Send("GET", "/compute/", accept: "text/uri-list")).Lines, l => l.EndsWith(id.ToString(), StringComparison.Ordinal));
    }
}
