using System.Text.RegularExpressions;
using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>E. Category rendering.</summary>
internal static partial class Categories
{
    private static readonly string[] ComputeActions = ["start", "stop", "restart", "suspend", "save"];

    /// <summary>Their text in each of the two renderings; headers that would be too large are asked for of one category only.</summary>
    private static async Task<string[]> Rendered(Session s)
    {
        var plain = Expect.Type(Expect.Status(await s.Me.Get(QueryInterface, TextPlain), 200), TextPlain);
        var occi = await s.Me.Get(QueryInterface, TextOcci);
        if (occi.Status != 200)
            occi = Expect.Status(await s.Me.Get(QueryInterface, TextOcci, ("Content-Type", TextOcci), ("Category", Compose.Reference(Resource))), 200);
        Expect.That(occi.Fields("Category").Count > 0, "categories", occi);
        return [.. plain.Fields("Category"), .. occi.Fields("Category")];
    }

    [Row("C-067", Must, C, "GET /-/ in text", "each Category follows the grammar")]
    public static async Task Each_follows_the_grammar(Session s) =>
        Expect.Same([], (await Rendered(s)).Where(c => !Grammar().IsMatch(c)), "the grammar in each Category");

    [Row("C-068", Int, C, "GET /-/ in text/plain and text/occi", "parameters in the grammar's order, '; ' between, class quoted, no ';' at the end")]
    public static async Task Each_is_laid_out_as_old_clients_read_it(Session s)
    {
        foreach (var category in await Rendered(s))
            Category.Parse(category);   // which is strict, and says what is wrong
    }

    [Row("C-069", Must, C, "a kind's Category", "rel is the parent kind (absent for entity)")]
    public static async Task Rel_of_a_kind_is_its_parent(Session s)
    {
        foreach (var (child, parent) in new (string, string?)[] { (Entity, null), (Resource, Entity), (Link, Entity), (Compute, Resource), (Network, Resource), (Storage, Resource), (NetworkInterface, Link), (StorageLink, Link) })
            Expect.That(s.Model.Find(child) is not { } kind || kind.Rel == parent, $"rel={parent} for {child}, found '{s.Model.Find(child)?.Rel}'");
        Expect.Same([], s.Model.Kinds.Where(k => k.Id != Entity && (k.Rel is null || s.Model.Find(k.Rel)?.Class != "kind")).Select(k => k.Id), "a kind as rel of each kind");
        foreach (var kind in (await Definitions.Read(s.Me)).Where(d => d.Class == "kind"))
            Expect.That(s.Model.Find(kind.Id)?.Rel == kind.Parent, $"rel={kind.Parent}, as JSON has it, for {kind.Id}, found '{s.Model.Find(kind.Id)?.Rel}'");
    }

    [Row("C-070", Must, C, "a mixin that has several depends, or applies", "rel is the first depends only; never one of applies")]
    public static async Task Rel_of_a_mixin_is_its_first_dependency(Session s)
    {
        Expect.Same([], s.Model.Mixins.Where(m => m.Rel is { } rel && s.Model.Find(rel)?.Class != "mixin").Select(m => m.Id), "one mixin, or none, as rel of each mixin");
        var mixins = (await Definitions.Read(s.Me)).Where(d => d.Class == "mixin").ToArray();
        Expect.That(mixins.Any(m => m.Applies.Count > 0), "mixins that apply to some kinds only");
        foreach (var mixin in mixins)
            Expect.That(s.Model.Find(mixin.Id)?.Rel == mixin.Rel, $"rel='{mixin.Rel}', as JSON has it, for {mixin.Id}, found '{s.Model.Find(mixin.Id)?.Rel}'");
    }

    [Row("C-071", Must, C, "compute's Category", "attributes has the kind's attributes; occi.compute.state{immutable}")]
    public static Task Compute_has_its_attributes(Session s)
    {
        var attributes = s.Model.Get(Compute).Attributes;
        string[] settable = ["architecture", "cores", "hostname", "share", "memory"];
        string[] wanted = [.. settable.Append("state").Append("state.message").Select(a => "occi.compute." + a)];
        Expect.Same([], wanted.Except(attributes.Keys), "compute's attributes in its Category");
        Expect.Same([], settable.Where(a => attributes["occi.compute." + a].Length > 0), "mutable, optional attributes");
        foreach (var name in wanted[^2..])
            Expect.That(attributes[name] == "immutable", $"{name}{{immutable}}, found {{{attributes[name]}}}");
        return Task.CompletedTask;
    }

    [Row("C-072", Must, C, "compute's Category", "actions has start, stop, restart, suspend, save")]
    public static Task Compute_has_its_actions(Session s)
    {
        Expect.Same([], ComputeActions.Select(a => ComputeAction + a).Except(s.Model.Get(Compute).Actions), "compute's five actions");
        return Task.CompletedTask;
    }

    [Row("C-073", Must, C, "the Category of the action stop", "attributes=\"method\"")]
    public static Task Stop_has_a_method(Session s)
    {
        var attributes = s.Model.Get(ComputeAction + "stop").Attributes;
        Expect.That(attributes is { Count: 1 } && attributes.ContainsKey("method"), $"the attribute method alone, found '{string.Join(' ', attributes.Keys)}'");
        return Task.CompletedTask;
    }

    [Row("C-074", MustNot, C, "an action's Category", "a location or actions in it")]
    public static Task Actions_have_no_location(Session s)
    {
        Expect.That(s.Model.Actions.Any(), "actions");
        Expect.Same([], s.Model.Actions.Where(a => a.Location is not null || a.Actions.Count > 0).Select(a => a.Id), "actions without location and actions");
        return Task.CompletedTask;
    }

    [Row("C-075", Int, R, "all terms", "[a-z][a-z0-9_-]*")]
    public static Task Terms_are_plain(Session s)
    {
        Expect.Same([], s.Model.Categories.Where(c => !PlainTerm().IsMatch(c.Term)).Select(c => c.Id), "terms that old clients can read");
        return Task.CompletedTask;
    }

    [Row("C-076", Int, R, "all titles", "no ',' and no ';'")]
    public static Task Titles_are_plain(Session s)
    {
        Expect.Same([], s.Model.Categories.Where(c => c.Title?.AsSpan().ContainsAny(",;") == true).Select(c => $"{c.Id}: {c.Title}"), "titles that old clients can read");
        return Task.CompletedTask;
    }

    [Row("C-077", Int, R, "location", "an absolute path")]
    public static Task Locations_are_paths(Session s)
    {
        Expect.Same([], s.Model.Categories.Select(c => c.Location).OfType<string>().Where(l => !l.StartsWith('/') || l.StartsWith("//", StringComparison.Ordinal)), "paths as locations");
        return Task.CompletedTask;
    }

    // As GFD.229 §4.1 has it: class may stand without quotes, blanks around separators are free.
    [GeneratedRegex("""
        ^[A-Za-z0-9][A-Za-z0-9_.-]*\s*;\s*scheme="[a-z][a-z0-9+.-]*:[^"\s<>]+"\s*;\s*class=("(kind|mixin|action)"|kind|mixin|action)
        (\s*;\s*title="(\\.|[^"\\])*")?
        (\s*;\s*rel="[a-z][a-z0-9+.-]*:[^"\s]+")?
        (\s*;\s*location="[^"\s<>]+")?
        (\s*;\s*attributes="[A-Za-z0-9][A-Za-z0-9_.-]*(\{(immutable|required)([ ]+(immutable|required))*\})?([ ]+[A-Za-z0-9][A-Za-z0-9_.-]*(\{(immutable|required)([ ]+(immutable|required))*\})?)*")?
        (\s*;\s*actions="[a-z][a-z0-9+.-]*:[^"\s]+([ ]+[a-z][a-z0-9+.-]*:[^"\s]+)*")?$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();

    [GeneratedRegex("^[a-z][a-z0-9_-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainTerm();
}
