using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>C. Query interface.</summary>
internal static class TheQueryInterface
{
    private const string Alias = "/.well-known/org/ogf/occi/-/";

    private static Task<Response> Filtered(Session s, string category, string accept) =>
        s.Me.Get(QueryInterface, accept, ("Content-Type", TextOcci), ("Category", category));

    [Row("C-032", Must, C, "GET /-/", "200 with the category collection")]
    public static async Task It_lists_categories(Session s)
    {
        var response = Expect.Status(await s.Me.Get(QueryInterface), 200);
        Expect.That(response.Categories.Count > 0, "categories", response);
        Expect.That(response.Lines.Length == response.Categories.Count, "nothing but a Category in each line", response);
    }

    [Row("C-033", Must, C, "GET /-/", "every kind, mixin and action, each with attributes, relations, actions and location")]
    public static async Task It_lists_all_there_is_of_each(Session s)
    {
        // An entity shows what there is; and JSON, where it can be had, must say the same as text.
        var network = await s.ReadText(await s.MakeNetwork());
        Expect.Same([], network.Categories.Select(c => c.Id).Concat(network.Links.Where(l => l.IsAction).Select(l => l["rel"]!)).Where(id => s.Model.Find(id) is null), "an entity's kind, mixins and actions in the model");
        Expect.Same([], network.Attributes.Keys.Except(network.Categories.SelectMany(c => s.Model.Get(c.Id).Attributes.Keys)), "an entity's attributes in its categories");
        var json = await s.Me.Get(QueryInterface, Json);
        if (json.Status == 406)
            return;
        Expect.Same(s.Model.Categories.Select(TextDefinition), Definitions.Of(json).Select(JsonDefinition), "the same categories in text and in JSON");
    }

    private static string TextDefinition(Category c) =>
        $"{c.Class} {c.Id} rel={c.Rel} location={c.Location} attributes={string.Join(',', c.Attributes.Keys.Order())} actions={string.Join(',', c.Actions.Order())}";

    private static string JsonDefinition(Definition d) =>
        $"{d.Class} {d.Id} rel={d.Rel} location={d.Location} attributes={string.Join(',', d.Attributes.Keys.Order())} actions={string.Join(',', d.Actions.Order())}";

    [Row("C-034", Must, C, "GET /-/", "core#entity, core#resource, core#link")]
    public static Task It_lists_the_core_kinds(Session s)
    {
        Expect.Same([Entity, Resource, Link], s.Model.Kinds.Where(k => k.Scheme == Core).Select(k => k.Id), "the three kinds of core");
        return Task.CompletedTask;
    }

    [Row("C-035", Must, C, "GET /.well-known/org/ogf/occi/-/", "the same categories as /-/")]
    public static async Task The_alias_says_the_same(Session s)
    {
        if ((await s.Me.Get(Alias)).Status == 404)
            throw new NotApplicableException("the alias is not served");
        foreach (var type in new[] { TextPlain, TextOcci })
        {
            var (own, other) = (await s.Me.Get(QueryInterface, type), await s.Me.Get(Alias, type));
            Expect.Status(other, own.Status);
            Expect.That(own["Category"] == other["Category"] && own.Body == other.Body, "the same to the letter as at /-/", other);
        }
    }

    [Row("C-036", Must, C, "GET /-/: each action listed in any actions", "has its own Category of class action")]
    public static Task Every_action_is_a_category(Session s)
    {
        Expect.Same([], s.Model.Categories.SelectMany(c => c.Actions).Where(a => s.Model.Find(a)?.Class != "action"), "a Category of class action for every action");
        Expect.Same([], s.Model.Actions.Select(a => a.Id).Except(s.Model.Categories.SelectMany(c => c.Actions)), "a kind or mixin for every action");
        return Task.CompletedTask;
    }

    [Row("C-037", Must, C, "GET /-/", "no two categories with equal scheme and term")]
    public static Task Categories_are_unique(Session s)
    {
        Expect.Same([], s.Model.Categories.GroupBy(c => c.Id).Where(g => g.Count() > 1).Select(g => g.Key), "each category once");
        return Task.CompletedTask;
    }

    [Row("C-038", Must, C, "GET /-/", "every kind but core#entity and every mixin has a location")]
    public static Task Kinds_and_mixins_have_locations(Session s)
    {
        Expect.Same([], s.Model.Categories.Where(c => c.Class != "action" && c.Id != Entity && c.Location is null).Select(c => c.Id), "a location for each");
        return Task.CompletedTask;
    }

    [Row("C-039", MustNot, C, "GET /-/", "core#entity bound to a path")]
    public static Task Entity_has_no_location(Session s)
    {
        var entity = s.Model.Find(Entity);
        Expect.That(entity is { Location: null }, $"core#entity without a location, found '{entity?.Location}'");
        return Task.CompletedTask;
    }

    [Row("C-040", Must, C, "all locations", "unique")]
    public static Task Locations_are_unique(Session s)
    {
        var twice = s.Model.Categories.Where(c => c.Location is not null).GroupBy(c => s.PathOf(c.Location!)).Where(g => g.Count() > 1);
        Expect.Same([], twice.SelectMany(g => g.Select(c => c.Id)), "a location of its own for each");
        return Task.CompletedTask;
    }

    [Row("C-041", Must, C11, "all locations", "end in /")]
    public static Task Locations_end_in_a_slash(Session s)
    {
        Expect.Same([], s.Model.Categories.Select(c => c.Location).OfType<string>().Where(l => !l.EndsWith('/')), "locations that end in /");
        return Task.CompletedTask;
    }

    [Row("C-042", Should, C, "GET /-/ with the header Category: compute", "200; compute is there")]
    public static async Task It_can_be_filtered(Session s)
    {
        s.Model.Get(Compute);
        var response = Expect.Status(await Filtered(s, Compose.Kind(Compute)["Category: ".Length..], TextPlain), 200);
        Expect.That(response.Categories.Any(c => c.Id == Compute), "compute", response);
        Expect.That(response.Categories.Count < s.Model.Categories.Count, "less than all categories", response);
    }

    [Row("C-043", Int, C, "the same in text/occi, without class", "exactly one Category, and no comma in the header")]
    public static async Task A_filtered_kind_comes_alone(Session s)
    {
        s.Model.Get(Compute);
        var response = Expect.Status(await Filtered(s, Compose.Reference(Compute), TextOcci), 200);
        Expect.That(response["Category"]?.Contains(',', StringComparison.Ordinal) == false, $"one Category without a comma, found '{response["Category"]}'", response);
        Expect.That(response.Categories is [{ Id: Compute }], "compute alone", response);
    }

    [Row("C-044", Must, U, "a filter naming an unknown category", "400 (404 tolerated)")]
    public static async Task A_filter_names_what_there_is(Session s) =>
        Expect.Status(await Filtered(s, Compose.Reference("http://example.com/nothing#nothing"), TextPlain), 400, 404);

    [Row("C-045", Must, C11, "a filter that can't be read", "400")]
    public static async Task A_filter_must_be_readable(Session s)
    {
        foreach (var broken in new[] { "compute; scheme=\"http://schemas.ogf.org", "; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"", "compute" })
            Expect.Status(await Filtered(s, broken, TextPlain), 400);
    }

    [Row("C-046", Must, U, "PUT /-/", "405")]
    public static Task It_can_not_be_put(Session s) =>
        s.NoEffect(() => s.Me.Put(QueryInterface, Session.TagDefinition("http://example.com/occi/put#put", "/put/")), [405], QueryInterface);

    [Row("C-047", Must, U, "POST /-/?action=x", "405 or 400")]
    public static Task It_has_no_actions(Session s) =>
        s.NoEffect(() => s.Me.Post(QueryInterface + "?action=x", Compose.Action("http://example.com/action#x")), [405, 400], QueryInterface);

    [Row("C-048", Should, C, "HEAD /-/", "as GET, without a body")]
    public static async Task It_answers_head(Session s)
    {
        var get = await s.Me.Get(QueryInterface);
        var head = Expect.Type(Expect.Status(await s.Me.Send("HEAD", QueryInterface), 200), get.Type);
        Expect.That(head.Body.Length == 0, "no body", head);
        Expect.That(head["Content-Length"] is null || get["Content-Length"] is null || head["Content-Length"] == get["Content-Length"], $"GET's Content-Length {get["Content-Length"]}, found {head["Content-Length"]}", head);
    }
}
