using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>P. Filtering: OCCI in the headers of a GET. Values are made up anew, so that only what a check made can match.</summary>
internal static class Filters
{
    [Row("C-204", Should, C, """GET <compute> with X-OCCI-Attribute: occi.compute.hostname="x" """, "only matching instances")]
    public static async Task By_attribute(Session s)
    {
        var (name, other) = (NewName(), NewName());
        var (wanted, _) = (await s.MakeCompute(Hostname(name)), await s.MakeCompute(Hostname(other)));
        await Finds(s, [ByHostname(name)], wanted);
    }

    [Row("C-205", Must, C11, "GET <compute> with Category: my_stuff", "only members that have the mixin")]
    public static async Task By_category(Session s)
    {
        var (wanted, _, network) = (await s.MakeCompute(), await s.MakeCompute(), await s.MakeNetwork());
        await Finds(s, [ByCategory(await Tagged(s, wanted, network))], wanted);
    }

    [Row("C-206", Must, U, "both filters", "the intersection")]
    public static async Task By_both(Session s)
    {
        var (name, other) = (NewName(), NewName());
        var (wanted, elsewhere, _) = (await s.MakeCompute(Hostname(name)), await s.MakeCompute(Hostname(other)), await s.MakeCompute(Hostname(name)));
        await Finds(s, [ByCategory(await Tagged(s, wanted, elsewhere)), ByHostname(name)], wanted);
    }

    [Row("C-207", Must, U, "numeric filter occi.compute.cores=2", "compared as numbers")]
    public static async Task By_number(Session s)
    {
        var name = NewName();
        var two = await s.MakeCompute(Hostname(name), Compose.Attribute("occi.compute.cores", "2"), Compose.Attribute("occi.compute.memory", "0.5"));
        var one = await s.MakeCompute(Hostname(name), Compose.Attribute("occi.compute.cores", "1"), Compose.Attribute("occi.compute.memory", "1.0"));
        await Finds(s, [("X-OCCI-Attribute", $"occi.compute.cores=2, occi.compute.hostname=\"{name}\"")], two);
        await Finds(s, [("X-OCCI-Attribute", $"occi.compute.memory=0.50, occi.compute.hostname=\"{name}\"")], two);
        await Finds(s, [("X-OCCI-Attribute", $"occi.compute.memory=1, occi.compute.hostname=\"{name}\"")], one);
    }

    [Row("C-208", Must, C, "a filter that nothing matches", "200, empty")]
    public static async Task Nothing_matches(Session s)
    {
        await s.MakeCompute(Hostname(NewName()));
        await Finds(s, [ByHostname(NewName())]);
    }

    [Row("C-209", Must, C11, "a broken filter", "400")]
    public static async Task A_broken_filter(Session s)
    {
        foreach (var (name, value) in new[] { ("X-OCCI-Attribute", "occi.compute.hostname"), ("X-OCCI-Attribute", "=;="), ("Category", "; scheme=\"no-term#\""), ("Category", "compute; scheme=\"unfinished") })
            Expect.Status(await s.Me.Get(s.Model.LocationOf(Compute), TextPlain, ("Content-Type", TextOcci), (name, value)), 400);
    }

    private static string NewName() => "c" + Guid.NewGuid().ToString("N")[..12];

    private static string Hostname(string name) => Compose.Text("occi.compute.hostname", name);

    private static (string, string) ByHostname(string name) => ("X-OCCI-Attribute", $"occi.compute.hostname=\"{name}\"");

    private static (string, string) ByCategory(string id) => ("Category", Compose.Reference(id) + "; class=\"mixin\"");

    private static async Task<string> Tagged(Session s, params string[] paths)
    {
        var (id, location) = await s.MakeTag();
        Expect.Status(await s.Me.Post(location, Compose.Lines(paths.Select(p => Compose.Location(s.Url(p))))), 200);
        return id;
    }

    private static async Task Finds(Session s, (string, string)[] filter, params string[] paths)
    {
        var found = await s.ListPaths(s.Model.LocationOf(Compute), filter);
        Expect.Same(paths, found, $"just these for {string.Join(" and ", filter)}");
        Expect.That(found.Count == paths.Length, "each once");
    }
}
