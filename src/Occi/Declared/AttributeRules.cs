using System.Text.Json;
using Occi.Checking;
using Occi.Json;

namespace Occi.Declared;

/// <summary>Attribute definitions of a file (GFD.226 §3.5.1): read as the standard's are, after what that reader takes as it comes has been checked.</summary>
internal sealed class AttributeRules(string file, Shape shape, Complaints complaints)
{
    private const int LongestPattern = 500;

    private static readonly string[] Members = ["mutable", "required", "once", "type", "pattern", "default", "description"];
    private static readonly string[] OfRestated = ["default", "required", "description"];
    private static readonly string[] OfPattern = ["$schema", "type", "format", "enum", "minimum", "exclusiveMinimum", "maximum", "pattern"];
    private static readonly string[] Formats = ["uri", "date-time", "ip-address", "ip-range", "ip-address-or-range"];

    /// <summary>A new attribute; null where it is wrong.</summary>
    public Attr? Define(string name, JsonPart part)
    {
        var before = complaints.All.Count;
        if (!shape.Object(part, Members))
            return null;
        var (mutable, required, once) = (shape.Flag(part, "mutable"), shape.Flag(part, "required"), shape.Flag(part, "once"));
        shape.Text(part, "type", needed: false);
        shape.Text(part, "description", needed: false);
        if (required && !mutable && !once)
            complaints.Add(file, part["required"]!, "expected false, found true: clients can't give what is neither mutable nor once (settable at creation)");
        if (part["pattern"] is { } pattern && !CheckPattern(pattern))
            return null;
        if (complaints.All.Count > before)
            return null;
        var read = AttributeDefinition.Read(name, part);
        if (read.Error is { } error)
        {
            complaints.Add(file, error);
            return null;
        }
        var attribute = read.Value! with { SetOnce = once };
        if (attribute.Type == AttrType.Enumeration && attribute.Values.Count == 0)
            shape.Wrong(part["pattern"]!["enum"]!, "at least one value");
        if (attribute.Pattern is { } expression && Coerce.WhyNoPattern(expression) is { } why)
            complaints.Add(file, part["pattern"]!["pattern"]!, $"expected a regular expression (POSIX ERE), found \"{Unfit.Shorten(expression)}\": {why}");
        return complaints.All.Count > before ? null : WithDefault(attribute, part);
    }

    /// <summary>An attribute that a mixin restates, to give it a default (a template) or to ask for it.</summary>
    public Attr? Restate(Attr known, JsonPart part)
    {
        if (!shape.Object(part, OfRestated))
            return null;
        if (known.Name.StartsWith("occi.core.", StringComparison.Ordinal))
        {
            complaints.Add(file, part, $"expected an attribute of one's own, found {known.Name}: the core's have no defaults");
            return null;
        }
        var required = shape.Flag(part, "required") || known.Required;
        return WithDefault(known with { Required = required, Description = shape.Text(part, "description", needed: false) ?? known.Description }, part);
    }

    private Attr? WithDefault(Attr attribute, JsonPart part)
    {
        if (part["default"] is not { } given)
            return attribute with { Default = null };
        var read = AttributeParser.Value(given);
        if (read.Error is { } error)
        {
            complaints.Add(file, error);
            return null;
        }
        var (value, wrong) = Coerce.To(attribute, read.Value);
        if (wrong is null)
            return attribute with { Default = value };
        complaints.Add(file, given, wrong);
        return null;
    }

    private bool CheckPattern(JsonPart pattern)
    {
        var before = complaints.All.Count;
        if (!shape.Object(pattern, OfPattern))
            return false;
        shape.Text(pattern, "type", needed: false);
        shape.Flag(pattern, "exclusiveMinimum");
        shape.Texts(pattern["enum"]);
        foreach (var limit in (string[])["minimum", "maximum"])
        {
            if (pattern[limit] is { } number && (number.Kind != JsonTokenType.Number || Literals.Number(number.Text) is null))
                shape.Wrong(number, "a number");
        }
        if (shape.Text(pattern, "format", needed: false) is { } format && !Formats.Contains(format))
            shape.Wrong(pattern["format"]!, $"one of {string.Join(", ", Formats)}");
        if (shape.Text(pattern, "pattern", needed: false) is { Length: > LongestPattern })
            shape.Wrong(pattern["pattern"]!, $"a pattern of at most {LongestPattern} characters");
        return complaints.All.Count == before;
    }
}
