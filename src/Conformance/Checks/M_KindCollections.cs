using System.Text.Json;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>M. Kind collections.</summary>
internal static class KindCollections
{
    [Row("C-174", Must, C, "GET a kind's location", "200 + collection")]
    public static async Task A_collection_is_listed(Session s)
    {
        foreach (var (kind, path) in new[] { (Compute, await s.MakeCompute()), (Network, await s.MakeNetwork()), (Storage, await s.MakeStorage()) })
            Expect.That((await s.ListPaths(s.Model.LocationOf(kind))).Count(p => p == path) == 1, $"{path} once in {s.Model.LocationOf(kind)}");
    }

    [Row("C-175", Must, C, "GET an empty collection", "200 + empty rendering (204)")]
    public static async Task An_empty_collection(Session s)
    {
        foreach (var location in s.Model.Kinds.Concat(s.Model.Mixins).Select(c => c.Location).OfType<string>())
        {
            var listed = await s.Me.Get(location, TextPlain);
            if (listed.Locations.Count > 0)
                continue;
            Expect.Status(listed, 200, 204);
            Expect.That(listed.Body.Trim().Length == 0, "an empty body", listed);
            Expect.That(Expect.Status(await s.Me.Get(location, UriList), 200, 204).Locations.Count == 0, $"nothing in {location}");
            if (Expect.Status(await s.Me.Get(location, Json), 200, 204) is { Status: 200 } json)
                Expect.That(json.Json.EnumerateObject().All(p => p is { Name: "resources" or "links", Value: { ValueKind: JsonValueKind.Array } all } && all.GetArrayLength() == 0), "empty arrays", json);
            return;
        }
        throw new NotApplicableException("no collection is empty");
    }

    [Row("C-176", Must, C, "GET a kind's location in text/plain", "X-OCCI-Location: <absolute URL> per entity")]
    public static async Task Listed_in_text_plain(Session s)
    {
        string[] made = [s.Url(await s.MakeNetwork()), s.Url(await s.MakeNetwork())];
        var listed = await s.ReadText(s.Model.LocationOf(Network));
        Expect.That(listed.Locations.Count == listed.Lines.Length, "nothing but X-OCCI-Location lines", listed);
        Expect.That(listed.Locations.All(IsAbsolute), "absolute URLs", listed);
        Expect.That(made.All(m => listed.Locations.Count(l => l == m) == 1), $"{string.Join(" and ", made)}, once each", listed);
    }

    [Row("C-177", Must, C, "the same in text/occi", "the same URLs in X-OCCI-Location, body OK")]
    public static async Task Listed_in_text_occi(Session s)
    {
        await s.MakeNetwork();
        await s.MakeNetwork();
        var listed = Expect.Type(Expect.Status(await s.Me.Get(s.Model.LocationOf(Network), TextOcci), 200), TextOcci);
        Expect.Same(await s.List(s.Model.LocationOf(Network)), listed.Locations, "what text/plain lists", listed);
        Expect.That(listed.Body.Trim() == "OK", "the body OK", listed);
    }

    [Row("C-178", Must, C, "the same in text/uri-list", "the same URLs")]
    public static async Task Listed_as_uris(Session s)
    {
        await s.MakeNetwork();
        await s.MakeNetwork();
        var listed = Expect.Type(Expect.Status(await s.Me.Get(s.Model.LocationOf(Network), UriList), 200), UriList);
        Expect.Same(await s.List(s.Model.LocationOf(Network)), listed.Locations, "what text/plain lists", listed);
    }

    [Row("C-179", Must, C, "GET the location of a kind of resources in JSON", """{"resources":[full objects]}""")]
    public static async Task Resources_in_json(Session s) =>
        await IsListedInFull(s, s.Model.LocationOf(Network), "resources", await s.MakeNetwork(Compose.Text("occi.core.title", "listed"), Compose.Text("occi.core.summary", "in full")));

    [Row("C-180", Must, C, "GET the location of a kind of links in JSON", """{"links":[full objects]}""")]
    public static async Task Links_in_json(Session s) =>
        await IsListedInFull(s, s.Model.LocationOf(NetworkInterface), "links", await s.MakeLink(NetworkInterface, await s.MakeCompute(), await s.MakeNetwork()));

    [Row("C-181", Must, U, "PUT an entity on a kind's location", "405")]
    public static async Task Collections_are_not_put(Session s)
    {
        var (location, network) = (s.Model.LocationOf(Network), await s.MakeNetwork());
        await s.NoEffect(() => s.Me.Put(location, Compose.Kind(Network)), [405], location, network);
    }

    [Row("C-182", Must, C, "DELETE a kind's location", "200 or 204, collection empty")]
    public static Task A_collection_is_deleted(Session s) => Delete(s, 200, 204);

    [Row("C-183", Int, C, "the same", "200 exactly")]
    public static Task A_collection_is_deleted_with_200(Session s) => Delete(s, 200);

    [Row("C-184", Must, C, "another tenant lists and deletes the collection", "only what it may see is listed and deleted")]
    public static async Task Each_member_is_subject_to_authorisation(Session s)
    {
        var (location, mine) = (s.Model.LocationOf(Network), await s.MakeNetwork());
        var seen = Expect.Status(await s.Stranger.Get(location, TextPlain), 200);
        Expect.That(!seen.Locations.Select(s.PathOf).Contains(mine), $"a listing without {mine}, which is another tenant's", seen);
        if (seen.Locations.Count == 0)
            Expect.Status(await s.Stranger.Delete(location), 200, 204, 403);
        Expect.Status(await s.Stranger.Delete(location, Compose.Location(s.Url(mine))), 200, 204, 400, 403, 404);
        Expect.Status(await s.Me.Get(mine), 200);
    }

    [Row("C-185", Must, U, "GET the locations of core#resource and core#link, if there are any", "200, with the entities of every kind below")]
    public static async Task The_core_kinds_list_their_descendants(Session s)
    {
        var (compute, network) = (await s.MakeCompute(), await s.MakeNetwork());
        var link = await s.MakeLink(NetworkInterface, compute, network);
        if (s.Model.Find(Resource)?.Location is { } resources)
            Expect.That(new[] { compute, network }.Except(await s.ListPaths(resources)).ToArray() is [], $"{compute} and {network} in {resources}");
        if (s.Model.Find(Link)?.Location is { } links)
            Expect.That((await s.ListPaths(links)).Contains(link), $"{link} in {links}");
    }

    private static bool IsAbsolute(string url) => Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https";

    // The element of the array is what a GET of the entity shows, as soon as the entity rests between the two.
    private static Task IsListedInFull(Session s, string location, string key, string path)
    {
        var found = "";
        async Task<bool> IsThere()
        {
            var (listed, entity) = (Expect.Type(Expect.Status(await s.Me.Get(location, Json), 200), Json), await s.Read(path));
            Expect.Same([key], listed.Json.EnumerateObject().Select(p => p.Name), $"the member {key} alone", listed);
            var same = listed.Json.GetProperty(key).EnumerateArray().Where(e => e.GetProperty("id").GetString() == entity.GetProperty("id").GetString()).ToArray();
            Expect.That(same is [_], $"{path} once among the {key}", listed);
            found = $"{same[0]} is listed, GET shows {entity}";
            return JsonElement.DeepEquals(same[0], entity);
        }
        return s.Until($"{location} lists {path} in full", IsThere, () => found);
    }

    private static async Task Delete(Session s, params int[] statuses)
    {
        var (location, network) = (s.Model.LocationOf(Compute), await s.MakeNetwork());
        string[] made = [await s.MakeCompute(), await s.MakeCompute()];
        await s.MayEmpty(location);
        Expect.Status(await s.Me.Delete(location), statuses);
        Expect.That(await s.List(location) is [], $"nothing in {location} any more");
        foreach (var compute in made)
            Expect.Status(await s.Me.Get(compute), 404, 410);
        Expect.Status(await s.Me.Get(network), 200);
    }
}
