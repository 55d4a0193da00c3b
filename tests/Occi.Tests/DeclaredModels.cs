using CsCheck;
using Occi.Core;
using Occi.Declared;

namespace Occi.Tests;

/// <summary>Kinds and mixins of data files: what is wrong with one is told with its place, and nothing that it holds throws.</summary>
public sealed class DeclaredModels
{
    private const string Resource = "http://schemas.ogf.org/occi/core#resource";
    private const string Compute = "http://schemas.ogf.org/occi/infrastructure#compute";

    private const string Door =
        """
        {
          "kinds": [{
            "term": "door", "scheme": "http://example.com/x#", "title": "A door", "parent": "http://schemas.ogf.org/occi/core#resource", "location": "/door/",
            "attributes": {
              "com.example.colour": { "mutable": true, "type": "string", "description": "Its colour." },
              "com.example.width": { "mutable": true, "type": "number", "pattern": { "minimum": 1 }, "default": 2 },
              "com.example.state": { "type": "string", "pattern": { "enum": ["open", "shut"] } },
              "com.example.since": { "type": "string", "pattern": { "format": "date-time" } }
            },
            "actions": ["http://example.com/x#open", "http://example.com/x#shut"],
            "lifecycle": {
              "attribute": "com.example.state", "initial": "shut",
              "transitions": [
                { "action": "http://example.com/x#open", "from": ["shut"], "to": "open", "stamps": ["com.example.since"] },
                { "action": "http://example.com/x#shut", "from": ["open"], "to": "shut" }
              ]
            }
          }, {
            "term": "way", "scheme": "http://example.com/x#", "title": "A way", "parent": "http://schemas.ogf.org/occi/core#link", "location": "/way/",
            "link": { "source": ["http://example.com/x#door"], "target": ["http://example.com/x#door"], "external": true, "acyclic": true }
          }],
          "mixins": [{
            "term": "painted", "scheme": "http://example.com/x#", "title": "Painted", "location": "/mixin/painted/", "applies": ["http://example.com/x#door"],
            "attributes": { "com.example.colour": { "default": "red" } }
          }],
          "actions": [
            { "term": "open", "scheme": "http://example.com/x#", "title": "Open it" }, { "term": "shut", "scheme": "http://example.com/x#", "title": "Shut it" }
          ]
        }
        """;

    /// <summary>What is replaced in the file above by what, where that is wrong, and how it is told.</summary>
    public static TheoryData<string, string, string, string> Bad { get; } = new()
    {
        { "\"kinds\"", "\"kind\"", "$.kind", "expected one of kinds, mixins, actions, $schema, description, found the member \"kind\"" },
        { "\"term\": \"door\"", "\"term\": \"Door\"", "$.kinds[0].term", "expected a term of lower-case letters, digits, - and _ that begins with a letter, found \"Door\"" },
        { "\"term\": \"door\"", "\"term\": 7", "$.kinds[0].term", "expected a string, found the number 7" },
        { "\"term\": \"door\",", "", "$.kinds[0]", "expected the member term, found none" },
        { "\"term\": \"door\"", "\"term\": \"compute\"", "$.kinds[0].term", "expected a term of one's own for the kind, found \"compute\", which is taken" },
        { "\"term\": \"door\"", "\"term\": \"token\"", "$.kinds[0].term", "expected a term of one's own for the kind, found \"token\", which is taken" },
        { "\"term\": \"door\"", "\"term\": \"creation\"", "$.kinds[0].term", "expected a term of one's own for the kind, found \"creation\", which is taken" },
        { "\"term\": \"way\", \"scheme\": \"http://example.com/x#\"", "\"term\": \"door\", \"scheme\": \"http://example.com/y#\"", "$.kinds[1].term", "expected a term that no other kind has, found \"door\", which http://example.com/x#door has already" },
        { "\"term\": \"way\"", "\"term\": \"door\"", "$.kinds[1]", "expected an identifier that is free, found http://example.com/x#door, which bad.json has already" },
        { "\"term\": \"door\", \"scheme\": \"http://example.com/x#\"", "\"term\": \"door\", \"scheme\": \"http://example.com/x\"", "$.kinds[0].scheme", "expected an absolute URI that ends in #, found \"http://example.com/x\"" },
        { "\"term\": \"door\", \"scheme\": \"http://example.com/x#\"", "\"term\": \"door\", \"scheme\": \"http://schemas.ogf.org/occi/infrastructure#\"", "$.kinds[0].scheme", "expected a scheme of one's own, found \"http://schemas.ogf.org/occi/infrastructure#\": http://schemas.ogf.org/occi/ is the standard's, and of it only platform, sla, monitoring, notification may be declared" },
        { "\"A door\"", "\"A door; shut\"", "$.kinds[0].title", "expected a title without commas, semicolons, quotes and line ends, found \"A door; shut\"" },
        { "\"/door/\"", "\"/door\"", "$.kinds[0].location", "expected a path with / at both ends, its parts of lower-case letters, digits, - and _, found \"/door\"" },
        { "\"/door/\"", "\"/admin/door/\"", "$.kinds[0].location", "expected a path outside of /admin/, found \"/admin/door/\"" },
        { "\"/door/\"", "\"/-/\"", "$.kinds[0].location", "expected a path outside of /-/, found \"/-/\"" },
        { "\"/door/\"", "\"/compute/door/\"", "$.kinds[0].location", $"expected a path outside of the collection of {Compute}, found \"/compute/door/\"" },
        { "\"/way/\"", "\"/door/\"", "$.kinds[1].location", "expected a location that is free, found /door/, which http://example.com/x#door has already" },
        { "\"/way/\"", "\"/door/way/\"", "$.kinds[1].location", "expected a path outside of the collection of http://example.com/x#door, found \"/door/way/\"" },
        { Resource, Compute, "$.kinds[0].parent", $"expected core#resource, core#link or a kind of these files, found {Compute}: its behaviour is compiled in and can't be inherited" },
        { Resource, "http://example.com/x#gate", "$.kinds[0].parent", "expected a kind of these files or of the standard, found http://example.com/x#gate, which is in none" },
        { Resource, "http://example.com/x#door", "$.kinds[0].parent", "expected a kind that is not made of this one, found http://example.com/x#door" },
        { Resource, "http://example.com/x#open", "$.kinds[0].parent", "expected a kind, found http://example.com/x#open, which is an action" },
        { "\"applies\": [", "\"depends\": [\"http://schemas.ogf.org/occi/infrastructure#os_tpl\"], \"applies\": [", "$.mixins[0].depends[0]", "expected another mixin, found http://schemas.ogf.org/occi/infrastructure#os_tpl: a template of an image is made when the image is added (controller image add), and nothing could boot from any other" },
        { "\"applies\": [", "\"depends\": [\"http://example.com/x#painted\"], \"applies\": [", "$.mixins[0].depends[0]", "expected a mixin that is not made of this one, found http://example.com/x#painted" },
        { "\"applies\": [", "\"depends\": \"x#y\", \"applies\": [", "$.mixins[0].depends", "expected an array, found the string \"x#y\"" },
        { "com.example.colour\": { \"mutable\"", "colour\": { \"mutable\"", "$.kinds[0].attributes.colour", "expected a name of at least two parts with dots between them, of lower-case letters, digits, - and _, found \"colour\"" },
        { "com.example.colour\": { \"mutable\"", "occi.door.colour\": { \"mutable\"", "$.kinds[0].attributes.occi.door.colour", "expected a name of one's own, found \"occi.door.colour\": occi. is the standard's" },
        { "com.example.colour\": { \"mutable\"", "org.openstack.compute.user_data\": { \"mutable\"", "$.kinds[0].attributes.org.openstack.compute.user_data", "expected a name that no other category has, found org.openstack.compute.user_data, which is http://schemas.openstack.org/compute/instance#user_data's" },
        { "\"mutable\": true, \"type\": \"string\"", "\"mutable\": \"yes\", \"type\": \"string\"", "$.kinds[0].attributes.com.example.colour.mutable", "expected true or false, found the string \"yes\"" },
        { "\"mutable\": true, \"type\": \"string\"", "\"mutible\": true, \"type\": \"string\"", "$.kinds[0].attributes.com.example.colour.mutible", "expected one of mutable, required, once, type, pattern, default, description, found the member \"mutible\"" },
        { "\"mutable\": true, \"type\": \"string\"", "\"mutable\": true, \"type\": \"text\"", "$.kinds[0].attributes.com.example.colour.type", "expected string, number, boolean, array or object, found the string \"text\"" },
        { "\"mutable\": true, \"type\": \"string\"", "\"required\": true, \"type\": \"string\"", "$.kinds[0].attributes.com.example.colour.required", "expected false, found true: clients can't give what is neither mutable nor once (settable at creation)" },
        { "\"mutable\": true, \"type\": \"string\"", "\"mutable\": true, \"pattern\": { \"pattern\": \"(a\" }", "$.kinds[0].attributes.com.example.colour.pattern.pattern", "expected a regular expression (POSIX ERE), found \"(a\": Invalid pattern '(a' at offset 2. Not enough )'s." },
        { "\"mutable\": true, \"type\": \"string\"", "\"mutable\": true, \"pattern\": { \"format\": \"date\" }", "$.kinds[0].attributes.com.example.colour.pattern.format", "expected one of uri, date-time, ip-address, ip-range, ip-address-or-range, found the string \"date\"" },
        { "\"default\": 2", "\"default\": 0", "$.kinds[0].attributes.com.example.width.default", "com.example.width: expected a number of at least 1, found 0" },
        { "\"default\": 2", "\"default\": null", "$.kinds[0].attributes.com.example.width.default", "expected a string, number, boolean, array or object, found null" },
        { "\"default\": \"red\"", "\"mutable\": true", "$.mixins[0].attributes.com.example.colour.mutable", "expected one of default, required, description, found the member \"mutable\"" },
        { "[\"open\", \"shut\"]", "[]", "$.kinds[0].attributes.com.example.state.pattern.enum", "expected at least one value, found an array" },
        { "\"attribute\": \"com.example.state\"", "\"attribute\": \"com.example.status\"", "$.kinds[0].lifecycle.attribute", "expected one of the category's attributes, found \"com.example.status\"" },
        { "\"attribute\": \"com.example.state\"", "\"attribute\": \"com.example.colour\"", "$.kinds[0].lifecycle.attribute", "expected an attribute with an enum, not mutable, not once and without a default, found com.example.colour, which is otherwise" },
        { "\"initial\": \"shut\"", "\"initial\": \"closed\"", "$.kinds[0].lifecycle.initial", "expected one of open, shut, found \"closed\"" },
        { "\"to\": \"open\"", "\"to\": \"ajar\"", "$.kinds[0].lifecycle.transitions[0].to", "expected one of open, shut, found \"ajar\"" },
        { "\"from\": [\"open\"]", "\"from\": [\"ajar\"]", "$.kinds[0].lifecycle.transitions[1].from[0]", "expected one of open, shut, found \"ajar\"" },
        { "\"from\": [\"open\"]", "\"from\": []", "$.kinds[0].lifecycle.transitions[1].from", "expected the states in which it is possible (from), found none" },
        { "[\"com.example.since\"]", "[\"com.example.colour\"]", "$.kinds[0].lifecycle.transitions[0].stamps[0]", "expected an attribute of the category that holds a date and time and is neither mutable nor once, found \"com.example.colour\"" },
        { "{ \"action\": \"http://example.com/x#shut\", \"from\": [\"open\"], \"to\": \"shut\" }", "{ \"action\": \"http://example.com/x#open\", \"from\": [\"shut\"], \"to\": \"shut\" }", "$.kinds[0].lifecycle.transitions[1]", "expected one transition of open from shut, found two" },
        { "\"http://example.com/x#open\", \"http://example.com/x#shut\"]", "\"http://example.com/x#open\", \"http://example.com/x#slam\"]", "$.kinds[0].actions[1]", "expected an action of these files, found http://example.com/x#slam, which is in none" },
        { "\"lifecycle\": {", "\"lifecicle\": {", "$.kinds[0].lifecicle", "expected one of term, scheme, title, attributes, location, actions, parent, lifecycle, link, found the member \"lifecicle\"" },
        { "\"applies\": [\"http://example.com/x#door\"]", $"\"applies\": [\"{Compute}\"], \"actions\": [\"http://example.com/x#open\"]", "$.mixins[0].actions", "expected no actions, found some: only entities of kinds in these files carry out what a file declares, and the mixin applies to others" },
        { "\"link\": { \"source\": [\"http://example.com/x#door\"]", "\"link\": { \"source\": [\"http://example.com/x#way\"]", "$.kinds[1].link.source[0]", "expected a kind of resource of these files or of the standard, found \"http://example.com/x#way\"" },
        { "\"link\": {", "\"lifecycle\": { \"attribute\": \"x\", \"initial\": \"y\" }, \"link\": {", "$.kinds[1].lifecycle.attribute", "expected one of the category's attributes, found \"x\"" },
        { "\"acyclic\": true", "\"acyclic\": 1", "$.kinds[1].link.acyclic", "expected true or false, found the number 1" },
        { "\"title\": \"Shut it\" }", "\"title\": \"Shut it\" }, { \"term\": \"slam\", \"scheme\": \"http://example.com/x#\", \"title\": \"Slam it\" }", "$.actions[2]", "expected an action of some kind or mixin, found http://example.com/x#slam, which is nobody's" },
        { "{\n  \"kinds\"", "[\n  \"kinds\"", "$", "not JSON: ':' is invalid after a value. Expected either ',', '}', or ']'." },
    };

    [Theory]
    [InlineData("platform")]
    [InlineData("sla")]
    public void A_shipped_extension_loads(string name) => Assert.Empty(Load(Shipped(name)).Problems);

    [Fact]
    public void A_file_adds_to_the_standard()
    {
        var model = Load(Door).Model!;
        var (door, way) = (model.Find("door")!, model.Find("way")!);
        Assert.Equal(StandardModel.Catalogue.Kinds, model.Catalogue.Kinds.Except(model.Kinds));
        Assert.Equal(["door", "way"], model.Kinds.Select(k => k.Id.Term));
        Assert.Same(CoreKinds.Resource, door.Parent);
        Assert.Equal(AttributeValue.Of(2), door.Attributes[1].Default);
        Assert.Equal((AttributeValue.Of("red"), true), (model.Mixins[0].Attributes[0].Default, model.Mixins[0].Attributes[0].Mutable));
        var rule = model.LinkRuleOf(way)!;
        Assert.Equal((door, door, true, true), (Assert.Single(rule.Source), Assert.Single(rule.Target), rule.External, rule.Acyclic));
        Assert.Same(door, way.LinksTo);
        Assert.Null(model.LinkRuleOf(Infrastructure.StorageLink.Kind));
        Assert.Null(model.Find("compute"));
    }

    [Fact]
    public void A_lifecycle_is_its_table()
    {
        var model = Load(Door).Model!;
        var life = model.LifecycleOf(model.Find("door")!)!;
        TypeId open = new("http://example.com/x#", "open"), shut = new("http://example.com/x#", "shut");
        Assert.Equal("open", Assert.IsType<Lifecycle.Decision.Move>(life.Decide("shut", open)).Row.To);
        Assert.IsType<Lifecycle.Decision.AlreadyDone>(life.Decide("open", open));
        Assert.Null(life.Decide("open", new("http://example.com/y#", "open")));
        Assert.Equal("open is possible while com.example.state is shut; it is broken.", Assert.IsType<Lifecycle.Decision.Refused>(life.Decide("broken", open)).Why);
        Assert.Equal([shut], life.ActionsIn("open").Select(a => a.Id));
        Assert.Equal(["com.example.state", "com.example.since"], life.Owned.Select(a => a.Name));
    }

    [Fact]
    public void A_kind_inherits_from_one_of_another_file()
    {
        const string Gate = """{"kinds":[{"term":"gate","scheme":"http://example.com/y#","title":"A gate","parent":"http://example.com/x#door","location":"/gate/"}]}""";
        var model = ModelLoader.Load([new("gate.json", Gate), new("door.json", Door)]).Model!;
        Assert.Same(model.LifecycleOf(model.Find("door")!), model.LifecycleOf(model.Find("gate")!));
        Assert.Equal(2, model.Find("gate")!.AllActions.Count);
    }

    [Theory, MemberData(nameof(Bad))]
    public void What_is_wrong_is_told_with_its_place(string from, string to, string path, string message)
    {
        var at = Door.IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, from);
        var loaded = Load(Door[..at] + to + Door[(at + from.Length)..]);
        Assert.Null(loaded.Model);
        Assert.Contains(new ModelProblem("bad.json", path, message), loaded.Problems);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once() =>
        Assert.Equal(2, Load(Door.Replace("A door", "A, door", StringComparison.Ordinal).Replace("\"/way/\"", "\"way\"", StringComparison.Ordinal)).Problems.Count);

    [Fact]
    public void No_file_throws()
    {
        string[] files = [Door, Shipped("platform"), Shipped("sla")];
        var pieces = Gen.OneOfConst(
            "", "{", "}", "[", "]", "null", "7", "\"\"", "\"x\"", "true", ",", "\"http://example.com/x#door\"", "\"http://schemas.ogf.org/occi/core#resource\"", "((", "#", "\0", "\ud800", "\"kinds\":");
        Gen.Select(Gen.Int[0, files.Length - 1], Gen.Select(Gen.Int[0, 8000], Gen.Int[0, 40], pieces).Array[1, 3]).Sample(
            (which, cuts) =>
            {
                var text = files[which];
                foreach (var (at, cut, insert) in cuts)
                {
                    var start = at % (text.Length + 1);
                    text = text.Remove(start, Math.Min(cut, text.Length - start)).Insert(start, insert);
                }
                var loaded = Load(text);
                Assert.NotEqual(loaded.Model is null, loaded.Problems.Count == 0);
            },
            iter: 5_000);
    }

    /// <summary>Mutations that keep the JSON whole reach further: any value of the file becomes any other of it.</summary>
    [Fact]
    public void No_file_of_swapped_values_throws()
    {
        var values = System.Text.RegularExpressions.Regex.Matches(Door, "\"[^\"]*\"|\\[[^\\[\\]]*\\]|true|[0-9]+");
        Gen.Select(Gen.Int[0, values.Count - 1], Gen.Int[0, values.Count - 1]).Sample(
            (at, by) => Load(string.Concat(Door[..values[at].Index], values[by].Value, Door[(values[at].Index + values[at].Length)..])), iter: 5_000);
    }

    private static string Shipped(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "extensions", name + ".json"));

    private static LoadedModel Load(string text) => ModelLoader.Load([new("bad.json", text)]);
}
