using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Controller.Cli.Output;

/// <summary>JSON's data as YAML 1.2, in blocks. What some reader of YAML 1.1 takes for something else than a text is quoted.</summary>
internal static partial class Yaml
{
    private static readonly string[] NoTexts = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];

    /// <summary>A document, with a line end behind it.</summary>
    public static string Of(JsonNode? data)
    {
        var text = new StringBuilder();
        Write(text, data, indent: 0);
        return text.ToString();
    }

    // At the beginning of a line, or behind "- ": blocks go on there, and scalars end the line.
    private static void Write(StringBuilder text, JsonNode? node, int indent)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                var first = true;
                foreach (var (name, value) in members)
                {
                    if (!first)
                        text.Append(' ', indent);
                    first = false;
                    text.Append(Scalar(name)).Append(':');
                    if (value is JsonObject { Count: > 0 })
                    {
                        text.Append('\n').Append(' ', indent + 2);
                        Write(text, value, indent + 2);
                    }
                    else if (value is JsonArray { Count: > 0 })
                    {
                        text.Append('\n').Append(' ', indent);
                        Write(text, value, indent);
                    }
                    else
                    {
                        text.Append(' ');
                        Write(text, value, indent);
                    }
                }
                break;
            case JsonArray { Count: > 0 } items:
                for (var i = 0; i < items.Count; i++)
                {
                    if (i > 0)
                        text.Append(' ', indent);
                    text.Append("- ");
                    Write(text, items[i], indent + 2);
                }
                break;
            case JsonObject:
                text.Append("{}\n");
                break;
            case JsonArray:
                text.Append("[]\n");
                break;
            case null:
                text.Append("null\n");
                break;
            case var value:
                text.Append(value.GetValueKind() == JsonValueKind.String ? Scalar(value.GetValue<string>()) : value.ToJsonString()).Append('\n');
                break;
        }
    }

    private static string Scalar(string value)
    {
        if (IsPlain().IsMatch(value) && !NoTexts.Contains(value, StringComparer.OrdinalIgnoreCase))
            return value;
        var quoted = new StringBuilder("\"");
        foreach (var c in value)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (c == '\n')
                quoted.Append("\\n");
            // What YAML does not print (and line ends of Unicode, which it folds).
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff')
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }

    // Begins with a letter, and has nothing that means something: no colon before a blank, no comment.
    [GeneratedRegex(@"^[A-Za-z_/][A-Za-z0-9_./@+=()-]*(?:[ :#][A-Za-z0-9_./@+=()-]+)*\z")]
    private static partial Regex IsPlain();
}
