using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Controller.Api.Tests.Hostile;

/// <summary>A response, read strictly (RFC 9112): what a lenient client would let pass is an error here.</summary>
internal sealed partial record RawResponse(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body)
{
    public string? this[string name] => Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Whether our code wrote it, and not Kestrel by itself, which names no server and says nothing.</summary>
    public bool IsOurs => this["Server"] is not null;

    /// <summary>The body as text; fails if it is not UTF-8.</summary>
    public string Text => new UTF8Encoding(false, true).GetString(Encoding.Latin1.GetBytes(Body));

    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>All responses of a connection that was closed; the last one may be incomplete where <paramref name="cut"/>.</summary>
    public static List<RawResponse> ParseAll(string received, Func<int, bool> isHead, bool cut)
    {
        var found = new List<RawResponse>();
        for (var at = 0; at < received.Length;)
        {
            var end = received.IndexOf("\r\n\r\n", at, StringComparison.Ordinal);
            if (end < 0)
                return cut ? found : throw new FormatException($"the head of a response has no end: {RawRequest.Escape(received[at..])}");
            var lines = received[at..end].Split("\r\n");
            var match = StatusLine().Match(lines[0]);
            if (!match.Success)
                throw new FormatException($"no status line: {RawRequest.Escape(lines[0])}");
            var response = new RawResponse(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), [.. lines.Skip(1).Select(Field)], "");
            at = end + 4;
            if (response.Status / 100 == 1)
                continue;
            var empty = isHead(found.Count) || response.Status is 204 or 304;
            if (!empty && !response.TakeBody(received, ref at, out response))
                return cut ? found : throw new FormatException($"a response was cut off: {RawRequest.Escape(received[..Math.Min(received.Length, 4000)])}");
            found.Add(response);
        }
        return found;
    }

    private bool TakeBody(string received, ref int at, out RawResponse whole)
    {
        whole = this;
        if (this["Transfer-Encoding"] is { } coding)
        {
            if (coding != "chunked" || this["Content-Length"] is not null)
                throw new FormatException($"a body is delimited in two ways, or one that is unknown: {coding}");
            var body = new StringBuilder();
            while (true)
            {
                var line = received.IndexOf("\r\n", at, StringComparison.Ordinal);
                if (line < 0)
                    return false;
                var size = int.Parse(received.AsSpan(at, line - at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (line + 2 + size + 2 > received.Length)
                    return false;
                body.Append(received, line + 2, size);
                at = line + 2 + size + 2;
                if (size != 0)
                    continue;
                whole = this with { Body = body.ToString() };
                return true;
            }
        }
        if (this["Content-Length"] is null && this["Connection"] == "close")   // HTTP/1.0 has no other way to end a body of unknown length
        {
            whole = this with { Body = received[at..] };
            at = received.Length;
            return true;
        }
        if (!int.TryParse(this["Content-Length"], NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            throw new FormatException($"{Status} has no length: {this["Content-Length"]}");
        if (at + length > received.Length)
            return false;
        whole = this with { Body = received.Substring(at, length) };
        at += length;
        return true;
    }

    private static KeyValuePair<string, string> Field(string line)
    {
        var match = FieldLine().Match(line);
        return match.Success ? new(match.Groups[1].Value, match.Groups[2].Value) : throw new FormatException($"no header field: {RawRequest.Escape(line)}");
    }

    [GeneratedRegex(@"\AHTTP/1\.1 ([1-5][0-9][0-9]) [ -~]*\z")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"\A([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)\z")]
    private static partial Regex FieldLine();
}
