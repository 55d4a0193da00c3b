namespace Controller.Api.Tests.Hostile;

/// <summary>What can be wrong with a request. What the same random numbers make is the same.</summary>
internal sealed partial class Mutations(Random random)
{
    /// <summary>A header of that name in an answer was not ours: somebody's value began a line of its own.</summary>
    public const string Injected = "X-Injected";

    /// <summary>A host that is not ours, in Host and request targets only: it may be in no answer.</summary>
    public const string Poison = "evil.example";

    private const string Controls = "\0\u0001\u0007\b\t\n\v\f\r\u001b\u007f\u0080\u00a0\u00ad\u00ff";

    /// <summary>One or two of them, or (rarely) none.</summary>
    public RawRequest Mutate(RawRequest request)
    {
        for (var times = random.Next(10) switch { 0 => 0, < 8 => 1, _ => 2 }; times > 0; times--)
        {
            request = random.Next(4) switch
            {
                0 when request.Body.Length > 0 => InBody(request),
                1 => InTarget(request),
                2 => random.Next(6) == 0 ? InFraming(request) : InHeaders(request),
                _ => request.Body.Length > 0 ? InBody(request) : InHeaders(request),
            };
        }
        return request.Unclear && request.Method == "HEAD" ? request with { Method = "GET" } : request;
    }

    private T OneOf<T>(params T[] items) => items[random.Next(items.Length)];

    // Mostly few; many seldom, since they take their time.
    private int Many(int most) => random.Next(100) switch { < 3 => most, < 10 => most / 10, < 40 => most / 1000, _ => random.Next(1, 20) };

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static string Numbered(int times, Func<int, string> text) => string.Concat(Enumerable.Range(0, times).Select(text));

    private string Noise() => new([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(2) == 0 ? OneOf([.. Controls, .. "\"\\,;:=<>{}[]#?/%"]) : (char)random.Next(256))]);

    private string Insert(string text, string what) => text.Insert(random.Next(text.Length + 1), what);

    private RawRequest InTarget(RawRequest request)
    {
        var path = request.Target;
        return random.Next(13) switch
        {
            0 => request with { Method = OneOf("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "get", "Post", "M-SEARCH", new string('M', Many(20_000))) },
            1 => request with { Method = "CONNECT", Target = Poison + ":80", Unclear = true },
            2 => request with { Target = $"http://{Poison}{path}" },
            3 => request with { Method = "OPTIONS", Target = "*" },
            4 => request with { Target = Insert(path, OneOf("%00", "%2f", "%2F", "%5c", "%c0%af", "%ed%a0%80", "%ff", "%", "%zz", "..", "/../", "/./", "//", "%2e%2e/", "%0d%0a", "%0d%0aX-Injected:%20yes", "%e2%80%a8", ";a=b", "~", "\\")) },
            5 => request with { Target = path + (path.Contains('?', StringComparison.Ordinal) ? '&' : '?') + OneOf(
                "page=1", "page=0&number=1", "page=-1&number=1", "page=99999999999999999999&number=1", "page=1&number=99999999999999999999", "page=1;number=1",
                "page=1e3&number=0x10", "page=%00&number=1", "page=NaN&number=1", "page=1&number=1001", "action=", "action=%00", "action=start", "action=start&action=stop", "action=%ff",
                "offset=-1", "offset=9223372036854775807", "wait=-1", "max=0", "max=2147483648", "title=%00", "format=%0d%0a") },
            6 => request with { Target = path + "?" + Repeat("a=b&", Many(4_000)) },
            7 => request with { Target = path + new string('a', Many(17_000)) },
            8 => request with { Target = Repeat("/a", Many(8_000)) },
            9 => request with { Target = path[..random.Next(1, path.Length + 1)] },
            10 => request with { Version = OneOf("HTTP/1.0", "HTTP/1.2", "HTTP/0.9", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", ""), Unclear = true },
            11 => request with { Target = Insert(path, Noise()), Unclear = true },
            _ => request with { Target = path.Replace("00000000-0000", OneOf("00000000-0001", "FFFFFFFF-FFFF", "{00000000-0000", "00000000_0000"), StringComparison.Ordinal) },
        };
    }

    private RawRequest InHeaders(RawRequest request)
    {
        switch (random.Next(20))
        {
            case 0:
                return request.With(OneOf("X Y", "", "X\tY", "X:", "Käse", "X\0", "(x)", "X-" + new string('n', Many(50_000))), "1") with { Unclear = true };
            case 1:
                return request.With(OneOf("Category", "X-OCCI-Attribute", "Link", "X-OCCI-Location", "If-Match", "Accept", "User-Agent", "X-Any"), Noise()) with { Unclear = true };
            case 2:
                return request.With("X-Folded", OneOf("a\r\n b", "a\r\n\tb", "a\n b", "a\r b")) with { Unclear = true };
            case 3:
                var many = Many(12_000);
                return request with { Headers = [.. request.Headers, .. Enumerable.Range(0, many).Select(i => ($"X-{i}", "v"))], Unclear = request.Unclear || many > 9_000 };
            case 4:
                return request.With(OneOf("X-Long", "Accept", "Category", "X-OCCI-Attribute", "Authorization", "If-None-Match"), new string('v', Many(1_200_000)));
            case 5:
                return request.With("Accept", OneOf(
                    "text/plain;q=NaN", "text/plain;q=1e9", "text/plain;q=-1", "text/plain;q=" + new string('0', Many(10_000)), "*/*;q=0", "text/*, */*", ",,,", "/", "text/", "text/plain;;;=",
                    Repeat("text/a,", Many(30_000)), Repeat("*/*;q=0.1,", Many(20_000)) + "text/occi", "text/uri-list", "image/png"));
            case 6:
                return request.With("User-Agent", OneOf(
                    "OCCI/1.3", "OCCI/99999999999999999999999999.1", "OCCI/" + new string('9', Many(100_000)) + ".0", Repeat("OCCI/9.9 ", Many(25_000)), "OCCI/1.1 OCCI/7.0", "OCCI/", "OCCI/-1.2", "occi/9.9"));
            case 7:
                return request.With(OneOf("If-Match", "If-None-Match"), OneOf("*", "\"\"", "W/\"1\"", "\"99999999999999999999.0\"", "\"-1\"", ",,,", Repeat("\"1\",", Many(20_000)), "\"1", "1"));
            case 8:
                return request.With("Content-Encoding", OneOf("gzip", "br", "deflate", "gzip, identity", "x", "identity", "GZIP"));
            case 9:
                return request.Without("Content-Type").With("Content-Type", OneOf(
                    "text/occi", "text/plain", "application/occi+json", "text/uri-list", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/html", "a", "text/plain; charset=utf-16",
                    "text/plain; charset=\"", "application/occi+json; charset=iso-8859-1", ";;;", "text/plain, text/occi", Repeat("text/a,", Many(20_000))));
            case 10:
                return request.Without("Host").With("Host", OneOf(Poison, Poison + ":99999", Poison + "/x", "a b", "[::1]", "[::1", "-", "\u00e9.example", "u:p@" + Poison, ""));
            case 11:
                return request.With("Host", Poison);
            case 12:
                return request.With("Expect", OneOf("100-continue", "200-ok", "100-CONTINUE"));
            case 13:
                return request.With("Category", Repeat("compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\", ", Many(3_000)) + "compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"");
            case 14:
                return request.With("X-OCCI-Attribute", OneOf(
                    Numbered(Many(10_000), i => $"a.{i}=1, ") + "occi.core.title=\"x\"", "occi.compute.cores=1", "occi.compute.cores=1e20", "occi.compute.memory=1e-28", "occi.storage.size=\"x\"",
                    "occi.core.title=\"" + Repeat("\\\"", Many(100_000)) + "\"", new string(';', Many(200_000)), "occi.core.id=\"\"", "occi.network.address=\"1.2.3.4/99\"", "=", "occi.core.title=\"%00\""));
            case 15:
                return request.With("Link", Repeat("</network/x>; rel=\"http://x/y#z\", ", Many(5_000)) + "</network/x>; rel=\"http://x/y#z\"");
            case 16:
                return request.With("X-OCCI-Location", Repeat("/compute/00000000-0000-4000-8000-000000000001, ", Many(4_000)) + "/compute/00000000-0000-4000-8000-000000000002");
            case 17:
                return request.Without("Authorization").With("Authorization", OneOf("Bearer", "Bearer  ", "Basic !!!", "Basic " + new string('A', Many(200_000)), "Basic Og==", "Digest x", "Bearer \u00ff", new string(' ', 100)));
            case 18:
                return request.With(OneOf("traceparent", "tracestate", "baggage", "Cookie", "X-HTTP-Method-Override", "X-Forwarded-Host", "X-Original-URL", "Upgrade", "HTTP2-Settings", "Connection"),
                    OneOf("DELETE", "keep-alive", "Upgrade", "h2c", "websocket", "00-x-y-z", "a=" + new string('b', Many(100_000)))) with { Unclear = true };
            default:
                return request.Headers.Count > 1 ? request with { Headers = [.. request.Headers.Where((_, i) => i != 1 + random.Next(request.Headers.Count - 1))] } : request;
        }
    }
}
