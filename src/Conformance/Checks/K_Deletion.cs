using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>K. Delete entity.</summary>
internal static class Deletion
{
    /// <summary>A compute, its NIC and the network that this leads to.</summary>
    private static async Task<(string Compute, string Link, string Network)> Linked(Session s)
    {
        var (network, compute) = (await s.MakeNetwork(), await s.MakeCompute());
        return (compute, await s.MakeLink(NetworkInterface, compute, network), network);
    }

    [Row("C-149", Must, C, "DELETE an entity", "200 or 204")]
    public static async Task It_is_deleted(Session s)
    {
        foreach (var path in new[] { await s.MakeCompute(), await s.MakeNetwork(), await s.MakeStorage() })
            Expect.Status(await s.Me.Delete(path), 200, 204);
    }

    [Row("C-150", Int, C, "the same", "exactly 200")]
    public static async Task It_answers_200(Session s)
    {
        foreach (var path in new[] { await s.MakeCompute(), await s.MakeNetwork(), await s.MakeStorage() })
            Expect.Status(await s.Me.Delete(path), 200);
    }

    [Row("C-151", Must, C, "GET afterwards", "404 (410 allowed by 1.1)")]
    public static async Task It_is_gone(Session s)
    {
        foreach (var path in new[] { await s.ComputeThatIs("active"), await s.MakeNetwork(), await s.MakeStorage() })
        {
            Expect.Status(await s.Me.Delete(path), 200, 204);
            Expect.Status(await s.Me.Get(path), 404, 410);
        }
    }

    [Row("C-152", Must, C, "the collections afterwards", "the URL gone from the kind's and the mixins'")]
    public static async Task It_is_gone_from_collections(Session s)
    {
        var (tag, location) = await s.MakeTag();
        var (path, other) = (await s.MakeNetwork(Compose.Mixin(tag)), await s.MakeNetwork(Compose.Mixin(tag)));
        Expect.Status(await s.Me.Delete(path), 200, 204);
        foreach (var collection in new[] { s.Model.LocationOf(Network), location })
        {
            var listed = await s.ListPaths(collection);
            Expect.That(!listed.Contains(path) && listed.Contains(other), $"{other} and not {path} in {collection}");
        }
    }

    [Row("C-153", Must, C, "DELETE a resource that has links", "its links are gone")]
    public static async Task Its_links_go_with_it(Session s)
    {
        var (compute, link, network) = await Linked(s);
        Expect.Status(await s.Me.Delete(compute), 200, 204);
        Expect.Status(await s.Me.Get(link), 404, 410);
        Expect.That(!(await s.ListPaths(s.Model.LocationOf(NetworkInterface))).Contains(link), $"{link} gone from its collection");
        Expect.Status(await s.Me.Get(network), 200);
    }

    [Row("C-154", Must, C11, "DELETE a link", "the source no longer shows it; both resources still there")]
    public static async Task A_link_goes_alone(Session s)
    {
        var (compute, link, network) = await Linked(s);
        Expect.That((await s.ReadText(compute)).Links.Any(l => !l.IsAction && s.PathOf(l["self"]) == link), "the link at its source at first");
        Expect.Status(await s.Me.Delete(link), 200, 204);
        Expect.That((await s.ReadText(compute)).Links.All(l => l.IsAction), "no link at the source");
        Expect.Status(await s.Me.Get(network), 200);
        Expect.Status(await s.Me.Get(link), 404, 410);
    }

    [Row("C-155", Must, C, "DELETE an unknown entity", "404")]
    public static async Task What_is_not_there_can_not_go(Session s)
    {
        foreach (var kind in new[] { Compute, Network, Storage })
            Expect.Status(await s.Me.Delete(s.Model.LocationOf(kind) + Guid.NewGuid().ToString("D")), 404);
    }

    [Row("C-156", MustNot, U, "DELETE the same entity twice at once", "a 500")]
    public static async Task Twice_at_once_does_no_harm(Session s)
    {
        foreach (var path in new[] { await s.MakeCompute(), await s.MakeNetwork(), await s.MakeStorage() })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => s.Me.Delete(path)));
            foreach (var answer in answers)
                Expect.Status(answer, 200, 204, 404, 409, 410);
            Expect.That(answers.Any(a => a.Status < 300), "one that is done", answers[0]);
            Expect.Status(await s.Me.Get(path), 404, 410);
        }
    }
}
