using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>G. Create: what must work.</summary>
internal static class Creation
{
    private const string Title = "occi.core.title";

    private static async Task IsThere(Session s, string path, string kind, string title)
    {
        var entity = await s.ReadText(path);
        Expect.That(entity.Categories is [{ Class: "kind" } first, ..] && first.Id == kind, $"an entity of {kind}", entity);
        Expect.That(entity.Value(Title) == title, $"the title '{title}'", entity);
        Expect.That((await s.List(s.Model.LocationOf(kind))).Contains(s.Url(path)), $"{s.Url(path)} in the collection of {kind}");
    }

    private static string Named(string title) => Compose.Text(Title, title);

    [Row("C-093", Must, C, "POST to compute's location, text/plain, kind only", "201 with Location, or 200; 400 only where templates must be given")]
    public static async Task A_kind_is_enough(Session s)
    {
        var location = s.Model.LocationOf(Compute);
        var response = await s.Me.Post(location, Compose.Kind(Compute));
        if (response.Status == 400)
        {
            var templates = new[] { OsTemplate, ResourceTemplate }.Select(t => s.Model.TemplatesOf(t)).Where(t => t.Count > 0).Select(t => Compose.Mixin(t[0].Id)).ToArray();
            Expect.That(templates.Length > 0, "400 only where there are templates to give", response);
            response = await s.Me.Post(location, Compose.Lines([Compose.Kind(Compute), .. templates]));
        }
        Expect.Status(response, 201, 200);
        Expect.Status(await s.Me.Get(s.Made(response)), 200);
    }

    [Row("C-094", Must, C, "the answer 201", "Location is the new entity's absolute URL")]
    public static async Task Location_is_absolute(Session s)
    {
        foreach (var accept in new[] { TextPlain, TextOcci, UriList })
        {
            var response = await s.Me.Post(s.Model.LocationOf(Network), Compose.Kind(Network), accept: accept);
            var path = s.Made(response);
            if (response.Status != 201)
                continue;
            Expect.That(response["Location"] is { } url && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https", $"an absolute URL in Location, found '{response["Location"]}'", response);
            Expect.That((await s.ReadText(path)).Categories[0].Id == Network, "a network at Location", response);
        }
    }

    [Row("C-095", Must, C, "the answer 200", "the body has the entity's rendering (one of 201 tells of that entity, too)")]
    public static async Task The_answer_tells_of_the_entity(Session s)
    {
        foreach (var accept in new[] { TextPlain, Json })
        {
            var response = await s.Me.Post(s.Model.LocationOf(Network), Compose.Lines(Compose.Kind(Network), Named("told")), accept: accept);
            if (response.Status == 406)
                continue;   // no JSON
            var path = s.Made(response);
            var rendered = accept == Json ? response.Json.TryGetProperty("title", out var title) && title.GetString() == "told" : response.Value(Title) == "told";
            Expect.That(rendered || (response.Status == 201 && (response.Body.Length == 0 || response.Locations.Any(l => s.PathOf(l) == path))), "the entity, or with 201 where it is", response);
        }
    }

    [Row("C-096", Int, R, "the same, Accept: text/plain", "201, Location, the body X-OCCI-Location: <URL>, Content-Type text/plain")]
    public static async Task Every_client_finds_the_location(Session s)
    {
        var response = await s.Me.Post(s.Model.LocationOf(Compute), Compose.Kind(Compute), accept: TextPlain);
        s.Made(response);
        Expect.Type(Expect.Status(response, 201), TextPlain);
        Expect.That(response["Location"] is { } url && response.Body.TrimEnd('\r', '\n') == Compose.Location(url), $"'{Compose.Location(response["Location"] ?? "URL")}' as the body", response);
    }

    [Row("C-097", Must, C, "GET the Location", "200, an entity of that kind")]
    public static async Task The_entity_is_there(Session s)
    {
        foreach (var (kind, path) in new[] { (Compute, await s.MakeCompute()), (Network, await s.MakeNetwork()), (Storage, await s.MakeStorage()) })
            Expect.That((await s.ReadText(path)).Categories is [{ Class: "kind" } first, ..] && first.Id == kind, $"an entity of {kind} at {path}");
    }

    [Row("C-098", Must, C, "GET the collection", "it lists the new URL, to the letter")]
    public static async Task The_collection_has_it(Session s)
    {
        var response = await s.Me.Post(s.Model.LocationOf(Compute), Compose.Kind(Compute));
        s.Made(response);
        var url = response["Location"] ?? response.Locations[0];
        Expect.That((await s.List(s.Model.LocationOf(Compute))).Contains(url), $"{url} in the collection");
    }

    [Row("C-099", Must, C, "POST in text/occi: data in headers, no body", "created")]
    public static async Task It_can_be_sent_in_headers(Session s) =>
        await IsThere(s, s.Made(await s.Me.SendOcci("POST", s.Model.LocationOf(Network), Compose.Lines(Compose.Kind(Network), Named("in, headers")))), Network, "in, headers");

    [Row("C-100", Must, C, "POST a resource in JSON", "created")]
    public static async Task It_can_be_sent_in_json(Session s)
    {
        await Definitions.Read(s.Me);   // not applicable without JSON
        var body = $$"""{"kind":"{{Storage}}","id":"urn:uuid:{{Guid.NewGuid():D}}","title":"in JSON","attributes":{"occi.storage.size":1.5} }""";
        var path = s.Made(await s.Me.Post(s.Model.LocationOf(Storage), body, Json, Json));
        await IsThere(s, path, Storage, "in JSON");
        Expect.That((await s.ReadText(path)).Value("occi.storage.size") == "1.5", "the size 1.5");
    }

    [Row("C-101", Must, U, "the same without id", "created; an id is made")]
    public static async Task An_id_is_not_needed(Session s)
    {
        await Definitions.Read(s.Me);
        var path = s.Made(await s.Me.Post(s.Model.LocationOf(Network), $$"""{"kind":"{{Network}}","title":"no id"}""", Json, Json));
        await IsThere(s, path, Network, "no id");
        Expect.That((await s.ReadText(path)).Value("occi.core.id")?.Length > 0, "an id");
    }

    [Row("C-102", Int, R, "create with the client's occi.core.id", "created; the value ignored or honoured")]
    public static async Task An_id_may_be_sent(Session s)
    {
        foreach (var id in new[] { Guid.NewGuid().ToString("D"), $"urn:uuid:{Guid.NewGuid():D}", "im-0815", "Compute_1448000000", "http://example.com/an/id" })
        {
            var path = s.Made(await s.Me.Post(s.Model.LocationOf(Network), Compose.Lines(Compose.Kind(Network), Compose.Text("occi.core.id", id), Named(id))));
            await IsThere(s, path, Network, id);
        }
    }

    [Row("C-113", Must, C, "POST with mixins", "the instance has them and is in their collections")]
    public static async Task Mixins_come_with_it(Session s)
    {
        s.Model.Get(IpNetwork);
        var (tag, location) = await s.MakeTag();
        var path = await s.MakeNetwork(Compose.Mixin(IpNetwork), Compose.Mixin(tag), Compose.Text("occi.network.address", "10.133.1.0/24"));
        Expect.Same([Network, IpNetwork, tag], (await s.ReadText(path)).Categories.Select(c => c.Id), "the kind and both mixins");
        foreach (var collection in new[] { s.Model.LocationOf(IpNetwork), location })
            Expect.That((await s.ListPaths(collection)).Contains(path), $"{path} in {collection}");
    }

    [Row("C-114", Must, C, "POST JSON with two resources", "both created; a list of their locations or renderings")]
    public static async Task Several_are_created_at_once(Session s)
    {
        await Definitions.Read(s.Me);
        var body = $$"""{"resources":[{"kind":"{{Network}}","title":"one"},{"kind":"{{Network}}","title":"other"}]}""";
        var response = Expect.Status(await s.Me.Post(s.Model.LocationOf(Network), body, Json, TextPlain), 201, 200);
        var paths = response.Locations.Select(s.Made).ToArray();
        Expect.That(paths.Distinct().Count() == 2, "two locations", response);
        Expect.Same(["one", "other"], [(await s.ReadText(paths[0])).Value(Title)!, (await s.ReadText(paths[1])).Value(Title)!], "both titles");
        foreach (var path in paths)
            Expect.That((await s.ListPaths(s.Model.LocationOf(Network))).Contains(path), $"{path} in the collection");
        var json = Expect.Status(await s.Me.Post(s.Model.LocationOf(Network), body, Json, Json), 201, 200).Json;
        var all = json.ValueKind == System.Text.Json.JsonValueKind.Array ? json : json.GetProperty("resources");
        foreach (var one in all.EnumerateArray())
            s.Made(one.ValueKind == System.Text.Json.JsonValueKind.String ? one.GetString()! : s.Model.LocationOf(Network) + one.GetProperty("id").GetString()!.Split(':')[^1]);
        Expect.That(all.GetArrayLength() == 2, $"two of them in JSON, found {json}");
    }

    [Row("C-116", Int, R, "POST / with a compute's rendering", "created as at its kind's location")]
    public static async Task It_can_be_posted_to_the_root(Session s)
    {
        // As the working group's test does: in headers, without class.
        var response = await s.Me.SendOcci("POST", "/", Compose.Lines("Category: " + Compose.Reference(Compute), Named("at the root")), TextPlain);
        await IsThere(s, s.Made(response), Compute, "at the root");
    }

    [Row("C-117", Int, R, "POST to the location without its slash", "as with the slash")]
    public static async Task The_slash_may_be_missing(Session s)
    {
        var location = s.Model.LocationOf(Network).TrimEnd('/');
        await IsThere(s, s.Made(await s.Me.Post(location, Compose.Lines(Compose.Kind(Network), Named("no slash")))), Network, "no slash");
    }
}
