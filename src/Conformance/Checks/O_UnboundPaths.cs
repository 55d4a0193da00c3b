using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>O. Unbound paths: no locations, but with some below.</summary>
internal static class UnboundPaths
{
    [Row("C-198", May, C, "GET /", "200, the union of the entities below")]
    public static async Task The_root_is_a_union(Session s)
    {
        var (compute, network) = (await s.MakeCompute(), await s.MakeNetwork());
        var link = await s.MakeLink(NetworkInterface, compute, network);
        var listed = await s.Me.Get("/", TextPlain);
        if (listed.Status is 404 or 405)
            throw new NotApplicableException("/ is bound to nothing");
        var found = Expect.Status(listed, 200).Locations.Select(s.PathOf).ToArray();
        Expect.That(new[] { compute, network, link }.All(p => found.Count(f => f == p) == 1), $"{compute}, {network} and {link}, once each", listed);
    }

    [Row("C-199", Must, C11, "GET / in text/uri-list", "200 list")]
    public static async Task The_root_lists_uris(Session s)
    {
        var network = await s.MakeNetwork();
        var listed = Expect.Type(Expect.Status(await s.Me.Get("/", UriList), 200), UriList);
        Expect.That(listed.Locations.Contains(s.Url(network)), $"{network}'s URL", listed);
    }

    [Row("C-200", Int, C, "GET the base URL in text/occi while there are entities", "200 with X-OCCI-Location")]
    public static async Task The_root_lists_in_headers(Session s)
    {
        var network = await s.MakeNetwork();
        var listed = Expect.Type(Expect.Status(await s.Me.Get("/", TextOcci), 200), TextOcci);
        Expect.That(listed.Locations.Contains(s.Url(network)), $"X-OCCI-Location with {network}'s URL", listed);
    }

    [Row("C-201", Must, C11, "GET a path below which entities live", "all instances below it")]
    public static async Task Paths_list_what_is_below(Session s)
    {
        foreach (var path in new[] { await s.MakeNetwork(), await s.MakeStorage() })
        {
            foreach (var above in Above(s, path))
                Expect.That((await s.ListPaths(above)).Contains(path), $"{path} in {above}");
        }
    }

    [Row("C-202", Must, U, "DELETE such a path", "403 or 405; or all below are deleted (1.1)")]
    public static async Task Paths_are_not_deleted_by_accident(Session s)
    {
        string[] made = [await s.MakeNetwork(), await s.MakeStorage()];
        foreach (var above in Above(s, made[0]))
        {
            await s.MayEmpty(above);
            var refused = Expect.Status(await s.Me.Delete(above), 405, 403, 200, 204).Status is 405 or 403;
            foreach (var path in made.Where(p => refused || p.StartsWith(above, StringComparison.Ordinal)))
                Expect.Status(await s.Me.Get(path), refused ? [200] : [404, 410]);
        }
    }

    [Row("C-203", Must, C, "GET an unknown path", "404")]
    public static async Task Unknown_paths(Session s)
    {
        foreach (var path in new[] { "/no/such/thing", "/conformance-nothing/", s.Model.LocationOf(Compute) + "no/such/thing", "/-/nothing" })
            Expect.Status(await s.Me.Get(path), 404);
    }

    // The paths above an entity that are no locations; at least the root is one.
    private static string[] Above(Session s, string path)
    {
        var slashes = Enumerable.Range(0, path.Length).Where(at => path[at] == '/');
        return [.. slashes.Select(at => path[..(at + 1)]).Where(above => s.Model.Categories.All(c => c.Location is null || s.PathOf(c.Location) != above))];
    }
}
