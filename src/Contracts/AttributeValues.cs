using System.Text.Json;
using System.Text.Json.Serialization;
using Occi;

namespace Controller.Contracts;

/// <summary>How an <see cref="AttributeValue"/> crosses between processes; Occi itself knows no Orleans.</summary>
[GenerateSerializer, Alias("AttributeValue")]
public struct AttributeValueSurrogate
{
    [Id(0)] public byte Type { get; set; }
    [Id(1)] public string Text { get; set; }
}

/// <summary>Converts both ways.</summary>
[RegisterConverter]
public sealed class AttributeValueConverter : IConverter<AttributeValue, AttributeValueSurrogate>
{
    public AttributeValue ConvertFromSurrogate(in AttributeValueSurrogate surrogate) =>
        AttributeValue.Restore((Occi.ValueType)surrogate.Type, surrogate.Text);

    public AttributeValueSurrogate ConvertToSurrogate(in AttributeValue value) =>
        new() { Type = (byte)value.Type, Text = value.Text };
}

/// <summary>How an <see cref="AttributeValue"/> is stored: as the JSON value that it is, so that SQL can compare it.</summary>
public sealed class AttributeValueJson : JsonConverter<AttributeValue>
{
    public override AttributeValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => AttributeValue.Of(reader.GetString()!),
        JsonTokenType.Number => AttributeValue.Of(reader.GetDecimal()),
        JsonTokenType.True => AttributeValue.Of(true),
        JsonTokenType.False => AttributeValue.Of(false),
        _ => AttributeValue.OfJson(JsonElement.ParseValue(ref reader).GetRawText()),
    };

    public override void Write(Utf8JsonWriter writer, AttributeValue value, JsonSerializerOptions options)
    {
        if (value.Type == Occi.ValueType.String)
            writer.WriteStringValue(value.Text);
        else
            writer.WriteRawValue(value.Text);
    }
}
