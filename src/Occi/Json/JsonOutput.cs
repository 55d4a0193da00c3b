using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Occi.Json;

/// <summary>Writes JSON documents and attribute values.</summary>
internal static class JsonOutput
{
    /// <summary>Not for HTML: what isn't ASCII stays readable.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>A document.</summary>
    public static string Document(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A value, numbers in the form that their definition asks for.</summary>
    public static void Value(Utf8JsonWriter json, AttributeValue value, Attr? definition)
    {
        switch (value.Type)
        {
            case ValueType.Number:
                json.WriteRawValue(Literals.Written(value, definition), skipInputValidation: true);
                break;
            case ValueType.Boolean:
                json.WriteBooleanValue(value.AsBoolean());
                break;
            case ValueType.Json:
                json.WriteRawValue(value.Text);
                break;
            default:
                json.WriteStringValue(value.Text);
                break;
        }
    }
}
