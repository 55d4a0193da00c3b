namespace Controller.Api.Tests;

/// <summary>What is done to a whole collection is done to all members or to none, in an order that works.</summary>
[Collection("cloud")]
public sealed class CollectionTests(ApiFixture api)
{
    private const string Kinds = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Json = "application/occi+json";
    private const string State = "occi.compute.state";
    private const string Large = "Category: large; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#\"; class=\"mixin\"";

    private static string Action(string term) => $"Category: {term}; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/action#\"; class=\"action\"";

    private async Task<string> New(string caller, string kind, string more = "") =>
        (await api.Send("POST", $"/{kind}/", $"Category: {kind}; scheme=\"{Kinds}\"\n{more}", caller)).Path;

    [Fact]
    public async Task An_action_that_one_member_would_refuse_changes_nobody()
    {
        var me = await api.AddProject(Guid.NewGuid().ToString("N"));
        var (active, inactive) = (await New(me, "compute"), await New(me, "compute"));
        await api.Becomes(active, State, "active", me);
        await api.Becomes(inactive, State, "active", me);
        Assert.Equal(200, (await api.Send("POST", inactive + "?action=stop", Action("stop"), me)).Status);
        await api.Becomes(inactive, State, "inactive", me);
        var tag = (await api.Send("GET", active, caller: me))["ETag"];
        var refused = await api.Send("POST", "/compute/?action=suspend", Action("suspend"), me, Json);
        Assert.Equal(409, refused.Status);
        Assert.Contains(inactive, refused.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(active, refused.Body, StringComparison.Ordinal);
        Assert.Equal(tag, (await api.Send("GET", active, caller: me))["ETag"]);
        Assert.Equal(200, (await api.Send("POST", "/compute/?action=start", Action("start"), me)).Status);
        await api.Becomes(inactive, State, "active", me);
    }

    [Fact]
    public async Task A_page_far_behind_begins_where_the_one_before_ends()
    {
        var me = await api.AddProject(Guid.NewGuid().ToString("N"));
        var many = string.Join(',', Enumerable.Repeat("{\"kind\":\"" + Kinds + "storage\",\"attributes\":{\"occi.storage.size\":1}}", 260));
        Assert.Equal(201, (await api.Send("POST", "/", "{\"resources\":[" + many + "]}", me, Json, Json)).Status);
        async Task<string[]> Listed(string query) => [.. (await api.Send("GET", "/storage/" + query, accept: "text/uri-list", caller: me)).Lines.Select(l => new Uri(l).AbsolutePath)];
        var all = await Listed("");
        Assert.Equal(260, all.Length);
        foreach (var gone in (int[])[3, 77, 205])
            Assert.Equal(200, (await api.Send("DELETE", all[gone], caller: me)).Status);
        var left = await Listed("");
        Assert.Equal(257, left.Length);
        // On both sides of where it is skipped no more but counted.
        foreach (var page in (int[])[1, 5, 10, 11, 12, 13, 14])
            Assert.Equal(left.Skip((page - 1) * 20).Take(20), await Listed($"?page={page}&number=20"));
        Assert.Equal(left[^1..], await Listed("?page=257&number=1"));
        Assert.Empty(await Listed("?page=258&number=1"));
    }

    [Fact]
    public async Task A_listing_finds_by_part_of_a_title()
    {
        var me = await api.AddProject(Guid.NewGuid().ToString("N"));
        string[] made = [await New(me, "network", "X-OCCI-Attribute: occi.core.title=\"Web-1 of Ähren\""), await New(me, "network", "X-OCCI-Attribute: occi.core.title=\"db_100% web-2\""), await New(me, "network")];
        async Task<string[]> Found(string part, string more = "") =>
            [.. (await api.Send("GET", "/network/?title=" + Uri.EscapeDataString(part) + more, accept: "text/uri-list", caller: me)).Lines.Select(l => new Uri(l).AbsolutePath)];
        Assert.Equal(made[..2], await Found("web-"));
        Assert.Equal(made[1..2], await Found("web-", "&page=2&number=1"));
        Assert.Equal(made[..1], await Found("ÄHREN"));
        Assert.Equal(made[1..2], await Found("0% W"));   // text, and no pattern
        Assert.Empty(await Found("web_"));
        Assert.Empty(await Found("of nobody"));
        Assert.Equal(made[..2], (await api.Send("GET", "/?title=web", accept: "text/uri-list", caller: me)).Lines.Select(l => new Uri(l).AbsolutePath));
        Assert.Equal(400, (await api.Send("GET", "/network/?title=", caller: me)).Status);
        Assert.Equal(400, (await api.Send("GET", "/network/?title=" + new string('x', 256), caller: me)).Status);
        var odd = await api.Send("GET", "/network/?title=a%00b", accept: "text/plain", caller: me);
        Assert.Equal((400, "title must be part of a title, which has no control characters; found U+0000."), (odd.Status, odd.Body.Trim()));
        // Nothing but what it finds would be meant, and all of it would be gone.
        Assert.Equal(400, (await api.Send("DELETE", "/network/?title=web", caller: me)).Status);
        Assert.Equal(3, (await api.Send("GET", "/network/", accept: "text/uri-list", caller: me)).Lines.Length);
    }

    [Fact]
    public async Task A_listing_shows_each_member_as_it_is_shown_alone()
    {
        var me = await api.AddProject(Guid.NewGuid().ToString("N"));
        var network = await New(me, "network", "X-OCCI-Attribute: occi.core.title=\"über\"");
        var linked = await New(me, "compute", $"X-OCCI-Attribute: occi.compute.memory=1\nLink: <{network}>; rel=\"{Kinds}network\"");
        var alone = await New(me, "compute", "X-OCCI-Attribute: occi.core.title=\"a \\\"b\\\"\"");
        await api.Becomes(linked, State, "active", me);
        await api.Becomes(alone, State, "active", me);
        foreach (var (collection, member, paths) in ((string, string, string[])[])[("/compute/", "resources", [linked, alone]), ("/network/", "resources", [network])])
        {
            var listed = await api.Send("GET", collection, caller: me, accept: Json);
            var each = await Task.WhenAll(paths.Select(p => api.Send("GET", p, caller: me, accept: Json)));
            Assert.Equal($"{{\"{member}\":[{string.Join(',', each.Select(e => e.Body))}]}}", listed.Body);
            Assert.Equal(listed.Body, (await api.Send("GET", $"{collection}?page=1&number={paths.Length}", caller: me, accept: Json)).Body);
            Assert.Equal(paths, (await api.Send("GET", collection, caller: me, accept: "text/uri-list")).Lines.Select(l => new Uri(l).AbsolutePath));
            Assert.Equal($"{{\"{member}\":[{each[^1].Body}]}}", (await api.Send("GET", $"{collection}?page={paths.Length}&number=1", caller: me, accept: Json)).Body);
            Assert.Equal($"{{\"{member}\":[]}}", (await api.Send("GET", $"{collection}?page=7&number=10", caller: me, accept: Json)).Body);
        }
    }

    [Fact]
    public async Task Deleting_a_collection_in_use_deletes_nothing()
    {
        var me = await api.AddProject(Guid.NewGuid().ToString("N"));
        var (free, used) = (await New(me, "network"), await New(me, "network"));
        var compute = await New(me, "compute", $"Link: <{used}>; rel=\"{Kinds}network\"");
        var refused = await api.Send("DELETE", "/network/", caller: me, accept: Json);
        Assert.Equal(409, refused.Status);
        Assert.Contains(used, refused.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("GET", free, caller: me)).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/compute/", caller: me)).Status);
        Assert.Equal(404, (await api.Send("GET", compute, caller: me)).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/network/", caller: me)).Status);
        Assert.Empty((await api.Send("GET", "/", accept: "text/uri-list", caller: me)).Lines);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/resource/")]
    public async Task Everything_can_be_deleted_at_once(string path)
    {
        var me = await api.AddProject(Guid.NewGuid().ToString("N"));
        var network = await New(me, "network");
        var storage = await New(me, "storage", "X-OCCI-Attribute: occi.storage.size=1");
        await New(me, "compute", $"Link: <{network}>; rel=\"{Kinds}network\"\nLink: <{storage}>; rel=\"{Kinds}storage\"");
        var others = await New("member", "network");
        Assert.Equal(200, (await api.Send("DELETE", path, caller: me)) is var gone ? gone.Status : 0);
        Assert.Empty((await api.Send("GET", "/", accept: "text/uri-list", caller: me)).Lines);
        Assert.Equal(200, (await api.Send("GET", others)).Status);
    }

    [Fact]
    public async Task A_template_given_through_its_collection_brings_its_sizes_and_leaves_them()
    {
        const string Collection = "/mixin/resource_tpl/large/";
        var compute = await New("member", "compute", "Category: small; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#\"; class=\"mixin\"");
        var location = $"X-OCCI-Location: {compute}";
        Assert.Equal(200, (await api.Send("POST", Collection, location)).Status);
        var large = (await api.Send("GET", compute)).Body;
        Assert.Contains("occi.compute.cores=4", large, StringComparison.Ordinal);
        Assert.Contains("occi.compute.ephemeral_storage.size=40", large, StringComparison.Ordinal);
        Assert.DoesNotContain("Category: small", large, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", Collection, location)).Status);
        var left = (await api.Send("GET", compute)).Body;
        Assert.Contains("occi.compute.cores=4", left, StringComparison.Ordinal);
        Assert.DoesNotContain("ephemeral", left, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("PUT", compute, left)).Status);
    }

    [Fact]
    public async Task A_mixin_that_one_member_cannot_have_is_given_to_none()
    {
        var me = await api.AddProject(Guid.NewGuid().ToString("N"), """{"cores":6}""");
        var (first, second) = (await New(me, "compute"), await New(me, "compute", "Category: ssh_key; scheme=\"http://schemas.ogf.org/occi/infrastructure/credentials#\"; class=\"mixin\"\nX-OCCI-Attribute: occi.credentials.ssh.publickey=\"k\""));
        var refused = await api.Send("POST", "/mixin/openstack/public_key/", $"X-OCCI-Location: {first}\nX-OCCI-Location: {second}", me);
        Assert.Equal(409, refused.Status);
        Assert.Contains(second, refused.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("public_key", (await api.Send("GET", first, caller: me)).Body, StringComparison.Ordinal);
        var unknown = await api.Send("POST", "/mixin/openstack/public_key/", $"X-OCCI-Location: {first}\nX-OCCI-Location: /compute/{Guid.NewGuid()}", me);
        Assert.Equal(400, unknown.Status);
        Assert.DoesNotContain("public_key", (await api.Send("GET", first, caller: me)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_template_resizes_and_wins_over_sizes()
    {
        var compute = await New("member", "compute", Large + "\nX-OCCI-Attribute: occi.compute.cores=1");
        Assert.Contains("occi.compute.cores=4", (await api.Send("GET", compute)).Body, StringComparison.Ordinal);
        var update = await api.Send("POST", compute, Large.Replace("large", "medium", StringComparison.Ordinal));
        Assert.Equal(200, update.Status);
        Assert.Contains("occi.compute.cores=2", update.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Category: large", update.Body, StringComparison.Ordinal);
        Assert.Equal(403, (await api.Send("POST", compute, "X-OCCI-Attribute: occi.compute.cores=8")).Status);
        Assert.Equal(400, (await api.Send("POST", compute, Large + "\n" + Large.Replace("large", "small", StringComparison.Ordinal))).Status);
    }
}
