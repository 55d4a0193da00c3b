using System.Text;
using System.Text.Json;

namespace Occi.Json;

/// <summary>A JSON value that knows where it stood. The one place where the JSON library may fail on what a client sent.</summary>
/// <param name="kind">Its sort.</param>
/// <param name="parent">The object or array that it is in.</param>
/// <param name="name">Its name there; null in an array.</param>
/// <param name="index">Its place in an array.</param>
/// <param name="at">Offset in the document, in characters.</param>
internal sealed class JsonPart(JsonTokenType kind, JsonPart? parent, string? name, int index, int at)
{
    private const int MaxDepth = 32;

    public JsonTokenType Kind => kind;

    public int At => at;

    /// <summary>Where it stands. Made when an error asks for it: a document may have very many values.</summary>
    public string Path => parent is null ? "$" : name is null ? $"{parent.Path}[{index}]" : $"{parent.Path}.{Unfit.Shorten(name)}";

    /// <summary>A string's content, a number's digits.</summary>
    public string Text { get; private set; } = "";

    public IReadOnlyList<KeyValuePair<string, JsonPart>> Members { get; private set; } = [];

    public IReadOnlyList<JsonPart> Items { get; private set; } = [];

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

    /// <summary>Parses a document of at most so many values; offsets are in characters.</summary>
    public static Parsed<JsonPart> Parse(string body, int mostValues = int.MaxValue)
    {
        var utf8 = Encoding.UTF8.GetBytes(body);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (body.AsSpan().Trim().IsEmpty)
                return new ParseError("expected a JSON document, found an empty body", "$", 0);
            reader.Read();
            var root = Value(ref reader, null, null, 0, new Offsets(utf8), ref mostValues);
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

    private static JsonPart Value(ref Utf8JsonReader reader, JsonPart? parent, string? name, int index, Offsets offsets, ref int left)
    {
        var part = new JsonPart(reader.TokenType, parent, name, index, offsets.Of((int)reader.TokenStartIndex));
        if (left-- == 0)
            throw new UnfitException(part.Fail("the document holds more values than are taken") with { TooLarge = true });
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var (members, names) = (new List<KeyValuePair<string, JsonPart>>(), new HashSet<string>());
                part.Members = members;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var at = offsets.Of((int)reader.TokenStartIndex);
                    var member = Fit(reader.GetString()!, part, at);
                    if (!names.Add(member))
                        throw new UnfitException(new ParseError($"{Unfit.Shorten(member)} is given twice", part.Path, at));
                    reader.Read();
                    members.Add(new(member, Value(ref reader, part, member, 0, offsets, ref left)));
                }
                break;
            case JsonTokenType.StartArray:
                var items = new List<JsonPart>();
                part.Items = items;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(Value(ref reader, part, null, items.Count, offsets, ref left));
                break;
            case JsonTokenType.String:
                part.Text = Fit(reader.GetString()!, part, part.At);
                break;
            default:
                part.Text = Encoding.UTF8.GetString(reader.ValueSpan);
                break;
        }
        return part;
    }

    private static string Fit(string text, JsonPart part, int at) =>
        Unfit.At(text) is var bad and >= 0 ? throw new UnfitException(new ParseError(Unfit.Message(text[bad]), part.Path, at)) : text;

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
