using System.Globalization;
using System.Text;

namespace Controller.Api.Tests.Hostile;

/// <summary>A request before it is put together. Text stands for bytes: a character is the byte of that value.</summary>
internal sealed record RawRequest(string Method, string Target, string Body = "")
{
    public List<(string Name, string Value)> Headers { get; init; } = [("Host", "cloud.example:8000")];

    public string Version { get; init; } = "HTTP/1.1";

    /// <summary>Whether it may be unclear where it ends: then the server may wait for more, or see several.</summary>
    public bool Unclear { get; init; }

    /// <summary>What to send instead, where putting it together is not bad enough.</summary>
    public string? Wire { get; init; }

    public RawRequest With(string name, string value) => this with { Headers = [.. Headers, (name, value)] };

    public RawRequest Without(string name) => this with { Headers = [.. Headers.Where(h => !h.Name.Equals(name, StringComparison.OrdinalIgnoreCase))] };

    /// <summary>As it is sent.</summary>
    public override string ToString()
    {
        if (Wire is not null)
            return Wire;
        var text = new StringBuilder($"{Method} {Target} {Version}\r\n");
        foreach (var (name, value) in Headers)
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        if (Body.Length > 0 && !Headers.Any(h => h.Name is "Content-Length" or "Transfer-Encoding"))
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {Body.Length}\r\n");
        return text.Append("\r\n").Append(Body).ToString();
    }

    /// <summary>UTF-8 as bytes.</summary>
    public static string Utf8(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>As a C# string, so that it can be sent again; long repetitions are told by their length.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder("\"");
        for (var i = 0; i < text.Length;)
        {
            var unit = Math.Min(16, text.Length - i);
            var times = 1;
            while (i + ((times + 1) * unit) <= text.Length && text.AsSpan(i + (times * unit), unit).SequenceEqual(text.AsSpan(i, unit)))
                times++;
            if (times > 8)
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\" + Repeat({Escape(text.Substring(i, unit))}, {times}) + \"");
                i += times * unit;
                continue;
            }
            escaped.Append(text[i] switch
            {
                '\r' => "\\r", '\n' => "\\n", '"' => "\\\"", '\\' => "\\\\",
                < ' ' or > '~' => $"\\u{(int)text[i]:x4}",
                var plain => plain.ToString(),
            });
            i++;
        }
        return escaped.Append('"').ToString();
    }
}
