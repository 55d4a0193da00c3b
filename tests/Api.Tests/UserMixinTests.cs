namespace Controller.Api.Tests;

/// <summary>Mixins that users make (GFD.223 §9.3, §9.4): tags. Each test has a project of its own.</summary>
[Collection("cloud")]
public sealed class UserMixinTests(ApiFixture api)
{
    private const string Json = "application/occi+json";
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Scheme = "http://example.com/occi/my_stuff#";
    private const string Tag = "my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"; location=\"/my_stuff/\"";
    private static readonly string Category = $"Category: {Tag}";

    private static string Kind(string term) => $"Category: {term}; scheme=\"{Infrastructure}\"; class=\"kind\"";

    private Task<string> Project() => api.AddProject("tags-" + Guid.NewGuid().ToString("N")[..8]);

    private async Task<string> Network(string caller) => (await api.Send("POST", "/network/", Kind("network"), caller)).Path;

    private string Location(params string[] paths) => string.Join('\n', paths.Select(p => $"X-OCCI-Location: {new Uri(api.Url, p)}"));

    private async Task Make(string caller) => Assert.Equal(200, (await api.Send("POST", "/-/", Category, caller)).Status);

    [Fact]
    public async Task A_mixin_is_made_in_every_rendering_and_answered_in_the_one_asked_for()
    {
        var me = await Project();
        var plain = await api.Send("POST", "/-/", Category, me);
        Assert.Equal((200, "text/plain"), (plain.Status, plain["Content-Type"]));
        Assert.Equal(Category, plain.Body.Trim());
        var header = await api.Send("POST", "/-/", null, me, accept: "text/occi", contentType: "text/occi",
            headers: ("Category", "second; scheme=\"http://example.com/occi/my_stuff#\"; location=\"/second/\""));
        Assert.Equal((200, "OK"), (header.Status, header.Body));
        Assert.Equal("second; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"; location=\"/second/\"", header["Category"]);
        var json = await api.Send("POST", "/-/", $$"""{"mixins":[{"term":"third","scheme":"{{Scheme}}","location":"/third/","title":"A, b; c"}]}""", me, Json, Json);
        Assert.Equal(200, json.Status);
        var made = Assert.Single(json.Json.GetProperty("mixins").EnumerateArray());
        Assert.Equal(("third", Scheme, "/third/"), (made.GetProperty("term").GetString(), made.GetProperty("scheme").GetString(), made.GetProperty("location").GetString()));
        Assert.DoesNotContain(",", made.GetProperty("title").GetString()!, StringComparison.Ordinal);
        Assert.Equal(400, (await api.Send("POST", "/-/", Category, me, accept: "text/uri-list")).Status);

        foreach (var path in (string[])["/-/", "/.well-known/org/ogf/occi/-/"])
        {
            var all = (await api.Send("GET", path, caller: me)).Body;
            Assert.Contains(Category, all, StringComparison.Ordinal);
            Assert.Contains("location=\"/second/\"", all, StringComparison.Ordinal);
            Assert.Contains("location=\"/third/\"", all, StringComparison.Ordinal);
        }
        var filtered = await api.Send("GET", "/-/", caller: me, headers: ("Category", $"my_stuff; scheme=\"{Scheme}\""));
        Assert.Equal(Category, filtered.Body.Trim());
    }

    [Fact]
    public async Task Several_are_made_together_or_none()
    {
        var me = await Project();
        Assert.Equal(400, (await api.Send("POST", "/-/", $"{Category}\nCategory: x; scheme=\"{Scheme}\"; class=\"mixin\"", me)).Status);
        Assert.Equal(409, (await api.Send("POST", "/-/", $"{Category}\nCategory: x; scheme=\"{Scheme}\"; location=\"/my_stuff/\"", me)).Status);
        Assert.DoesNotContain("my_stuff", (await api.Send("GET", "/-/", caller: me)).Body, StringComparison.Ordinal);
        var two = await api.Send("POST", "/-/", $"Category: x; scheme=\"{Scheme}\"; rel=\"{Scheme}my_stuff\"; location=\"/x/\"\n{Category}", me);
        Assert.Equal(200, two.Status);
        Assert.Contains($"x; scheme=\"{Scheme}\"; class=\"mixin\"; rel=\"{Scheme}my_stuff\"; location=\"/x/\"", two.Body, StringComparison.Ordinal);
        Assert.Contains(Category, two.Body, StringComparison.Ordinal);
        // What depends on a mixin is found with it (decision D-16), and in its collection.
        Assert.Equal(2, (await api.Send("GET", "/-/", caller: me, headers: ("Category", $"my_stuff; scheme=\"{Scheme}\""))).Lines.Length);
        var network = await Network(me);
        Assert.Equal(200, (await api.Send("POST", "/x/", Location(network), me)).Status);
        Assert.Equal(Location(network), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());

        Assert.Equal(404, (await api.Send("DELETE", "/-/", $"{Category}\nCategory: unknown; scheme=\"{Scheme}\"", me)).Status);
        Assert.Equal(403, (await api.Send("DELETE", "/-/", $"{Category}\n{Kind("compute")}", me)).Status);
        Assert.Equal(200, (await api.Send("GET", "/my_stuff/", caller: me)).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/-/", Category, me)).Status);
        Assert.Contains($"x; scheme=\"{Scheme}\"; class=\"mixin\"; location=\"/x/\"", (await api.Send("GET", "/-/", caller: me)).Body, StringComparison.Ordinal);
        Assert.Contains($"x; scheme=\"{Scheme}\"; class=\"mixin\"", (await api.Send("GET", network, caller: me)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"; rel=\"http://example.com/occi/something_else#mixin\"; location=\"/my_stuff/\"")]
    [InlineData("my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"; rel=\"http://schemas.ogf.org/occi/infrastructure#os_tpl\"; location=\"/my_stuff/\"")]
    [InlineData("my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"; rel=\"http://example.com/occi/my_stuff#my_stuff\"; location=\"/my_stuff/\"")]
    [InlineData("my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; location=\"/my_stuff/\"")]
    [InlineData("my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; location=\"/my_stuff/\"; attributes=\"com.example.a{required} b\"; actions=\"http://example.com/a#go\"")]
    [InlineData("my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; location=\"HERE/my_stuff/\"")]
    public async Task What_a_tag_can_not_have_is_left_out(string category)
    {
        var me = await Project();
        var made = await api.Send("POST", "/-/", "Category: " + category.Replace("HERE/", api.Url.ToString(), StringComparison.Ordinal), me);
        Assert.Equal((200, Category), (made.Status, made.Body.Trim()));
        Assert.Equal(200, (await api.Send("POST", "/my_stuff/", Location(await Network(me)), me)).Status);
    }

    [Theory]
    [InlineData("a; scheme=\"http://example.com/a#\"; class=\"mixin\"", 400)]                                          // no location
    [InlineData("a; scheme=\"http://example.com/a#\"; class=\"kind\"; location=\"/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; class=\"action\"; location=\"/a/\"", 400)]
    [InlineData("a; scheme=\"http://schemas.ogf.org/occi/mine#\"; location=\"/a/\"", 403)]
    [InlineData("compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"mixin\"; location=\"/a/\"", 403)]
    [InlineData("a; scheme=\"http://controller.local/occi/os_tpl#\"; location=\"/a/\"", 403)]
    [InlineData("a; scheme=\"http://schemas.fedcloud.egi.eu/occi/infrastructure/network#\"; location=\"/a/\"", 403)]   // the provider's, though nobody's name
    [InlineData("nat_net; scheme=\"http://schemas.fedcloud.egi.eu/occi/infrastructure/network#\"; location=\"/a/\"", 409)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/compute/\"", 409)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/mixin/os_tpl/\"", 409)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/compute/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/mixin/os_tpl/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/mixin/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/a\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"http://example.com/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"//a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/a//b/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/a/../b/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/a%20b/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/a/?b=/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/-/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/-/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/admin/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/Admin/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/console/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/health/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/.well-known/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/LONG#\"; location=\"/a/\"", 400)]
    [InlineData("LONG; scheme=\"http://example.com/a#\"; location=\"/a/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/LONG/\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#\"; location=\"/a/\"; title=\"LONG\"", 400)]
    [InlineData("a; scheme=\"http://example.com/a#; location=\"/a/\"", 400)]
    public async Task What_is_in_the_way_or_makes_no_sense_is_refused(string category, int status)
    {
        var before = (await api.Send("GET", "/-/", accept: Json)).Body;
        var answer = await api.Send("POST", "/-/", "Category: " + category.Replace("LONG", new string('a', 300), StringComparison.Ordinal));
        Assert.Equal(status, answer.Status);
        Assert.NotEmpty(answer.Body);
        Assert.Equal(before, (await api.Send("GET", "/-/", accept: Json)).Body);
    }

    [Theory]
    [InlineData("POST", null, null, 400)]
    [InlineData("POST", "{}", Json, 400)]
    [InlineData("POST", """{"mixins":["http://example.com/a#a"]}""", Json, 400)]
    [InlineData("POST", """{"mixins":[{"term":"a","scheme":"http://example.com/a#","location":"/a/","applies":["http://example.com/no#kind"]}]}""", Json, 400)]
    [InlineData("POST", "http://example.com/a", "text/uri-list", 400)]
    [InlineData("DELETE", null, null, 400)]
    [InlineData("DELETE", "{}", Json, 400)]
    [InlineData("DELETE", """{"mixins":["http://schemas.ogf.org/occi/infrastructure#os_tpl"]}""", Json, 403)]
    [InlineData("DELETE", """{"kinds":["http://schemas.ogf.org/occi/infrastructure#compute"]}""", Json, 403)]
    [InlineData("DELETE", """{"mixins":["http://example.com/a#unknown"]}""", Json, 404)]
    [InlineData("PUT", null, null, 405)]
    [InlineData("POST", "/-/?action=x", null, 405)]
    public async Task The_query_interface_refuses(string method, string? body, string? type, int status)
    {
        var (path, content) = body?.StartsWith("/-/", StringComparison.Ordinal) == true ? (body, null) : ("/-/", body);
        Assert.Equal(status, (await api.Send(method, path, content, contentType: type)).Status);
        Assert.Equal(403, (await api.Send("POST", "/-/", Category, "reader")).Status);
    }

    [Fact]
    public async Task The_same_again_is_the_same_and_another_one_of_that_name_or_place_is_refused()
    {
        var me = await Project();
        await Make(me);
        await Make(me);
        foreach (var other in (string[])[Category.Replace("/my_stuff/", "/other/", StringComparison.Ordinal), Category + "; title=\"another\"", Category.Replace("Category: my_stuff", "Category: other", StringComparison.Ordinal)])
            Assert.Equal(409, (await api.Send("POST", "/-/", other, me)).Status);
        Assert.Single((await api.Send("GET", "/-/", caller: me)).Lines, l => l.Contains(Scheme, StringComparison.Ordinal));
        Assert.Contains(Category, (await api.Send("GET", "/-/", caller: me)).Lines);
        var circle = await api.Send("POST", "/-/", $"Category: a; scheme=\"{Scheme}\"; rel=\"{Scheme}b\"; location=\"/a/\"\nCategory: b; scheme=\"{Scheme}\"; rel=\"{Scheme}a\"; location=\"/b/\"", me);
        Assert.Equal(400, circle.Status);
    }

    [Fact]
    public async Task A_project_has_so_many_and_no_more()
    {
        await using var other = await api.AnotherApi("--Mixins:MaxPerProject=2");
        var me = await Project();
        string Numbered(int i) => $"Category: t{i}; scheme=\"{Scheme}\"; location=\"/t{i}/\"";
        var answer = await api.SendTo(other.Url, "POST", "/-/", string.Join('\n', Enumerable.Range(1, 3).Select(Numbered)), me, accept: Json);
        Assert.Equal((403, "quota-exceeded"), (answer.Status, answer.Json.GetProperty("type").GetString()));
        Assert.Equal(200, (await api.SendTo(other.Url, "POST", "/-/", $"{Numbered(1)}\n{Numbered(2)}", me)).Status);
        Assert.Equal(403, (await api.SendTo(other.Url, "POST", "/-/", Numbered(3), me)).Status);
        Assert.Equal(200, (await api.SendTo(other.Url, "POST", "/-/", Numbered(2), me)).Status);
        Assert.Equal(200, (await api.SendTo(other.Url, "DELETE", "/-/", Numbered(1), me)).Status);
        Assert.Equal(200, (await api.SendTo(other.Url, "POST", "/-/", Numbered(3), me)).Status);
    }

    [Fact]
    public async Task The_collection_gives_and_takes_the_mixin()
    {
        var me = await Project();
        await Make(me);
        var (one, two) = (await Network(me), await Network(me));
        Assert.Equal((200, ""), ((await api.Send("GET", "/my_stuff/", caller: me)).Status, (await api.Send("GET", "/my_stuff/", caller: me)).Body));

        var added = await api.Send("POST", "/my_stuff/", Location(one), me);
        Assert.Equal((200, Location(one)), (added.Status, added.Body.Trim()));
        Assert.Contains($"Category: my_stuff; scheme=\"{Scheme}\"; class=\"mixin\"", (await api.Send("GET", one, caller: me)).Lines);
        Assert.Equal(Location(one), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());
        var tag = (await api.Send("GET", one, caller: me))["ETag"];
        Assert.Equal(200, (await api.Send("POST", "/my_stuff/", Location(one), me)).Status);
        Assert.Equal(tag, (await api.Send("GET", one, caller: me))["ETag"]);

        foreach (var stray in (string[])[$"/network/{Guid.NewGuid()}", "/nothing/here", "http://example.com/network/1"])
            Assert.Equal(400, (await api.Send("POST", "/my_stuff/", $"{Location(two)}\nX-OCCI-Location: {stray}", me)).Status);
        Assert.Equal(Location(one), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());

        var full = await api.Send("POST", "/my_stuff/", $$"""{"resources":[{"kind":"{{Infrastructure}}network","id":"urn:uuid:{{two["/network/".Length..]}}"}]}""", me, Json, Json);
        Assert.Equal(200, full.Status);
        Assert.Equal($"{Scheme}my_stuff", Assert.Single(full.Json.GetProperty("resources").EnumerateArray()).GetProperty("mixins")[0].GetString());
        Assert.Empty(full.Json.GetProperty("links").EnumerateArray());
        Assert.Equal(200, (await api.Send("POST", "/my_stuff/", $$"""["{{new Uri(api.Url, two)}}"]""", me, Json, Json)).Status);
        Assert.Equal(Location(two), (await api.Send("GET", "/my_stuff/?page=2&number=1", caller: me)).Body.Trim());
        Assert.Equal(Location(one, two), (await api.Send("GET", "/network/", caller: me, headers: ("Category", $"my_stuff; scheme=\"{Scheme}\""))).Body.Trim());
        Assert.Equal(413, (await api.Send("GET", "/my_stuff/?page=1&number=1000000", caller: me)).Status);

        var put = await api.Send("PUT", "/my_stuff/", Location(two), me);
        Assert.Equal((200, Location(two)), (put.Status, put.Body.Trim()));
        Assert.Equal(Location(two), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());
        Assert.DoesNotContain("my_stuff", (await api.Send("GET", one, caller: me)).Body, StringComparison.Ordinal);

        Assert.Equal(200, (await api.Send("POST", "/my_stuff/", Location(one), me)).Status);
        Assert.Equal(400, (await api.Send("DELETE", "/my_stuff/", Location(one, "/network/" + Guid.NewGuid()), me)).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/my_stuff/", Location(one), me)).Status);
        Assert.Equal(Location(two), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());
        Assert.Equal(200, (await api.Send("DELETE", "/my_stuff/", caller: me)).Status);
        Assert.Empty((await api.Send("GET", "/my_stuff/", caller: me)).Body);
        foreach (var path in (string[])[one, two])
            Assert.Equal(200, (await api.Send("GET", path, caller: me)).Status);

        Assert.Equal(400, (await api.Send("POST", "/network/", Location(one), me)).Status);
        Assert.Equal(400, (await api.Send("POST", "/my_stuff/?action=go", "Category: go; scheme=\"http://example.com/a#\"; class=\"action\"", me)).Status);
    }

    [Fact]
    public async Task Entities_are_created_and_changed_with_it()
    {
        var me = await Project();
        await Make(me);
        const string Mine = "Category: my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"";
        var made = (await api.Send("POST", "/network/", $"{Kind("network")}\n{Mine}", me)).Path;
        var changed = await Network(me);
        Assert.Equal(200, (await api.Send("POST", changed, Mine, me)).Status);
        Assert.Equal(Location(made, changed), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());
        Assert.Equal(200, (await api.Send("PUT", made, Kind("network"), me)).Status);
        Assert.Equal(Location(changed), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());
        Assert.Equal(201, (await api.Send("POST", "/compute/", $"{Kind("compute")}\n{Mine}\nLink: <{made}>; rel=\"{Infrastructure}network\"; category=\"{Infrastructure}networkinterface {Scheme}my_stuff\"", me)).Status);
        var mixed = (await api.Send("GET", "/my_stuff/", caller: me, accept: Json)).Json;
        Assert.Equal((2, 1), (mixed.GetProperty("resources").GetArrayLength(), mixed.GetProperty("links").GetArrayLength()));
        Assert.Equal(3, (await api.Send("GET", "/my_stuff/", caller: me)).Lines.Length);
    }

    [Fact]
    public async Task It_is_for_the_kinds_that_it_applies_to()
    {
        var me = await Project();
        var made = await api.Send("POST", "/-/", $$"""{"mixins":[{"term":"only","scheme":"{{Scheme}}","location":"/only/","applies":["{{Infrastructure}}compute"]}]}""", me, Json, Json);
        Assert.Equal($"{Infrastructure}compute", made.Json.GetProperty("mixins")[0].GetProperty("applies")[0].GetString());
        Assert.Equal(400, (await api.Send("POST", "/only/", Location(await Network(me)), me)).Status);
        Assert.Equal(200, (await api.Send("POST", "/only/", Location((await api.Send("POST", "/compute/", Kind("compute"), me)).Path), me)).Status);
    }

    [Theory]
    [InlineData("Category: my_stuff; scheme=\"http://example.com/occi/my_stuff#\"", null)]
    [InlineData("Category: my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"; location=\"/my_stuff/\"", null)]
    [InlineData("""{"mixins":["http://example.com/occi/my_stuff#my_stuff"]}""", Json)]
    [InlineData("""{"mixins":[{"term":"my_stuff","scheme":"http://example.com/occi/my_stuff#","location":"/my_stuff/"}]}""", Json)]
    public async Task A_removed_mixin_is_nowhere_and_does_not_come_back_by_its_name(string named, string? type)
    {
        var me = await Project();
        await Make(me);
        var path = await Network(me);
        Assert.Equal(200, (await api.Send("POST", "/my_stuff/", Location(path), me)).Status);
        var removed = await api.Send("DELETE", "/-/", named, me, contentType: type);
        Assert.Equal((200, "OK"), (removed.Status, removed.Body));

        Assert.DoesNotContain("my_stuff", (await api.Send("GET", "/-/", caller: me)).Body, StringComparison.Ordinal);
        Assert.Equal(404, (await api.Send("GET", "/my_stuff/", caller: me)).Status);
        foreach (var accept in (string[])["text/plain", Json])
        {
            Assert.DoesNotContain("my_stuff", (await api.Send("GET", path, caller: me, accept: accept)).Body, StringComparison.Ordinal);
            Assert.DoesNotContain("my_stuff", (await api.Send("GET", "/network/", caller: me, accept: accept)).Body, StringComparison.Ordinal);
        }
        Assert.Equal(0, await api.Count($"select count(*) from entity where entity_id = $1 and mixins && array['{Scheme}my_stuff']", Guid.Parse(path.AsSpan("/network/".Length))));
        Assert.Equal(400, (await api.Send("POST", path, Category, me)).Status);
        Assert.Equal(404, (await api.Send("DELETE", "/-/", named, me, contentType: type)).Status);
        await Make(me);
        Assert.Empty((await api.Send("GET", "/my_stuff/", caller: me)).Body);
    }

    [Fact]
    public async Task Projects_keep_their_mixins_apart()
    {
        var (me, you) = (await Project(), await Project());
        await Make(me);
        var mine = await Network(me);
        Assert.Equal(200, (await api.Send("POST", "/my_stuff/", Location(mine), me)).Status);

        foreach (var stranger in (string[])[you, "admin"])
        {
            Assert.DoesNotContain("my_stuff", (await api.Send("GET", "/-/", caller: stranger)).Body, StringComparison.Ordinal);
            Assert.Equal(404, (await api.Send("GET", "/my_stuff/", caller: stranger)).Status);
            Assert.Equal(404, (await api.Send("DELETE", "/-/", Category, stranger)).Status);
            Assert.Equal(400, (await api.Send("POST", "/network/", $"{Kind("network")}\n{Category}", stranger)).Status);
            Assert.Equal(400, (await api.Send("GET", "/network/", caller: stranger, headers: ("Category", $"my_stuff; scheme=\"{Scheme}\""))).Status);
        }
        await Make(you);
        Assert.Empty((await api.Send("GET", "/my_stuff/", caller: you)).Body);
        Assert.Equal(400, (await api.Send("POST", "/my_stuff/", Location(mine), you)).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/-/", Category, you)).Status);
        Assert.Equal(Location(mine), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());
    }

    [Fact]
    public async Task An_admin_sees_others_mixins_on_others_entities_and_uses_its_own_on_its_own()
    {
        var me = await Project();
        await Make(me);
        var mine = await Network(me);
        Assert.Equal(200, (await api.Send("POST", "/my_stuff/", Location(mine), me)).Status);
        foreach (var accept in (string[])["text/plain", Json])
            Assert.Contains("my_stuff", (await api.Send("GET", mine, caller: "admin", accept: accept)).Body, StringComparison.Ordinal);
        Assert.Contains("my_stuff", (await api.Send("GET", "/network/", caller: "admin", accept: Json)).Body, StringComparison.Ordinal);
        // An admin's change of something else leaves it alone; one that names it is by what the entity's project has.
        Assert.Contains("my_stuff", (await api.Send("POST", mine, "X-OCCI-Attribute: occi.core.title=\"seen\"", "admin")).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("POST", mine, Category, "admin")).Status);
        Assert.Equal(200, (await api.Send("POST", "/mixin/private_net/", Location(mine), "admin")).Status);
        Assert.Equal(Location(mine), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());

        try
        {
            await Make("admin");
            Assert.Empty((await api.Send("GET", "/my_stuff/", caller: "admin")).Body);
            Assert.Empty((await api.Send("GET", "/network/", caller: "admin", headers: ("Category", $"my_stuff; scheme=\"{Scheme}\""))).Body);
            Assert.Equal(400, (await api.Send("POST", "/my_stuff/", Location(mine), "admin")).Status);
            Assert.Equal(200, (await api.Send("DELETE", "/my_stuff/", caller: "admin")).Status);
        }
        finally
        {
            Assert.Equal(200, (await api.Send("DELETE", "/-/", Category, "admin")).Status);
        }
        Assert.Equal(Location(mine), (await api.Send("GET", "/my_stuff/", caller: me)).Body.Trim());
    }

    [Fact]
    public async Task A_template_that_is_given_by_its_collection_takes_another_ones_place()
    {
        var me = await Project();
        var compute = (await api.Send("POST", "/compute/", Kind("compute"), me)).Path;
        await api.Becomes(compute, "occi.compute.state", "active", me);
        Assert.Equal(200, (await api.Send("POST", "/mixin/resource_tpl/mem_small/", Location(compute), me)).Status);
        Assert.Equal(200, (await api.Send("POST", "/mixin/resource_tpl/small/", Location(compute), me)).Status);
        var shown = (await api.Send("GET", compute, caller: me)).Body;
        Assert.DoesNotContain("mem_small", shown, StringComparison.Ordinal);
        Assert.Contains("Category: small;", shown, StringComparison.Ordinal);
    }
}
