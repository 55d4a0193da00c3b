using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests.Declared;

/// <summary>OCCI Platform (GFD.227) as a data file: conformance C-297 to C-300.</summary>
[Collection("extended cloud")]
public sealed class PlatformTests(ExtendedCloud cloud)
{
    private const string Json = "application/occi+json";
    private const string Platform = "http://schemas.ogf.org/occi/platform";
    private const string ComponentCategory = $"Category: component; scheme=\"{Platform}#\"; class=\"kind\"";

    private readonly ApiFixture _api = cloud.Api;

    [Fact]
    public async Task The_query_interface_has_its_categories()
    {
        var model = (await _api.Send("GET", "/-/", accept: "text/plain")).Body.Split('\n');
        var application = Assert.Single(model, l => l.Contains($"Category: application; scheme=\"{Platform}#\"; class=\"kind\"", StringComparison.Ordinal));
        foreach (var part in (string[])
            ["occi.app.name{required}", "occi.app.context{immutable}", "occi.app.state{immutable}", $"{Platform}/application/action#start", $"{Platform}/application/action#stop", "location=\"/application/\""])
            Assert.Contains(part, application, StringComparison.Ordinal);
        Assert.Contains(model, l => l.Contains("Category: component; ", StringComparison.Ordinal) && l.Contains($"{Platform}/component/action#stop", StringComparison.Ordinal));
        var json = (await _api.Send("GET", "/-/", accept: Json)).Json;
        foreach (var (mixin, kind) in new[] { ("database", "component"), ("databaselink", "componentlink") })
            Assert.Equal($"{Platform}#{kind}", json.GetProperty("mixins").EnumerateArray().Single(m => m.GetProperty("term").GetString() == mixin).GetProperty("applies")[0].GetString());
    }

    [Fact]
    public async Task An_application_is_active_until_it_is_stopped()
    {
        var made = await _api.Send("POST", "/application/", Application("shop"));
        Assert.Equal(201, made.Status);
        Assert.Equal("active", await State(made.Path));
        Assert.Equal([$"{Platform}/application/action#stop"], await Actions(made.Path));

        Assert.Equal(200, (await Act(made.Path, "stop")).Status);
        Assert.Equal("inactive", await State(made.Path));
        Assert.Equal([$"{Platform}/application/action#start"], await Actions(made.Path));
        Assert.Equal(200, (await Act(made.Path, "stop")).Status);   // it is so already
        Assert.Equal(200, (await Act(made.Path, "start")).Status);
        Assert.Equal("active", await State(made.Path));
        Assert.Equal(400, (await Act(made.Path, "restart")).Status);

        Assert.Equal(200, (await _api.Send("DELETE", made.Path)).Status);
        Assert.Equal(404, (await _api.Send("GET", made.Path)).Status);
    }

    [Fact]
    public async Task Components_are_linked_and_no_way_leads_back()
    {
        var (a, b, c) = (await Component(), await Component(), await Component());
        Assert.Equal(201, (await Link(a, b)).Status);
        Assert.Equal(201, (await Link(b, c)).Status);
        Assert.Equal(201, (await Link(a, c)).Status);
        foreach (var (from, to) in new[] { (c, a), (b, a), (a, a) })
        {
            var refused = await Link(from, to);
            Assert.Equal(409, refused.Status);
            Assert.Contains("would close a circle", refused.Body, StringComparison.Ordinal);
        }

        // An application with its component in one request, or not at all.
        var made = await _api.Send("POST", "/application/", $"{Application("shop")}\nLink: <{a}>; rel=\"{Platform}#component\"; category=\"{Platform}#componentlink\"");
        Assert.Equal(201, made.Status);
        Assert.Equal(a, (await _api.Send("GET", made.Path, accept: Json)).Json.GetProperty("links")[0].GetProperty("target").GetProperty("location").GetString());
        Assert.Equal(400, (await _api.Send("POST", "/application/", $"{Application("shop")}\nLink: <{made.Path}>; rel=\"{Platform}#component\"; category=\"{Platform}#componentlink\"")).Status);
    }

    [Fact]
    public async Task A_tag_is_put_on_and_what_it_brought_goes_with_it()
    {
        var made = await _api.Send("POST", "/component/", $"{ComponentCategory}\nCategory: database; scheme=\"{Platform}#\"; class=\"mixin\"\nX-OCCI-Attribute: occi.database.version=\"17\"");
        var path = made.Path;
        Assert.Contains("occi.database.version=\"17\"", (await _api.Send("GET", path)).Body, StringComparison.Ordinal);
        Assert.Contains(path, (await _api.Send("GET", "/mixin/database/", accept: "text/uri-list")).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await _api.Send("DELETE", "/mixin/database/", $"X-OCCI-Location: {path}")).Status);
        Assert.DoesNotContain("occi.database", (await _api.Send("GET", path)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await _api.Send("POST", "/mixin/res_tpl/", $"X-OCCI-Location: {path}")).Status);
        Assert.Contains("res_tpl", (await _api.Send("GET", path)).Body, StringComparison.Ordinal);
        Assert.Equal(400, (await _api.Send("POST", "/mixin/app_tpl/", $"X-OCCI-Location: {path}")).Status);   // does not apply
    }

    private async Task<string> Component() => (await _api.Send("POST", "/component/", ComponentCategory)).Path;

    private Task<Answer> Link(string from, string to) => _api.Send(
        "POST", "/componentlink/", $"Category: componentlink; scheme=\"{Platform}#\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.source=\"{from}\", occi.core.target=\"{to}\"");

    private static string Application(string name) => $"Category: application; scheme=\"{Platform}#\"; class=\"kind\"\nX-OCCI-Attribute: occi.app.name=\"{name}\"";

    private Task<Answer> Act(string path, string action) =>
        _api.Send("POST", $"{path}?action={action}", $"Category: {action}; scheme=\"{Platform}/application/action#\"; class=\"action\"");

    private async Task<string> State(string path) =>
        (await _api.Send("GET", path, accept: Json)).Json.GetProperty("attributes").GetProperty("occi.app.state").GetString()!;

    private async Task<string[]> Actions(string path) =>
        [.. (await _api.Send("GET", path, accept: Json)).Json.GetProperty("actions").EnumerateArray().Select(a => a.GetString()!)];
}
