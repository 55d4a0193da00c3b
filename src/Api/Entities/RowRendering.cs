using System.Text.Json;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Occi;

namespace Controller.Api.Entities;

/// <summary>
/// From a row's payload to its JSON rendering in one pass over the bytes, without an object of it in between: a listing of many is nothing else. Writes what <see cref="OcciWriter"/> does (a
/// test compares them), and gives up where that takes more than copying: such a row is rendered the long way.
/// </summary>
internal sealed class RowRendering(PooledBuffer output) : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly Utf8JsonWriter _json = new(output, Options);
    private readonly Dictionary<Guid, ProjectModel> _models = [];

    /// <summary>The models of the projects that were met.</summary>
    public IDictionary<Guid, ProjectModel> Models => _models;

    public void Dispose() => _json.Dispose();

    /// <summary>Writes a row; false: nothing was written, since it is of a project whose model is not in <see cref="Models"/> yet, or has to be rendered the long way.</summary>
    public bool TryWrite(RowChunk chunk, RowChunk.Row row, bool isLink)
    {
        var before = output.Length;
        _json.Reset(output);
        if (Entity(chunk.Bytes.Span(row.Offset, row.Length), isLink, chunk, row.Links))
        {
            _json.Flush();
            return true;
        }
        _json.Reset(output);   // what it has not handed over yet is nothing
        output.TakeBack(before);
        return false;
    }

    private bool Entity(ReadOnlySpan<byte> payload, bool isLink, RowChunk? chunk, (int Offset, int Length)[]? links)
    {
        var reader = new Utf8JsonReader(payload);
        if (!reader.Read() || !reader.Read() || !reader.ValueTextEquals("view"u8) || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;
        var (id, lifted) = (Guid.Empty, default(Lifted));
        ProjectModel? model = null;
        var attributes = false;
        _json.WriteStartObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                if (!reader.Read() || !reader.TryGetGuid(out id))
                    return false;
            }
            else if (reader.ValueTextEquals("kind"u8))
            {
                reader.Read();
                _json.WritePropertyName("kind"u8);
                Copy(ref reader, payload);
            }
            else if (reader.ValueTextEquals("project"u8))
            {
                if (!reader.Read() || !reader.TryGetGuid(out var project) || !_models.TryGetValue(project, out model))
                    return false;
            }
            else if (reader.ValueTextEquals("mixins"u8))
            {
                if (model is null || attributes || !Mixins(ref reader, payload, model))
                    return false;
            }
            else if (reader.ValueTextEquals("attributes"u8))
            {
                if (model is null || !Attributes(ref reader, payload, model, isLink, ref lifted))
                    return false;
                attributes = true;
            }
            else if (reader.ValueTextEquals("actions"u8))
            {
                if (!attributes)
                    return false;   // they come after the attributes: as another release wrote it, the long way will know
                Identifiers(ref reader, payload);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
        if (model is null || !attributes || id == Guid.Empty)
            return false;
        _json.WriteString("id"u8, Showing.UrnOf(id));
        Lift("title"u8, payload, lifted.Title);
        if (isLink)
        {
            End("source"u8, payload, lifted.Source, lifted.SourceKind);
            End("target"u8, payload, lifted.Target, lifted.TargetKind);
        }
        else
        {
            Lift("summary"u8, payload, lifted.Summary);
        }
        if (links is { Length: > 0 })
        {
            _json.WriteStartArray("links"u8);
            foreach (var (offset, length) in links)
            {
                if (!Entity(chunk!.Bytes.Span(offset, length), isLink: true, null, null))   // who has links says where
                    return false;
            }
            _json.WriteEndArray();
        }
        _json.WriteEndObject();
        return true;
    }

    /// <summary>Where in a payload the values are that stand outside of "attributes"; an empty range: nowhere.</summary>
    private struct Lifted
    {
        public Range Title, Summary, Source, SourceKind, Target, TargetKind;
    }

    private bool Mixins(ref Utf8JsonReader reader, ReadOnlySpan<byte> payload, ProjectModel model)
    {
        reader.Read();   // the array
        var started = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            if (!TypeId.TryParse(reader.GetString()!, out var mixin) || !model.Shows(mixin))
                return false;   // gone, or so new that it is not known here
            if (!started)
                _json.WriteStartArray("mixins"u8);
            started = true;
            Copy(ref reader, payload);
        }
        if (started)
            _json.WriteEndArray();
        return true;
    }

    private void Identifiers(ref Utf8JsonReader reader, ReadOnlySpan<byte> payload)
    {
        reader.Read();   // the array
        var started = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            if (!started)
                _json.WriteStartArray("actions"u8);
            started = true;
            Copy(ref reader, payload);
        }
        if (started)
            _json.WriteEndArray();
    }

    private bool Attributes(ref Utf8JsonReader reader, ReadOnlySpan<byte> payload, ProjectModel model, bool isLink, ref Lifted lifted)
    {
        reader.Read();   // the object
        var started = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueIsEscaped)
                return false;   // no attribute of the standard's is
            var name = reader.ValueSpan;
            reader.Read();
            if (name.StartsWith("occi.core."u8))
            {
                if (reader.TokenType != JsonTokenType.String)
                    return false;
                var at = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
                if (name.SequenceEqual("occi.core.title"u8))
                    lifted.Title = at;
                else if (!isLink && name.SequenceEqual("occi.core.summary"u8))
                    lifted.Summary = at;
                else if (isLink && name.SequenceEqual("occi.core.source"u8))
                    lifted.Source = at;
                else if (isLink && name.SequenceEqual("occi.core.target"u8))
                    lifted.Target = at;
                else if (isLink && name.SequenceEqual("occi.core.source.kind"u8))
                    lifted.SourceKind = at;
                else if (isLink && name.SequenceEqual("occi.core.target.kind"u8))
                    lifted.TargetKind = at;
                else
                    return false;
                continue;
            }
            if (!started)
                _json.WriteStartObject("attributes"u8);
            started = true;
            _json.WritePropertyName(name);
            if (reader.TokenType == JsonTokenType.Number && reader.ValueSpan.IndexOf((byte)'.') < 0 && model.IsDecimal(name))
                _json.WriteRawValue([.. reader.ValueSpan, (byte)'.', (byte)'0'], skipInputValidation: true);
            else
                Copy(ref reader, payload);
        }
        if (started)
            _json.WriteEndObject();
        // The kind of an end stands in the end's object; without that end there is none to put it in, and it is an attribute like others.
        return !isLink || (IsThere(lifted.Source) || !IsThere(lifted.SourceKind)) && (IsThere(lifted.Target) || !IsThere(lifted.TargetKind));
    }

    private void Lift(ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, Range value)
    {
        if (!IsThere(value))
            return;
        _json.WritePropertyName(name);
        Text(payload[value]);
    }

    private void End(ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, Range location, Range kind)
    {
        if (!IsThere(location))
            return;
        _json.WriteStartObject(name);
        Lift("location"u8, payload, location);
        Lift("kind"u8, payload, kind);
        _json.WriteEndObject();
    }

    private static bool IsThere(Range range) => !range.Equals(default);

    private void Copy(ref Utf8JsonReader reader, ReadOnlySpan<byte> payload)
    {
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            reader.Skip();
        if (reader.TokenType == JsonTokenType.String)
            Text(payload[start..(int)reader.BytesConsumed]);
        else
            _json.WriteRawValue(payload[start..(int)reader.BytesConsumed], skipInputValidation: true);
    }

    /// <summary>A string as it stands in a payload, quotes included. Payloads escape more than renderings do.</summary>
    private void Text(ReadOnlySpan<byte> quoted)
    {
        if (quoted.IndexOf((byte)'\\') < 0)
        {
            _json.WriteRawValue(quoted, skipInputValidation: true);
            return;
        }
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        _json.WriteStringValue(reader.GetString());
    }
}
