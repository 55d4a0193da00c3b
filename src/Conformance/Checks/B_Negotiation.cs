using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>B. Content negotiation.</summary>
internal static class Negotiation
{
    private static async Task Gets(Session s, string path, string? accept, string type) =>
        Expect.Type(Expect.Status(await s.Me.Get(path, accept), 200), type);

    [Row("C-013", Must, C11, "GET /-/ without Accept", "200, text/plain")]
    public static Task Without_accept(Session s) => Gets(s, QueryInterface, null, TextPlain);

    [Row("C-014", Must, C11, "GET /-/ Accept: */*", "200, text/plain")]
    public static Task Anything(Session s) => Gets(s, QueryInterface, "*/*", TextPlain);

    [Row("C-015", Must, C, "GET /-/ Accept: text/plain", "200, text/plain")]
    public static Task Text_plain(Session s) => Gets(s, QueryInterface, TextPlain, TextPlain);

    [Row("C-016", Must, C, "GET entity Accept: text/occi+plain", "200, the text/plain body as text/occi+plain")]
    public static async Task Text_occi_plain(Session s)
    {
        var path = await s.MakeNetwork();
        await s.Becomes(path, "occi.network.state", "active", "inactive");
        var response = Expect.Type(Expect.Status(await s.Me.Get(path, "text/occi+plain"), 200), "text/occi+plain");
        Expect.That(response.Categories.Any(c => c.Id == Network), "the kind's Category in the body", response);
    }

    [Row("C-017", Must, C, "GET entity Accept: text/occi", "200, text/occi, data in headers")]
    public static async Task Text_occi(Session s)
    {
        var response = Expect.Type(Expect.Status(await s.Me.Get(await s.MakeNetwork(), TextOcci), 200), TextOcci);
        Expect.That(response.Categories.Any(c => c.Id == Network), "the kind in the header Category", response);
        Expect.That(response.Attributes.ContainsKey("occi.core.id"), "occi.core.id in the header X-OCCI-Attribute", response);
    }

    [Row("C-018", Must, C, "GET kind collection Accept: text/uri-list", "200, text/uri-list")]
    public static async Task Uri_list(Session s)
    {
        var path = await s.MakeNetwork();
        var response = Expect.Type(Expect.Status(await s.Me.Get(s.Model.LocationOf(Network), UriList), 200), UriList);
        Expect.That(response.Locations.Contains(s.Url(path)), "the entity's URL", response);
    }

    [Row("C-019", Must, C, "GET entity, collection and /-/ Accept: application/occi+json", "200, application/occi+json")]
    public static async Task Occi_json(Session s)
    {
        foreach (var path in new[] { await s.MakeNetwork(), s.Model.LocationOf(Network), QueryInterface })
        {
            var response = Expect.Type(Expect.Status(await s.Me.Get(path, Json), 200), Json);
            Expect.That(response.Json.ValueKind == System.Text.Json.JsonValueKind.Object, "a JSON object", response);
        }
    }

    [Row("C-020", Int, R, "GET entity Accept: application/json", "200, the JSON rendering")]
    public static async Task Plain_json(Session s)
    {
        var response = Expect.Status(await s.Me.Get(await s.MakeNetwork(), "application/json"), 200);
        Expect.That(response.Json.GetProperty("kind").GetString() == Network, "a JSON entity", response);
    }

    [Row("C-021", Must, C, "GET entity Accept: text/uri-list only", "400")]
    public static async Task No_uri_list_of_an_entity(Session s) => Expect.Status(await s.Me.Get(await s.MakeNetwork(), UriList), 400);

    [Row("C-022", Must, U, "GET /-/ Accept: text/uri-list only", "400 (406 tolerated)")]
    public static async Task No_uri_list_of_categories(Session s) => Expect.Status(await s.Me.Get(QueryInterface, UriList), 400, 406);

    [Row("C-023", Should, U, "GET entity Accept: text/uri-list, text/plain;q=0.5", "200 text/plain")]
    public static async Task Something_else_than_a_uri_list(Session s) => await Gets(s, await s.MakeNetwork(), "text/uri-list, text/plain;q=0.5", TextPlain);

    [Row("C-024", Must, C, "GET /-/ Accept: image/png", "406")]
    public static async Task What_can_not_be_had(Session s) => Expect.Status(await s.Me.Get(QueryInterface, "image/png"), 406);

    [Row("C-025", Must, C, "GET /-/ Accept: text/plain;q=0.1, application/occi+json", "JSON")]
    public static Task The_better_quality(Session s) => Gets(s, QueryInterface, "text/plain;q=0.1, application/occi+json", Json);

    [Row("C-026", Int, R, "GET /-/ Accept: text/plain,text/occi;q=0.2", "text/plain")]
    public static Task What_rocci_sends(Session s) => Gets(s, QueryInterface, "text/plain,text/occi;q=0.2", TextPlain);

    [Row("C-027", Must, C, "POST create Content-Type: text/plain; charset=utf-8", "accepted")]
    public static async Task A_parameter_in_content_type(Session s) =>
        s.Made(await s.Me.Post(s.Model.LocationOf(Network), Compose.Kind(Network), "text/plain; charset=utf-8"));

    [Row("C-028", Must, U, "POST create Content-Type: application/x-unknown with body", "406 (415, 400 tolerated)")]
    public static async Task An_unknown_content_type(Session s) =>
        Expect.Status(await s.Me.Post(s.Model.LocationOf(Network), Compose.Kind(Network), "application/x-unknown"), 406, 415, 400);

    [Row("C-029", Must, C, "POST JSON body with Accept: text/plain", "read as JSON, answered in text/plain")]
    public static async Task Json_in_and_text_out(Session s)
    {
        var response = await s.Me.Post(s.Model.LocationOf(Network), $$"""{"kind":"{{Network}}","title":"json in"}""", Json, TextPlain);
        var path = s.Made(Expect.Type(response, TextPlain));
        Expect.That((await s.ReadText(path)).Attributes.GetValueOrDefault("occi.core.title") == "\"json in\"", "the title that was sent in JSON");
    }

    [Row("C-030", Must, U, "GET text/occi of what exceeds the header cap", "406 or 413, never part of it")]
    public static async Task More_than_headers_hold(Session s)
    {
        // Two summaries that fit into a request each, and not into an answer's headers.
        var path = await s.MakeNetwork(Compose.Text("occi.core.summary", new string('x', 70_000)));
        Response response;
        try
        {
            response = await s.Me.Get(path, TextOcci);
        }
        catch (CheckFailedException)
        {
            throw new NotApplicableException("the server's headers hold more than this client takes");
        }
        if (response.Status == 200)
            Expect.That(response.Attributes.GetValueOrDefault("occi.core.summary")?.Length == 70_002, "the whole summary", response);
        else
            Expect.Status(response, 406, 413);
    }

    [Row("C-031", Must, C, "successful text/occi requests: GET, POST, PUT, DELETE", "the body is OK")]
    public static async Task The_body_is_ok(Session s)
    {
        var created = await s.Me.SendOcci("POST", s.Model.LocationOf(Network), Compose.Kind(Network));
        var path = s.Made(created);
        Response[] all =
        [
            created, await s.Me.Get(path, TextOcci), await s.Me.SendOcci("POST", path, Compose.Text("occi.core.title", "a")),
            await s.Me.SendOcci("PUT", path, Compose.Lines(Compose.Kind(Network), Compose.Text("occi.core.title", "b"))), await s.Me.Delete(path, accept: TextOcci),
        ];
        foreach (var response in all)
            Expect.That(response is { Status: 200 or 201, Body: "OK" }, "success with the body OK", response);
    }
}
