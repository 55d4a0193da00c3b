using System.Text.Json;
using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests.Declared;

/// <summary>The example of docs/adding-a-kind.md, used as its reader would: whatever can be done with a compiled kind can be done with it.</summary>
[Collection("extended cloud")]
public sealed class LicenceTests(ExtendedCloud cloud)
{
    private const string Json = "application/occi+json";
    private const string Licences = "http://example.com/occi/licences#";
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Compute = $"Category: compute; scheme=\"{Infrastructure}\"; class=\"kind\"";
    private const string Tiny = "Category: tiny; scheme=\"http://example.com/occi/sizes#\"; class=\"mixin\"";
    private const string Costs = "Category: costs; scheme=\"http://example.com/occi/costs#\"; class=\"mixin\"";

    private readonly ApiFixture _api = cloud.Api;

    [Fact]
    public async Task It_is_created_with_defaults_changed_and_replaced()
    {
        var path = await Make("editor");
        var attributes = (await Get(path)).GetProperty("attributes");
        Assert.Equal(("editor", 1, "ordered"), (Text(attributes, "product"), attributes.GetProperty("com.example.licence.seats").GetInt32(), Text(attributes, "state")));

        Assert.Equal(200, (await _api.Send("POST", path, "X-OCCI-Attribute: com.example.licence.seats=5, com.example.licence.expires=\"2027-01-01\"")).Status);
        Assert.Equal(5, (await Get(path)).GetProperty("attributes").GetProperty("com.example.licence.seats").GetInt32());
        Assert.Equal(400, (await _api.Send("POST", path, "X-OCCI-Attribute: com.example.licence.seats=0")).Status);
        Assert.Equal(400, (await _api.Send("POST", path, "X-OCCI-Attribute: com.example.licence.colour=\"red\"")).Status);
        Assert.Equal(403, (await _api.Send("POST", path, "X-OCCI-Attribute: com.example.licence.product=\"another\"")).Status);   // once

        Assert.Equal(200, (await _api.Send("PUT", path, $"{Category("licence")}\nX-OCCI-Attribute: com.example.licence.product=\"editor\", occi.core.title=\"new\"")).Status);
        attributes = (await Get(path)).GetProperty("attributes");
        Assert.Equal(1, attributes.GetProperty("com.example.licence.seats").GetInt32());
        Assert.False(attributes.TryGetProperty("com.example.licence.expires", out _));
        Assert.Equal(400, (await _api.Send("POST", "/licence/", Category("licence"))).Status);   // without its required attribute
    }

    [Fact]
    public async Task It_is_created_once_where_the_client_says()
    {
        var path = "/licence/" + Guid.NewGuid();
        var body = $"{Category("licence")}\nX-OCCI-Attribute: com.example.licence.product=\"shell\"";
        Assert.Equal(201, (await _api.Send("PUT", path, body)).Status);
        Assert.Equal(404, (await _api.Send("GET", path, caller: "stranger")).Status);
        Assert.Equal(404, (await _api.Send("DELETE", path, caller: "stranger")).Status);
        Assert.Equal(403, (await _api.Send("DELETE", path, caller: "reader")).Status);

        var tag = (await _api.Send("GET", path))["ETag"]!;
        Assert.Equal(304, (await _api.Send("GET", path, headers: ("If-None-Match", tag))).Status);
        Assert.Equal(200, (await _api.Send("POST", path, "X-OCCI-Attribute: occi.core.title=\"a\"", headers: ("If-Match", tag))).Status);
        Assert.Equal(412, (await _api.Send("POST", path, "X-OCCI-Attribute: occi.core.title=\"b\"", headers: ("If-Match", tag))).Status);
        Assert.Equal(412, (await _api.Send("DELETE", path, headers: ("If-Match", tag))).Status);
    }

    [Fact]
    public async Task It_is_listed_filtered_paged_and_acted_upon_in_its_collection()
    {
        var product = Guid.NewGuid().ToString("N");
        var paths = new List<string>();
        for (var i = 0; i < 5; i++)
            paths.Add(await Make(product, $", com.example.licence.seats={i + 1}"));
        (string, string) ofIt = ("X-OCCI-Attribute", $"com.example.licence.product=\"{product}\"");
        Assert.Equal(paths, await List("/licence/", ofIt));
        Assert.Equal(paths, await List("/", ofIt));
        Assert.Equal(paths, await List("/resource/", ofIt));
        Assert.Equal(paths[2..4], await List("/licence/?page=2&number=2", ofIt));
        Assert.Equal([paths[3]], await List("/licence/", ofIt, ("X-OCCI-Attribute", "com.example.licence.seats=4")));
        Assert.Equal(5, (await _api.Send("GET", "/licence/", accept: Json, headers: ofIt)).Json.GetProperty("resources").GetArrayLength());
        Assert.Empty(await List("/licence/", ofIt, ("X-OCCI-Attribute", "com.example.licence.state=\"valid\"")));

        Assert.Equal(200, (await _api.Send("POST", paths[0] + "?action=activate", "Category: activate; scheme=\"http://example.com/occi/licences/action#\"; class=\"action\"")).Status);
        Assert.Equal([paths[0]], await List("/licence/", ofIt, ("X-OCCI-Attribute", "com.example.licence.state=\"VALID\"")));
        Assert.EndsWith("Z", Text((await Get(paths[0])).GetProperty("attributes"), "since"), StringComparison.Ordinal);

        Assert.Equal(200, (await _api.Send("DELETE", "/licence/", string.Join('\n', paths.Select(p => "X-OCCI-Location: " + p)))).Status);
        Assert.Empty(await List("/licence/", ofIt));
    }

    [Fact]
    public async Task A_compute_links_to_it_inline_or_later()
    {
        var (first, second) = (await Make("database"), await Make("web server"));
        var made = await _api.Send("POST", "/compute/", $"{Compute}\n{Tiny}\nLink: <{first}>; rel=\"{Licences}licence\"");   // the target tells the kind of link
        Assert.Equal(201, made.Status);
        var link = Assert.Single((await Get(made.Path)).GetProperty("links").EnumerateArray());
        Assert.Equal((Licences + "licence_use", first), (link.GetProperty("kind").GetString(), link.GetProperty("target").GetProperty("location").GetString()));

        Assert.Equal(200, (await _api.Send("POST", made.Path, $"Link: <{second}>; rel=\"{Licences}licence\"; category=\"{Licences}licence_use\"")).Status);
        var third = await _api.Send("POST", "/licence_use/", $"{Category("licence_use")}\nX-OCCI-Attribute: occi.core.source=\"{_api.Url.GetLeftPart(UriPartial.Authority)}{made.Path}\", occi.core.target=\"{Urn(second)}\"");
        Assert.Equal(201, third.Status);
        var links = (await Get(made.Path)).GetProperty("links").EnumerateArray().ToArray();
        Assert.Equal([first, second, second], links.Select(l => l.GetProperty("target").GetProperty("location").GetString()));
        var listed = (await _api.Send("GET", "/compute/", accept: Json)).Json.GetProperty("resources").EnumerateArray().Single(r => Urn(made.Path) == r.GetProperty("id").GetString());
        Assert.Equal(3, listed.GetProperty("links").GetArrayLength());
        Assert.Contains($"Link: <{first}>; rel=\"{Licences}licence\"; self=\"/licence_use/", (await _api.Send("GET", made.Path, accept: "text/plain")).Body, StringComparison.Ordinal);

        Assert.Equal(200, (await _api.Send("DELETE", third.Path)).Status);
        Assert.Equal(2, (await Get(made.Path)).GetProperty("links").GetArrayLength());
        Assert.Equal(200, (await _api.Send("DELETE", made.Path)).Status);
        Assert.Empty(await List("/licence_use/", ("X-OCCI-Attribute", $"occi.core.source=\"{made.Path}\"")));
        Assert.Equal(200, (await _api.Send("GET", first)).Status);
    }

    [Fact]
    public async Task A_link_joins_what_its_kind_says_or_nothing_is_made()
    {
        var licence = await Make("compiler");
        var title = Guid.NewGuid().ToString("N");
        var network = (await _api.Send("POST", "/network/", $"Category: network; scheme=\"{Infrastructure}\"; class=\"kind\"")).Path;
        foreach (var (source, target, wrong) in new[]
        {
            (licence, licence, "occi.core.source: a compute was wanted"),
            ("/compute/" + Guid.NewGuid(), licence, "occi.core.source: there is no compute"),
            ("https://other.example/x", licence, "occi.core.source: a compute of this cloud was wanted"),
        })
        {
            var refused = await _api.Send("POST", "/licence_use/", $"{Category("licence_use")}\nX-OCCI-Attribute: occi.core.source=\"{source}\", occi.core.target=\"{target}\"");
            Assert.Equal(400, refused.Status);
            Assert.Contains(wrong, refused.Body, StringComparison.Ordinal);
        }
        foreach (var target in new[] { network, "/licence/" + Guid.NewGuid(), "https://other.example/licence/" + Guid.NewGuid() })
        {
            var refused = await _api.Send("POST", "/compute/", $"{Compute}\n{Tiny}\nX-OCCI-Attribute: occi.core.title=\"{title}\"\n"
                + $"Link: <{licence}>; rel=\"{Licences}licence\"; category=\"{Licences}licence_use\"\nLink: <{target}>; rel=\"{Licences}licence\"; category=\"{Licences}licence_use\"");
            Assert.Equal(400, refused.Status);
            Assert.Contains("occi.core.target: ", refused.Body, StringComparison.Ordinal);
            Assert.Empty(await List("/compute/", ("X-OCCI-Attribute", $"occi.core.title=\"{title}\"")));
        }
        Assert.Empty(await List("/licence_use/", ("X-OCCI-Attribute", $"occi.core.target=\"{licence}\"")));
    }

    [Fact]
    public async Task A_compute_keeps_what_a_provider_s_mixin_says()
    {
        Assert.Equal(400, (await _api.Send("POST", "/compute/", $"{Compute}\n{Tiny}\n{Costs}")).Status);   // its attribute is required
        var made = await _api.Send("POST", "/compute/", $"{Compute}\n{Tiny}\n{Costs}\nX-OCCI-Attribute: com.example.costs.centre=\"AB1234\"");
        Assert.Equal(201, made.Status);
        var attributes = (await Get(made.Path)).GetProperty("attributes");
        Assert.Equal("AB1234", attributes.GetProperty("com.example.costs.centre").GetString());
        Assert.Equal((1, 0.25), (attributes.GetProperty("occi.compute.cores").GetInt32(), attributes.GetProperty("occi.compute.memory").GetDouble()));
        Assert.Equal(200, (await _api.Send("POST", made.Path, "X-OCCI-Attribute: com.example.costs.centre=\"CD5678\"")).Status);
        Assert.Equal(400, (await _api.Send("POST", made.Path, "X-OCCI-Attribute: com.example.costs.centre=\"nobody\"")).Status);
        Assert.Equal([made.Path], await List("/mixin/costs/", ("X-OCCI-Attribute", "com.example.costs.centre=\"CD5678\"")));
        Assert.Contains(made.Path, await List("/mixin/resource_tpl/tiny/"));
        Assert.Equal(200, (await _api.Send("DELETE", made.Path)).Status);
    }

    private static string Category(string term) => $"Category: {term}; scheme=\"{Licences}\"; class=\"kind\"";

    private static string Urn(string path) => "urn:uuid:" + path[(path.LastIndexOf('/') + 1)..];

    private static string Text(JsonElement attributes, string name) => attributes.GetProperty("com.example.licence." + name).GetString()!;

    private async Task<string> Make(string product, string more = "")
    {
        var made = await _api.Send("POST", "/licence/", $"{Category("licence")}\nX-OCCI-Attribute: com.example.licence.product=\"{product}\"{more}");
        Assert.Equal(201, made.Status);
        return made.Path;
    }

    private async Task<JsonElement> Get(string path) => (await _api.Send("GET", path, accept: Json)).Json;

    private async Task<string[]> List(string path, params (string, string)[] filter)
    {
        var answer = await _api.Send("GET", path, accept: "text/uri-list", headers: filter);
        Assert.Equal(200, answer.Status);
        return [.. answer.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(u => new Uri(u.Trim()).AbsolutePath)];
    }
}
