using System.Text.Json;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests;

/// <summary>The action save (GFD.224 §3.1, conformance C-172), from the request to the machine that boots from what was saved.</summary>
[Collection("cloud")]
public sealed class SaveTests(ApiFixture api) : IAsyncLifetime
{
    private const string Json = "application/occi+json";
    private const string Scheme = "http://controller.local/occi/os_tpl#";
    private const string OsTpl = "http://schemas.ogf.org/occi/infrastructure#os_tpl";
    private const string ComputeKind = "http://schemas.ogf.org/occi/infrastructure#compute";
    private const string Action = "http://schemas.ogf.org/occi/infrastructure/compute/action#";
    private const string ComputeCategory = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string State = "occi.compute.state";
    private const string Base = "saves-base";

    // A raw disk; the simulated host takes any.
    private static readonly string Disk = new('d', 4096);

    public async Task InitializeAsync() =>
        Assert.Equal(200, (await api.Send("PUT", $"/admin/images/{Base}?title=Base&format=raw", Disk, "admin", contentType: "application/octet-stream")).Status);

    public Task DisposeAsync()
    {
        api.Agent.Faults.Slow("CopyRootDisk", TimeSpan.Zero);
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("text/plain", "hot", 2)]
    [InlineData("text/occi", "deferred", 3)]
    [InlineData(Json, null, 2)]
    public async Task A_compute_is_saved_and_another_one_boots_from_it(string rendering, string? method, int boots)
    {
        var path = await NewCompute(Base);
        var name = "Saved " + Guid.NewGuid().ToString("N")[..8];
        var term = name.ToLowerInvariant().Replace(' ', '-');
        api.Agent.Faults.Slow("CopyRootDisk", TimeSpan.FromMinutes(10));
        var answer = await Save(path, rendering, method, name);
        Assert.Equal((200, rendering), (answer.Status, answer["Content-Type"]));

        // What is answered is the template as the query interface has it, and it has it already.
        var line = $"{term}; scheme=\"{Scheme}\"; class=\"mixin\"; title=\"{name}\"; rel=\"{OsTpl}\"; location=\"/mixin/os_tpl/{term}/\"; "
            + "attributes=\"local.controller.image.state{immutable} local.controller.image.origin{immutable}\"";
        switch (rendering)
        {
            case "text/occi":
                Assert.Equal((line, "OK"), (answer["Category"], answer.Body));
                break;
            case Json:
                Assert.Equal(JsonSerializer.Serialize(await Mixin(term)), JsonSerializer.Serialize(Assert.Single(answer.Json.GetProperty("mixins").EnumerateArray())));
                break;
            default:
                Assert.Equal("Category: " + line, answer.Body);
                break;
        }
        var mixin = await Mixin(term);
        Assert.Equal(("pending", path), (Default(mixin, "state"), Default(mixin, "origin")));
        Assert.Equal(ComputeKind, Assert.Single(mixin.GetProperty("applies").EnumerateArray()).GetString());
        Assert.Equal(OsTpl, Assert.Single(mixin.GetProperty("depends").EnumerateArray()).GetString());

        var early = await api.Send("POST", "/compute/", Create(term));
        Assert.Equal(409, early.Status);
        Assert.Contains("not ready", early.Body, StringComparison.Ordinal);

        // Something else that is wanted of the machine pushes the save aside, and it is done afterwards: this time without the wait.
        if (method == "deferred")
            await Says(path, "DEMO: power button");
        api.Agent.Faults.Slow("CopyRootDisk", TimeSpan.Zero);
        Assert.Equal(200, (await api.Send("POST", path, "X-OCCI-Attribute: occi.core.title=\"renamed\"")).Status);
        await Becomes(term, "ready");
        Assert.Equal("active", (await api.Send("GET", path, accept: Json)).Json.GetProperty("attributes").GetProperty(State).GetString());
        var second = await NewCompute(term);
        await Says(second, $"DEMO: boots {boots}\r\n");
        Assert.DoesNotContain("local.controller", (await api.Send("GET", second)).Body, StringComparison.Ordinal);
        await Says(path, $"DEMO: boots {(method == "deferred" ? 3 : 1)}\r\n");
    }

    [Fact]
    public async Task An_inactive_one_is_saved_and_stays_inactive()
    {
        var path = await NewCompute(Base);
        Assert.Equal(200, (await api.Send("POST", path + "?action=stop", $"Category: stop; scheme=\"{Action}\"; class=\"action\"")).Status);
        await api.Becomes(path, State, "inactive");
        Assert.Contains(Action + "save", (await api.Send("GET", path)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await Save(path, Json, null, "cold-one")).Status);
        await Becomes("cold-one", "ready");
        await api.Becomes(path, State, "inactive");
        // Whoever looks after the images sees it too.
        var image = (await api.Send("GET", "/admin/images", caller: "admin")).Json.EnumerateArray().Single(i => i.GetProperty("term").GetString() == "cold-one");
        Assert.Equal(("ready", path), (image.GetProperty("state").GetString(), image.GetProperty("origin").GetString()));
        Assert.Equal(image.GetProperty("sizeBytes").GetInt64(), new FileInfo(Path.Combine(api.Images, image.GetProperty("sha256").GetString()!)).Length);
        Assert.Empty(Directory.EnumerateFiles(api.Images, ".upload-*"));
    }

    [Fact]
    public async Task A_template_is_the_projects_that_saved_it_and_no_other_ones()
    {
        var path = await NewCompute(Base);
        Assert.Equal(200, (await Save(path, Json, null, "private-one")).Status);
        await Becomes("private-one", "ready");
        foreach (var other in (string[])["stranger", await api.AddProject(Guid.NewGuid().ToString("N"))])
        {
            var seen = (await api.Send("GET", "/-/", caller: other)).Body;
            Assert.Contains($"Category: {Base};", seen, StringComparison.Ordinal);
            Assert.DoesNotContain("private-one", seen, StringComparison.Ordinal);
            Assert.Equal(404, (await api.Send("GET", "/mixin/os_tpl/private-one/", caller: other)).Status);
            Assert.Equal(400, (await api.Send("POST", "/compute/", Create("private-one"), other)).Status);
        }
    }

    [Fact]
    public async Task A_disk_that_has_no_room_is_an_error_that_the_template_tells()
    {
        var path = await NewCompute(Base);
        api.Agent.Faults.Fail("CopyRootDisk", 1, "no-space", retryable: false, "There is no room on the host.");
        Assert.Equal(200, (await Save(path, Json, "hot", "too-large")).Status);
        await Becomes("too-large", "error");
        Assert.Contains("no room", Default(await Mixin("too-large"), "state.message"), StringComparison.Ordinal);
        var refused = await api.Send("POST", "/compute/", Create("too-large"));
        Assert.Equal((409, true), (refused.Status, refused.Body.Contains("no room", StringComparison.Ordinal)));
        Assert.Contains("no room", (await api.Send("GET", path)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_saved_is_refused()
    {
        var diskless = (await api.Send("POST", "/compute/", ComputeCategory)).Path;
        await api.Becomes(diskless, State, "active");
        Assert.Equal(409, (await Save(diskless, Json, "hot", "x")).Status);
        Assert.Equal(400, (await Save(diskless, Json, "warm", "x")).Status);
        Assert.Equal(404, (await Save("/compute/" + Guid.NewGuid(), Json, "hot", "x")).Status);
    }

    [Fact]
    public async Task A_project_removes_its_own_template_and_nobody_elses_and_what_was_made_of_it_can_be_changed()
    {
        var path = await NewCompute(Base);
        Assert.Equal(200, (await Save(path, Json, "hot", "removable")).Status);
        await Becomes("removable", "ready");
        var second = await NewCompute("removable");
        string Category(string term) => $"Category: {term}; scheme=\"{Scheme}\"; class=\"mixin\"";
        Assert.Equal(403, (await api.Send("DELETE", "/-/", Category(Base))).Status);
        Assert.Equal(404, (await api.Send("DELETE", "/-/", Category("removable"), "stranger")).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/-/", Category("removable"))).Status);
        Assert.Equal(404, (await api.Send("DELETE", "/-/", Category("removable"))).Status);
        Assert.Equal(400, (await api.Send("POST", "/compute/", Create("removable"))).Status);
        var changed = await api.Send("POST", second, "X-OCCI-Attribute: occi.core.title=\"renamed\"");
        Assert.True(changed.Status == 200, changed.Body);
    }

    private async Task<string> NewCompute(string template)
    {
        var made = await api.Send("POST", "/compute/", Create(template));
        Assert.Equal((201, true), (made.Status, made["Location"] is not null));
        await api.Becomes(made.Path, State, "active");
        await Says(made.Path, "DEMO: ready");
        return made.Path;
    }

    private static string Create(string template) => $"{ComputeCategory}\nCategory: {template}; scheme=\"{Scheme}\"; class=\"mixin\"";

    private Task<Answer> Save(string path, string rendering, string? method, string name)
    {
        var category = $"save; scheme=\"{Action}\"; class=\"action\"";
        (string Name, string Value)[] attributes = method is null ? [("name", name)] : [("method", method), ("name", name)];
        return rendering switch
        {
            Json => api.Send(
                "POST", path + "?action=save", JsonSerializer.Serialize(new { action = Action + "save", attributes = attributes.ToDictionary(a => a.Name, a => a.Value) }), accept: Json, contentType: Json),
            "text/occi" => api.Send(
                "POST", path + "?action=save", accept: rendering, contentType: rendering,
                headers: [("Category", category), ("X-OCCI-Attribute", string.Join(", ", attributes.Select(a => $"{a.Name}=\"{a.Value}\"")))]),
            _ => api.Send(
                "POST", path + "?action=save", string.Join('\n', attributes.Select(a => $"X-OCCI-Attribute: {a.Name}=\"{a.Value}\"").Prepend("Category: " + category)), accept: rendering),
        };
    }

    private async Task<JsonElement> Mixin(string term) =>
        (await api.Send("GET", "/-/", accept: Json)).Json.GetProperty("mixins").EnumerateArray().Single(m => m.GetProperty("term").GetString() == term && m.GetProperty("scheme").GetString() == Scheme);

    private static string Default(JsonElement mixin, string attribute) =>
        mixin.GetProperty("attributes").GetProperty("local.controller.image." + attribute).GetProperty("default").GetString()!;

    private Task Becomes(string term, string state) => Eventually.Is($"template {term} is {state}", async () => Default(await Mixin(term), "state") == state);

    private async Task Says(string path, string text)
    {
        var log = "";
        await Eventually.Is(
            $"{path} says {text}", async () => (log = (await api.Send("GET", $"/console/{path["/compute/".Length..]}?wait=0")).Body).Contains(text, StringComparison.Ordinal), found: () => log);
    }
}
