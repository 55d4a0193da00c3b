using System.Text.Json;

namespace Occi.Json;

/// <summary>Attribute definitions, both ways (GFD.226 §3.5.1). What <see cref="Attr"/> knows beyond the members goes into the pattern.</summary>
internal static class AttributeDefinition
{
    private const string Schema = "http://json-schema.org/draft-04/schema#";

    public static void Write(Utf8JsonWriter json, Attr attribute)
    {
        json.WriteStartObject(attribute.Name);
        json.WriteBoolean("mutable", attribute.Mutable);
        json.WriteBoolean("required", attribute.Required);
        json.WriteString("type", TypeOf(attribute.Type));
        if (HasPattern(attribute))
            Pattern(json, attribute);
        if (attribute.Default is { } value)
        {
            json.WritePropertyName("default");
            JsonOutput.Value(json, value, attribute);
        }
        if (attribute.Description.Length > 0)
            json.WriteString("description", attribute.Description);
        json.WriteEndObject();
    }

    public static Parsed<List<Attr>> ReadAll(JsonPart? part)
    {
        var found = new List<Attr>();
        if (part is null)
            return found;
        if (!part.IsObject)
            return part.Expected("an object");
        foreach (var (name, member) in part.Members)
        {
            var attribute = Read(name, member);
            if (!attribute.Ok)
                return attribute.Error!;
            found.Add(attribute.Value!);
        }
        return found;
    }

    public static Parsed<Attr> Read(string name, JsonPart part)
    {
        if (!Names.IsTerm(name))
            return part.Fail($"expected an attribute's name, found '{Unfit.Shorten(name)}'");
        if (!part.IsObject)
            return part.Expected("an object");
        var pattern = Member(part, "pattern") is { IsObject: true } given ? given : null;
        if (TypeOf(Member(part, "type")?.Text ?? "string", pattern) is not { } type)
            return Member(part, "type")!.Expected("string, number, boolean, array or object");
        var (minimum, exclusive) = (Number(pattern?["minimum"]), pattern?["exclusiveMinimum"]?.Kind == JsonTokenType.True);
        var attribute = new Attr(name, type, Member(part, "description")?.Text ?? "")
        {
            Mutable = Member(part, "mutable")?.Kind == JsonTokenType.True,
            Required = Member(part, "required")?.Kind == JsonTokenType.True,
            Values = pattern?["enum"]?.Items.Select(i => i.Text).ToList() ?? [],
            Min = exclusive ? null : minimum,
            MinExclusive = exclusive ? minimum : null,
            Max = Number(pattern?["maximum"]),
            Pattern = pattern?["pattern"]?.Text is ['^', '(', .. var expression, ')', '$'] ? expression : pattern?["pattern"]?.Text,
            Format = FormatOf(pattern?["format"]?.Text),
        };
        if (Member(part, "default") is not { } value)
            return attribute;
        var read = AttributeParser.Value(value);
        return read.Ok ? attribute with { Default = read.Value } : read.Error!;
    }

    /// <summary>rOCCI 4 wrote the members in capitals.</summary>
    private static JsonPart? Member(JsonPart part, string name) => part[name] ?? part[char.ToUpperInvariant(name[0]) + name[1..]];

    private static void Pattern(Utf8JsonWriter json, Attr attribute)
    {
        json.WriteStartObject("pattern");
        json.WriteString("$schema", Schema);
        json.WriteString("type", attribute.Type == AttrType.Whole ? "integer" : TypeOf(attribute.Type));
        if (attribute.Type == AttrType.Uri)
            json.WriteString("format", "uri");
        if (attribute.Format != TextFormat.Any)
            json.WriteString("format", FormatOf(attribute.Format));
        if (attribute.Values.Count > 0)
        {
            json.WriteStartArray("enum");
            foreach (var value in attribute.Values)
                json.WriteStringValue(value);
            json.WriteEndArray();
        }
        if ((attribute.Min ?? attribute.MinExclusive) is { } minimum)
            json.WriteNumber("minimum", minimum);
        if (attribute.MinExclusive is not null)
            json.WriteBoolean("exclusiveMinimum", true);
        if (attribute.Max is { } maximum)
            json.WriteNumber("maximum", maximum);
        if (attribute.Pattern is { } expression)
            json.WriteString("pattern", $"^({expression})$");
        json.WriteEndObject();
    }

    private static bool HasPattern(Attr attribute) =>
        attribute.Type is AttrType.Enumeration or AttrType.Whole or AttrType.Uri || attribute.Format != TextFormat.Any
        || attribute.Min is not null || attribute.MinExclusive is not null || attribute.Max is not null || attribute.Pattern is not null;

    private static decimal? Number(JsonPart? part) => part is { Kind: JsonTokenType.Number } ? Literals.Number(part.Text) : null;

    private static string TypeOf(AttrType type) => type switch
    {
        AttrType.Whole or AttrType.Decimal => "number",
        AttrType.Boolean => "boolean",
        AttrType.Array => "array",
        AttrType.Object => "object",
        _ => "string",
    };

    private static AttrType? TypeOf(string type, JsonPart? pattern) => type switch
    {
        "string" when pattern?["enum"] is { IsArray: true } => AttrType.Enumeration,
        "string" when pattern?["format"]?.Text == "uri" => AttrType.Uri,
        "string" => AttrType.Text,
        "number" when pattern?["type"]?.Text == "integer" => AttrType.Whole,
        "number" => AttrType.Decimal,
        "boolean" => AttrType.Boolean,
        "array" => AttrType.Array,
        "object" => AttrType.Object,
        _ => null,
    };

    private static string FormatOf(TextFormat format) => format switch
    {
        TextFormat.IpAddress => "ip-address",
        TextFormat.IpRange => "ip-range",
        TextFormat.DateTime => "date-time",
        _ => "ip-address-or-range",
    };

    private static TextFormat FormatOf(string? format) => format switch
    {
        "ip-address" => TextFormat.IpAddress,
        "ip-range" => TextFormat.IpRange,
        "date-time" => TextFormat.DateTime,
        "ip-address-or-range" => TextFormat.IpAddressOrRange,
        _ => TextFormat.Any,
    };
}
