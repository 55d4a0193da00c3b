using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Operators;
using Controller.Cli.Output;
using CsCheck;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Controller.Cli.Tests;

/// <summary>What <c>-o</c> and <c>--watch</c> write.</summary>
public sealed class OutputTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String, Gen.Char[" :#-'\"\\\n\r\t{}[],&*!|>%@`~yn0=<\u0085\u2028"].Array.Select(c => new string(c)),
        Gen.OneOfConst("true", "yes", "Off", "y", "No", "null", "~", "0x1f", "1e3", "2026-01-02T03:04:05Z", "12:30", ".5", "---", "a: b", "a #b", "- a", "\ud83d\ude00", "é", "", "<<", "on", "http://x.org/occi#compute", "|", "urn:uuid:1"));

    private static readonly Gen<JsonNode?> Scalars = Gen.OneOf<JsonNode?>(
        Texts.Select(t => (JsonNode?)JsonValue.Create(t)), Gen.Long.Select(n => (JsonNode?)JsonValue.Create(n)), Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)), Gen.Const(0).Select(_ => (JsonNode?)null));

    /// <summary>Whatever the data are, another's reader of YAML finds the same: no text becomes a number, a date or a structure.</summary>
    [Fact]
    public void Yaml_has_the_same_data_as_json() => Nested(3).Sample(data => Assert.Equal(Shape(data), Shape(Read(Yaml.Of(data)))), iter: 3000);

    [Fact]
    public void Yaml_is_for_people()
    {
        var data = JsonNode.Parse("""{"id":"urn:uuid:1","kind":"http://x.org/occi#compute","n":2,"ok":true,"none":null,"empty":[],"no":{},"links":[{"target":"/network/1","tags":["a","b c"]},"x"],"quota":{"cores":null}}""");
        Assert.Equal(
            """
            id: urn:uuid:1
            kind: http://x.org/occi#compute
            "n": 2
            ok: true
            none: null
            empty: []
            "no": {}
            links:
            - target: /network/1
              tags:
              - a
              - b c
            - x
            quota:
              cores: null

            """, Yaml.Of(data));
    }

    [Fact]
    public void Wide_has_more_columns_and_the_data_are_all_there()
    {
        var rows = new JsonArray(JsonNode.Parse("""{"id":"1","name":"é <a>","why":"no room"}"""));
        (string, Func<JsonNode, string?>)[] columns = [AdminTables.Column("ID", "id"), AdminTables.Column("NAME", "name")];
        Assert.Equal("ID  NAME\n1   é <a>\n", AdminTables.Text(rows, "table", columns, AdminTables.Column("WHY", "why")));
        Assert.Equal("ID  NAME   WHY\n1   é <a>  no room\n", AdminTables.Text(rows, "wide", columns, AdminTables.Column("WHY", "why")));
        Assert.Equal("- id: \"1\"\n  name: \"é <a>\"\n  why: no room\n", AdminTables.Text(rows, "yaml", columns));
        Assert.Equal("[\n  {\n    \"id\": \"1\",\n    \"name\": \"é <a>\",\n    \"why\": \"no room\"\n  }\n]\n", AdminTables.Text(rows, "json", columns));
    }

    /// <summary>Into a pipe or a file: what is new or other, once.</summary>
    [Fact]
    public void Where_there_is_no_terminal_changes_are_appended()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var changes = new Watching.Changes(output, live: false, "table");
        changes.Show("ID  STATE\n1   inactive\n2   active\n");
        changes.Show("ID  STATE\n1   inactive\n2   active\n");
        // A column that is wider makes no row another one.
        changes.Show("ID  STATE     WHY\n1   inactive\n2   active\n");
        changes.Show("ID  STATE\n1   active\n");
        Assert.Equal("ID  STATE\n1   inactive\n2   active\nID  STATE     WHY\nID  STATE\n1   active\ngone: 2   active\n", output.ToString());
        Assert.DoesNotContain('\u001b', output.ToString());
    }

    [Theory]
    [InlineData("yaml", "a: 1\n---\na: 2\n")]
    [InlineData("json", "a: 1\na: 2\n")]
    public void Data_are_appended_as_whole_documents(string format, string all)
    {
        using var output = new StringWriter();
        var changes = new Watching.Changes(output, live: false, format);
        foreach (var text in (string[])["a: 1\n", "a: 1\n", "a: 2\n"])
            changes.Show(text);
        Assert.Equal(all, output.ToString());
    }

    [Fact]
    public void A_terminal_is_drawn_anew_and_only_when_something_has_changed()
    {
        using var output = new StringWriter();
        var changes = new Watching.Changes(output, live: true, "table");
        foreach (var text in (string[])["one\n", "one\n", "two\n"])
            changes.Show(text);
        Assert.Equal(["one\n", "two\n"], output.ToString().Split("\u001b[H\u001b[J", StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void What_keeps_it_from_looking_is_said_once()
    {
        using var output = new StringWriter();
        using var errors = new StringWriter { NewLine = "\n" };
        var changes = new Watching.Changes(output, live: false, "table", errors);
        changes.Show("ID\n1\n");
        changes.Say("it is away");
        changes.Say("it is away");
        Assert.Equal("controller: it is away; trying again\n", errors.ToString());
    }

    private static Gen<JsonNode?> Nested(int depth) => depth == 0 ? Scalars : Gen.OneOf(
        Scalars, Nested(depth - 1).Array[0, 3].Select(all => (JsonNode?)new JsonArray([.. all.Select(n => n?.DeepClone())])),
        Gen.Select(Texts, Nested(depth - 1)).Array[0, 3].Select(all => (JsonNode?)new JsonObject(all.DistinctBy(m => m.Item1).Select(m => KeyValuePair.Create(m.Item1, m.Item2?.DeepClone())))));

    // A tree in one line: kinds of scalars by their marks.
    private static string Shape(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject o => $"{{{string.Join(',', o.Select(m => $"{Mark(m.Key)}:{Shape(m.Value)}"))}}}",
        JsonArray a => $"[{string.Join(',', a.Select(Shape))}]",
        JsonValue v when v.TryGetValue<string>(out var text) => Mark(text),
        _ => node.ToJsonString(),
    };

    private static string Mark(string text) => $"\"{string.Concat(text.Select(c => ((int)c).ToString("x4", CultureInfo.InvariantCulture)))}\"";

    private static JsonNode? Read(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return Of(yaml.Documents.Single().RootNode);
    }

    private static JsonNode? Of(YamlNode node) => node switch
    {
        YamlMappingNode m => new JsonObject(m.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value!, Of(c.Value)))),
        YamlSequenceNode s => new JsonArray([.. s.Children.Select(Of)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } b => JsonValue.Create(b.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        // What a reader of YAML 1.1 would take for something else must not be plain.
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } when text.Length > 0 && (char.IsLetter(text[0]) || text[0] is '_' or '/') && text.ToUpperInvariant() is not ("YES" or "NO" or "ON" or "OFF" or "Y" or "N" or "NULL" or "TRUE" or "FALSE") => JsonValue.Create(text),
        YamlScalarNode { Style: ScalarStyle.DoubleQuoted } quoted => JsonValue.Create(quoted.Value),
        _ => throw new InvalidOperationException($"a scalar as we write them was wanted, found {node}"),
    };
}
