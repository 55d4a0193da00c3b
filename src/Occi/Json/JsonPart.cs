using System.Text;
using System.Text.Json;

namespace Occi.Json;

/// <summary>A JSON value that knows where it stood. The one place where the JSON library may fail on what a client sent.</summary>
internal sealed record JsonPart(JsonTokenType Kind, string Path, int At)
{
    private const int MaxDepth = 32;

    /// <summary>A string's content, a number's digits.</summary>
    public string Text { get; init; } = "";

    public IReadOnlyList<KeyValuePair<string, JsonPart>> Members { get; init; } = [];

    public IReadOnlyList<JsonPart> Items { get; init; } = [];

    public bool IsObject => Kind == JsonTokenType.StartObject;

    public bool IsArray => Kind == JsonTokenType.StartArray;

    public bool IsString => Kind == JsonTokenType.String;

    public JsonPart? this[string member]
    {
        get
        {
            foreach (var (name, part) in Members)
            {
                if (name == member)
                    return part;
            }
            return null;
        }
    }

    public ParseError Fail(string message) => new(message, Path, At);

    /// <summary>"expected …, found a number".</summary>
    public ParseError Expected(string wanted) => Fail($"expected {wanted}, found {Describe()}");

    public string Describe() => Kind switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"the string \"{Unfit.Shorten(Text)}\"",
        JsonTokenType.Number => $"the number {Unfit.Shorten(Text)}",
        JsonTokenType.Null => "null",
        _ => Text,
    };

    /// <summary>Parses a document; offsets are in characters.</summary>
    public static Parsed<JsonPart> Parse(string body)
    {
        var utf8 = Encoding.UTF8.GetBytes(body);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (body.AsSpan().Trim().IsEmpty)
                return new ParseError("expected a JSON document, found an empty body", "$", 0);
            reader.Read();
            var root = Value(ref reader, utf8, "$", new Offsets(utf8));
            reader.Read();   // throws if anything follows
            return root;
        }
        catch (JsonException bad)
        {
            return new ParseError($"not JSON: {Reason(bad)}", "$", new Offsets(utf8).Of((int)reader.BytesConsumed));
        }
        catch (InvalidOperationException)   // what GetString makes of "\ud800" and of bytes that aren't UTF-8
        {
            return new ParseError("the string holds half a surrogate pair", "$", new Offsets(utf8).Of((int)reader.TokenStartIndex));
        }
        catch (UnfitException bad)
        {
            return bad.Error;
        }
    }

    /// <summary>The value's JSON text without blanks.</summary>
    public string Compact()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, JsonOutput.Options))
            Write(writer);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private void Write(Utf8JsonWriter writer)
    {
        switch (Kind)
        {
            case JsonTokenType.StartObject:
                writer.WriteStartObject();
                foreach (var (name, part) in Members)
                {
                    writer.WritePropertyName(name);
                    part.Write(writer);
                }
                writer.WriteEndObject();
                break;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                foreach (var part in Items)
                    part.Write(writer);
                writer.WriteEndArray();
                break;
            case JsonTokenType.String:
                writer.WriteStringValue(Text);
                break;
            default:
                writer.WriteRawValue(Text);
                break;
        }
    }

    private static JsonPart Value(ref Utf8JsonReader reader, byte[] utf8, string path, Offsets offsets)
    {
        var part = new JsonPart(reader.TokenType, path, offsets.Of((int)reader.TokenStartIndex));
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var (members, names) = (new List<KeyValuePair<string, JsonPart>>(), new HashSet<string>());
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var at = offsets.Of((int)reader.TokenStartIndex);
                    var name = Fit(reader.GetString()!, path, at);
                    var inner = $"{path}.{Unfit.Shorten(name)}";
                    if (!names.Add(name))
                        throw new UnfitException(new ParseError($"{Unfit.Shorten(name)} is given twice", path, at));
                    reader.Read();
                    members.Add(new(name, Value(ref reader, utf8, inner, offsets)));
                }
                return part with { Members = members };
            case JsonTokenType.StartArray:
                var items = new List<JsonPart>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(Value(ref reader, utf8, $"{path}[{items.Count}]", offsets));
                return part with { Items = items };
            case JsonTokenType.String:
                return part with { Text = Fit(reader.GetString()!, path, part.At) };
            default:
                return part with { Text = Encoding.UTF8.GetString(reader.ValueSpan) };
        }
    }

    private static string Fit(string text, string path, int at) =>
        Unfit.At(text) is var bad and >= 0 ? throw new UnfitException(new ParseError(Unfit.Message(text[bad]), path, at)) : text;

    // The library's message ends with a position in its own terms; ours is in the error already.
    private static string Reason(JsonException bad)
    {
        var end = bad.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? bad.Message : bad.Message[..end];
    }

    /// <summary>Turns offsets in bytes into offsets in characters, in one pass over the document.</summary>
    private sealed class Offsets(byte[] utf8)
    {
        private int _bytes;
        private int _characters;

        public int Of(int bytes)
        {
            if (bytes < _bytes)
                (_bytes, _characters) = (0, 0);
            _characters += Encoding.UTF8.GetCharCount(utf8, _bytes, bytes - _bytes);
            _bytes = bytes;
            return _characters;
        }
    }

    /// <summary>Leaves the recursion; never leaves <see cref="Parse"/>.</summary>
#pragma warning disable CA1032, CA1064 // Thrown and caught in this file only.
    private sealed class UnfitException(ParseError error) : Exception
    {
        public ParseError Error { get; } = error;
    }
#pragma warning restore CA1032, CA1064
}
