using System.Globalization;
using System.Text;

namespace Controller.Api.Tests.Hostile;

/// <summary>Bodies, and where they end.</summary>
internal sealed partial class Mutations
{
    private static readonly string[] Texts =
    [
        "a\\r\\nX-Injected: yes", "a\\nX-Injected: yes", "a\\u0000b", "\\ud800", "\\udc00\\ud800", "\\u2028X-Injected: yes", "\\u0085X-Injected: yes", "\\u000bX-Injected: yes", "\\ufffe",
        "\\\"; x=\\\"", "\\\\", "\\u001b[2J", "",
    ];

    private static readonly string[] Numbers =
    [
        "1e999999999", "1e-999999999", "-0", "0.0000000000000000000000000001", "79228162514264337593543950335", "79228162514264337593543950336", "1e28", "9007199254740993", "2147483648", "-1",
        "NaN", "Infinity", "1.", ".5", "0x10", "1e", "007", "1,5", "true", "null", "[]", "{}", "\"5\"", "1e20", "262145",
    ];

    private RawRequest InBody(RawRequest request)
    {
        var body = request.Body;
        var isJson = body.StartsWith('{') || body.StartsWith('[');
        switch (random.Next(isJson ? 18 : 12))
        {
            case 0:
                return request with { Body = Insert(body, Noise()) };
            case 1:
                return request with { Body = body[..random.Next(body.Length)] };
            case 2:
                var cut = random.Next(body.Length);
                return request with { Body = body.Remove(cut, Math.Min(random.Next(1, 10), body.Length - cut)) };
            case 3:
                return request with { Body = "\u00ff\u00fe" + Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(body)) };
            case 4:
                return request with { Body = OneOf("\u00ef\u00bb\u00bf", "\u00fe\u00ff", "\u00c0\u0080", "\u00ed\u00a0\u0080", "\u00f5\u0080\u0080\u0080", "\u00e2\u0082") + body };
            case 5:
                return request with { Body = body.Replace("\n", OneOf("\r\n", "\r", "\n\r", "\r\r\n", "\n\n\n", "\v", "\u00e2\u0080\u00a8"), StringComparison.Ordinal) };
            case 6:
                return request with { Body = Replaced(body, "a title", OneOf(new string('t', Many(1_100_000)), Noise(), "\u00c3\u00a9\u00e2\u0082\u00ac\u00f0\u009f\u0098\u0080", OneOf(Texts), Repeat("\\\"", Many(100_000)))) };
            case 7:
                return request with { Body = ReplacedNumber(body, OneOf(Numbers)) };
            case 8:
                return request with { Body = body.Replace("/network/", OneOf("/compute/", "http://" + "other.example/", "urn:uuid:", "/../network/", "//", "[", "/network/?x=", ""), StringComparison.Ordinal) };
            case 9:
                return request with { Body = body.Replace("00000000-0000-4000", OneOf("ffffffff-ffff-4fff", "00000000-0000-0000", "0", "00000000-0000-4000-4000"), StringComparison.Ordinal) };
            case 10:
                return request with { Body = Repeat(body + "\n", 1 + Many(2_000)) };
            case 11:
                return request with
                {
                    Body = body + "\n" + OneOf(
                        Repeat("Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"\n", Many(50_000)), Numbered(Many(50_000), i => $"X-OCCI-Attribute: a.{i}=1\n"),
                        Repeat("Link: </network/x>; rel=\"http://x/y#z\"; category=\"http://x/y#z\"\n", Many(50_000)), "X-OCCI-Attribute: " + new string(';', Many(1_000_000)), "X-OCCI-Attribute: " + new string('a', Many(1_000_000)),
                        "Category: " + Repeat("compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\",", Many(1_000_000 / 64)), new string('\n', Many(1_000_000)), "X-OCCI-Location: " + new string(',', Many(1_000_000))),
                };
            case 12:
                return request with { Body = Nested(Many(100_000)) };
            case 13:
                return request with { Body = body.Insert(1, OneOf("\"kind\":1,", "\"attributes\":{},", "\"title\":\"x\",", "\"links\":{},", "\"id\":\"" + OneOf(Texts) + "\",", "\"\":1,", "\"" + OneOf(Texts) + "\":1,")) };
            case 14:
                var links = Numbered(Many(20_000), i => $"{(i == 0 ? "" : ",")}{{\"kind\":\"http://schemas.ogf.org/occi/infrastructure#networkinterface\",\"target\":{{\"location\":\"/network/{i}\"}}}}");
                return request with { Body = body.Insert(1, $"\"links\":[{links}],") };
            case 15:
                return request with { Body = $"{{\"resources\":[{string.Join(',', Enumerable.Repeat(body, 1 + Many(2_000)))}]}}" };
            case 16:
                return request with { Body = body.Replace("\"attributes\":{", "\"attributes\":{" + Numbered(Many(50_000), i => $"\"a.{i}\":{OneOf(Numbers)},"), StringComparison.Ordinal) };
            default:
                return request with { Body = $"[{string.Join(',', Enumerable.Repeat(OneOf("1", "\"/compute/x\"", "{}", "[]", "\"\""), 1 + Many(300_000)))}]" };
        }
    }

    private string Nested(int depth) => OneOf(
        new string('[', depth), Repeat("{\"attributes\":", depth), "{\"attributes\":{" + Repeat("\"a\":{", Math.Min(depth, 50)) + "\"b\":1" + new string('}', Math.Min(depth, 50)) + "}}",
        "{\"attributes\":{\"a.b\":" + new string('[', Math.Min(depth, 40)) + new string(']', Math.Min(depth, 40)) + "}}");

    private static string Replaced(string text, string what, string by) => text.Contains(what, StringComparison.Ordinal) ? text.Replace(what, by, StringComparison.Ordinal) : text + by;

    private static string ReplacedNumber(string text, string by)
    {
        foreach (var (number, name) in (ReadOnlySpan<(string, string)>)[("1", "occi.compute.cores"), ("0.5", "occi.compute.memory"), ("0.1", "occi.storage.size"), ("2.0", "size")])
        {
            foreach (var assigned in (string[])[$"{name}={number}", $"{name}\":{number}"])
            {
                if (text.Contains(assigned, StringComparison.Ordinal))
                    return text.Replace(assigned, assigned[..^number.Length] + by, StringComparison.Ordinal);
            }
        }
        return text + by;
    }

    private RawRequest InFraming(RawRequest request)
    {
        // Of an answer to HEAD nobody but its asker knows where it ends.
        request = request with { Unclear = true, Method = request.Method == "HEAD" ? "GET" : request.Method };
        var (length, body) = (request.Body.Length.ToString(CultureInfo.InvariantCulture), request.Body);
        string Chunks(string text) => text.Length == 0 ? "0\r\n\r\n" : $"{text.Length:x}\r\n{text}\r\n0\r\n\r\n";
        var chunked = request.With("Transfer-Encoding", OneOf("chunked", "Chunked", "chunked, identity", "identity", "gzip, chunked", "xchunked", " chunked", "chunked\r\nTransfer-Encoding: chunked"));
        return random.Next(12) switch
        {
            0 => request.With("Content-Length", length).With("Content-Length", OneOf(length, "0", "5")),
            1 => request.With("Content-Length", OneOf("-1", "+5", "0x10", "99999999999999999999", "9000000", "1e3", " 5 ", "5, 5", "", "5;", $"{body.Length + 100}", $"{body.Length / 2}")),
            2 => chunked.With("Content-Length", length) with { Body = Chunks(body) },
            3 => (chunked with { Body = Chunks(body) }).With("Content-Length", "4"),
            4 => chunked with { Body = Chunks(body) },
            5 => chunked with { Body = OneOf("zz\r\n", "-1\r\na\r\n", "ffffffffffffffff\r\n", "7fffffff\r\n", "5\r\nab\r\n", "1\r\nab\r\n0\r\n\r\n", "0\r\n", "00000000000000000000001\r\na\r\n0\r\n\r\n", "1;" + new string('e', Many(50_000)) + "\r\na\r\n0\r\n\r\n") },
            6 => chunked with { Body = Chunks(body)[..^2] + OneOf("X-Trailer: 1\r\n\r\n", "Content-Length: 5\r\n\r\n", "Host: " + Poison + "\r\n\r\n", "bad\r\n\r\n", new string('t', Many(100_000)) + ": 1\r\n\r\n") },
            7 => chunked with { Body = string.Concat(body.Take(3000).Select(c => $"1\r\n{c}\r\n")) + "0\r\n\r\n" },
            8 => request with { Wire = request.ToString().Replace("\r\n", OneOf("\n", "\r", "\n\r", "\r\n\r\n", " \r\n", "\0\r\n"), StringComparison.Ordinal) },
            9 => request with { Wire = request.ToString() is var whole ? whole[..random.Next(whole.Length)] : null },
            10 => request with { Wire = Insert(request.ToString(), Noise()) },
            _ => request with { Wire = OneOf("\u0016\u0003\u0001\u0002\0\u0001\0", "GET /\r\n", "\r\n\r\n\r\n", new string('\0', 100), new string('A', Many(100_000)), "POST / HTTP/1.1\r\n" + Repeat("a", Many(100_000))) },
        };
    }
}
