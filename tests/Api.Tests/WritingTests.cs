using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests;

/// <summary>Replacing, updating, and doing so only if nobody else did (GFD.223 §10, RFC 9110 §13).</summary>
[Collection("cloud")]
public sealed class WritingTests(ApiFixture api)
{
    private const string Kinds = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Compute = $"Category: compute; scheme=\"{Kinds}\"; class=\"kind\"";
    private const string Network = $"Category: network; scheme=\"{Kinds}\"; class=\"kind\"";
    private const string UserData = "Category: user_data; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute#\"; class=\"mixin\"";
    private const string SshKey = "Category: ssh_key; scheme=\"http://schemas.ogf.org/occi/infrastructure/credentials#\"; class=\"mixin\"\nX-OCCI-Attribute: occi.credentials.ssh.publickey=\"k\"";

    private Task<Answer> New(string body) => api.Send("POST", "/", body);

    private Task<Answer> Read(string path) => api.Send("GET", path);

    [Fact]
    public async Task Put_removes_what_it_leaves_out()
    {
        var path = (await New($"{Compute}\n{SshKey}\nX-OCCI-Attribute: occi.core.title=\"t\", occi.compute.hostname=\"h\", occi.compute.cores=2")).Path;
        var put = await api.Send("PUT", path, Compute + "\nX-OCCI-Attribute: occi.core.summary=\"s\"");
        Assert.Equal(200, put.Status);
        Assert.Contains("occi.core.summary=\"s\"", put.Body, StringComparison.Ordinal);
        foreach (var gone in (string[])["occi.core.title", "hostname=\"h\"", "cores=2", "ssh_key", "publickey"])
            Assert.DoesNotContain(gone, put.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_read_can_be_put_back_without_a_mixin()
    {
        var path = (await New($"{Compute}\n{SshKey}")).Path;
        await api.Becomes(path, "occi.compute.state", "active");
        var echo = string.Join('\n', (await Read(path)).Body.Split('\n').Where(l => !l.Contains("Category: ssh_key", StringComparison.Ordinal)));
        var put = await api.Send("PUT", path, echo);
        Assert.True(put.Status == 200, put.Body);
        Assert.DoesNotContain("publickey", put.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Compute + "\nLink: </network/00000000-0000-4000-8000-0000000000cc>; rel=\"" + Kinds + "network\"", 400)]
    [InlineData(Network, 400)]
    [InlineData(Compute + "\nX-OCCI-Attribute: occi.compute.state=\"suspended\"", 403)]
    [InlineData(Compute + "\nX-OCCI-Attribute: no.such=1", 400)]
    public async Task Put_refuses_what_cannot_be_and_changes_nothing(string body, int status)
    {
        var path = (await New(Compute)).Path;
        await api.Becomes(path, "occi.compute.state", "active");
        var before = await Read(path);
        Assert.Equal(status, (await api.Send("PUT", path, body + "\nX-OCCI-Attribute: occi.core.title=\"new\"")).Status);
        Assert.Equal((before.Body, before["ETag"]), await Read(path) is var now ? (now.Body, now["ETag"]) : default);
    }

    [Fact]
    public async Task One_bad_attribute_and_the_good_one_is_not_set()
    {
        var path = (await New(Compute)).Path;
        Assert.Equal(400, (await api.Send("POST", path, "X-OCCI-Attribute: occi.core.title=\"new\", occi.compute.cores=\"many\"")).Status);
        Assert.DoesNotContain("new", (await Read(path)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_data_is_given_once()
    {
        var path = (await New($"{Compute}\n{UserData}\nX-OCCI-Attribute: occi.compute.userdata=\"one\"")).Path;
        Assert.Equal(403, (await api.Send("POST", path, "X-OCCI-Attribute: occi.compute.userdata=\"two\"")).Status);
        Assert.Equal(403, (await api.Send("PUT", path, $"{Compute}\n{UserData}\nX-OCCI-Attribute: occi.compute.userdata=\"two\"")).Status);
        Assert.Equal(200, (await api.Send("PUT", path, $"{Compute}\n{UserData}")).Status);
        Assert.Contains("userdata=\"one\"", (await Read(path)).Body, StringComparison.Ordinal);
        Assert.Equal(409, (await New($"{Compute}\n{UserData}\nCategory: user_data; scheme=\"http://schemas.openstack.org/compute/instance#\"; class=\"mixin\"\n"
            + "X-OCCI-Attribute: occi.compute.userdata=\"a\", org.openstack.compute.user_data=\"b\"")).Status);
    }

    [Fact]
    public async Task A_tag_changes_with_what_is_shown_and_comes_with_every_change()
    {
        var made = await New(Network);
        var tags = new List<string?> { made["ETag"] };
        tags.Add((await api.Send("POST", made.Path, "X-OCCI-Attribute: occi.core.title=\"a\""))["ETag"]);
        Assert.Equal(tags[1], (await Read(made.Path))["ETag"]);
        tags.Add((await api.Send("PUT", made.Path, Network + "\nX-OCCI-Attribute: occi.core.title=\"b\""))["ETag"]);
        tags.Add((await api.Send("POST", made.Path + "?action=down", "Category: down; scheme=\"http://schemas.ogf.org/occi/infrastructure/network/action#\"; class=\"action\""))["ETag"]);
        Assert.DoesNotContain(null, tags);
        Assert.Equal(tags.Count, tags.Distinct().Count());
        Assert.Equal(tags[^1], (await Read(made.Path))["ETag"]);
        // A tag of another rendering names the same version.
        var json = (await api.Send("GET", made.Path, accept: "application/occi+json"))["ETag"]!;
        Assert.NotEqual(tags[^1], json);
        Assert.Equal(200, (await api.Send("POST", made.Path, "X-OCCI-Attribute: occi.core.title=\"c\"", headers: ("If-Match", json))).Status);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("PUT", Network)]
    [InlineData("POST", "X-OCCI-Attribute: occi.core.title=\"mine\"")]
    [InlineData("POST?action=up", "Category: up; scheme=\"http://schemas.ogf.org/occi/infrastructure/network/action#\"; class=\"action\"")]
    [InlineData("DELETE", "")]
    public async Task What_has_moved_is_412(string request, string body)
    {
        var path = (await New(Network)).Path;
        var tag = (await Read(path))["ETag"]!;
        Assert.Equal(200, (await api.Send("POST", path + "?action=down", "Category: down; scheme=\"http://schemas.ogf.org/occi/infrastructure/network/action#\"; class=\"action\"")).Status);
        var parts = request.Split('?');
        var url = parts.Length > 1 ? path + "?" + parts[1] : path;
        foreach (var stale in (string[])[tag, "\"nonsense\"", "W/" + tag])
            Assert.Equal(412, (await api.Send(parts[0], url, body.Length == 0 ? null : body, headers: ("If-Match", stale))).Status);
        var now = (await Read(path))["ETag"]!;
        Assert.Equal(200, (await api.Send(parts[0], url, body.Length == 0 ? null : body, headers: ("If-Match", $"\"other\", {now}"))).Status);
    }

    [Fact]
    public async Task Of_two_writers_of_one_version_one_wins()
    {
        var path = (await New(Network)).Path;
        for (var round = 0; round < 5; round++)
        {
            var tag = (await Read(path))["ETag"]!;
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => api.Send(
                i % 2 == 0 ? "POST" : "PUT", path, $"{Network}\nX-OCCI-Attribute: occi.core.title=\"{round}.{i}\"", headers: ("If-Match", tag))));
            Assert.Equal([200, 412, 412, 412], answers.Select(a => a.Status).Order());
            Assert.Equal(answers.Single(a => a.Status == 200)["ETag"], (await Read(path))["ETag"]);
        }
    }

    [Fact]
    public async Task Put_creates_only_where_it_is_asked_to()
    {
        var path = $"/network/{Guid.NewGuid()}";
        Assert.Equal(412, (await api.Send("PUT", path, Network, headers: ("If-Match", "*"))).Status);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => api.Send("PUT", path, Network, headers: ("If-None-Match", "*"))));
        Assert.Equal([201, 412, 412, 412], answers.Select(a => a.Status).Order());
        Assert.Equal(412, (await api.Send("PUT", path, Network, headers: ("If-None-Match", "*"))).Status);
        Assert.Equal(200, (await api.Send("PUT", path, Network, headers: ("If-Match", "*"))).Status);
    }

    [Fact]
    public async Task Of_two_puts_at_a_free_url_one_creates_and_the_other_replaces()
    {
        var path = $"/network/{Guid.NewGuid()}";
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => api.Send("PUT", path, $"{Network}\nX-OCCI-Attribute: occi.core.title=\"{i}\"")));
        Assert.Equal([200, 200, 200, 201], answers.Select(a => a.Status).Order());
    }
}
