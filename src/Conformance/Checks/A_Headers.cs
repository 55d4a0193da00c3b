using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>A. Headers, versioning.</summary>
internal static class Headers
{
    private static async Task<Response[]> AllSorts(Session s) =>
    [
        await s.Me.Get(QueryInterface), await s.Me.Get("/no/such/thing"), await s.Me.Post(s.Model.LocationOf(Compute), "Category: ;;;"),
        await s.Me.Delete(s.Model.LocationOf(Compute) + Guid.NewGuid().ToString("D")), await s.Me.Get(s.Model.LocationOf(Compute), "image/png"),
    ];

    [Row("C-001", Must, C, "any request", "Server contains OCCI/1.2")]
    public static async Task Server_names_the_version(Session s)
    {
        foreach (var response in await AllSorts(s))
            Expect.That(response["Server"]?.Contains("OCCI/1.2", StringComparison.Ordinal) == true, $"OCCI/1.2 in Server, found '{response["Server"]}'", response);
    }

    [Row("C-002", Int, C, "any request", "Server contains OCCI/1.1 too")]
    public static async Task Server_names_the_old_version(Session s)
    {
        foreach (var response in await AllSorts(s))
            Expect.That(response["Server"]?.Contains("OCCI/1.1", StringComparison.Ordinal) == true, $"OCCI/1.1 in Server, found '{response["Server"]}'", response);
    }

    [Row("C-003", Must, C, "any request with a response body", "Content-Type names the rendering used")]
    public static async Task Content_type_names_the_rendering(Session s)
    {
        foreach (var type in new[] { TextPlain, TextOcci, Json })
        {
            Expect.Type(await s.Me.Get(s.Model.LocationOf(Compute), type), type);
            Expect.Type(await s.Me.Get("/no/such/thing", type), type);
        }
    }

    [Row("C-004", Int, C, "DELETE, empty list, 201, 4xx", "Content-Type present even if the body is empty")]
    public static async Task Content_type_is_always_there(Session s)
    {
        var created = await s.Me.Post(s.Model.LocationOf(Network), Compose.Kind(Network));
        var path = s.Made(created);
        Response[] all =
        [
            created, await s.Me.Get($"{s.Model.LocationOf(Network)}?page=1000&number=10"), await s.Me.Delete(path), await s.Me.Get(path),
            await s.Me.Post(s.Model.LocationOf(Network), "nonsense"),
        ];
        foreach (var response in all)
            Expect.That(response.Type.Length > 0, "a Content-Type", response);
    }

    [Row("C-005", Should, C, "any request", "Accept lists the media types that can be had")]
    public static async Task Accept_lists_media_types(Session s)
    {
        foreach (var response in await AllSorts(s))
            Expect.That(response["Accept"]?.Contains(TextPlain, StringComparison.Ordinal) == true, $"text/plain in the response's Accept, found '{response["Accept"]}'", response);
    }

    [Row("C-006", Must, C, "User-Agent: x OCCI/1.3 (or 2.0) on any URL and method", "501")]
    public static async Task A_higher_version_is_refused(Session s)
    {
        foreach (var version in new[] { "OCCI/1.3", "OCCI/2.0" })
        {
            foreach (var (method, path) in new[] { ("GET", QueryInterface), ("GET", "/no/such/thing"), ("POST", s.Model.LocationOf(Compute)), ("DELETE", s.Model.LocationOf(Compute) + Guid.NewGuid()) })
                Expect.Status(await s.Me.Send(method, path, headers: ("User-Agent", "conformance/1 " + version)), 501);
        }
    }

    [Row("C-007", Must, C, "User-Agent: x OCCI/1.2, OCCI/1.1, OCCI/1.0, none", "normal processing")]
    public static async Task Lower_versions_are_served(Session s)
    {
        foreach (var agent in new[] { "x OCCI/1.2", "x OCCI/1.1", "OCCI/1.0", "curl/8" })
            Expect.Status(await s.Me.Send("GET", QueryInterface, headers: ("User-Agent", agent)), 200);
        Expect.Status(await s.Me.Get(QueryInterface), 200);
    }

    [Row("C-008", Must, U, "User-Agent: x OCCI/1.10", "501: compared as numbers")]
    public static async Task Versions_are_numbers(Session s) =>
        Expect.Status(await s.Me.Send("GET", QueryInterface, headers: ("User-Agent", "x OCCI/1.10")), 501);

    [Row("C-009", Must, U, "POST with payload and no Content-Type", "400 or 406, or parsed as text/plain; never 500")]
    public static async Task No_content_type(Session s)
    {
        var response = Expect.Status(await s.Me.Send("POST", s.Model.LocationOf(Network), Compose.Kind(Network)), 201, 200, 400, 406, 415);
        if (response.Status < 300)
            s.Made(response);
    }

    [Row("C-010", MustNot, C, "POST with a header block or payload above the server's limit", "not cut short; 413 (431 tolerated)")]
    public static async Task Too_large_is_refused(Session s)
    {
        var attribute = $"occi.core.summary=\"{new string('x', 600_000)}\"";
        var response = await s.Me.Send("POST", s.Model.LocationOf(Network), type: TextOcci, headers:
            [("Category", Compose.Kind(Network)["Category: ".Length..]), ("X-OCCI-Attribute", attribute)]);
        if (response.Status is 200 or 201)
        {
            // A server may be that generous; then all of it must be there.
            var summary = (await s.Read(s.Made(response))).GetProperty("summary").GetString();
            Expect.That(summary?.Length == 600_000, $"all 600000 characters, found {summary?.Length}");
        }
        else
        {
            Expect.Status(response, 413, 431);
        }
    }

    [Row("C-011", Must, C, "a request that can't be served for maintenance", "503")]
    public static Task Maintenance(Session s) => Conditional.NotProvoked("the service is not down for maintenance, and the suite can't put it there");

    [Row("C-012", May, C, "GET twice with If-None-Match, if there was an ETag", "304 or 200; no effect on OCCI data")]
    public static async Task Conditional_get(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text("occi.core.title", "tagged"));
        var first = Expect.Status(await s.Me.Get(path), 200);
        if (first["ETag"] is not { } tag)
            throw new NotApplicableException("no ETag is sent");
        Expect.Status(await s.Me.Get(path, headers: ("If-None-Match", tag)), 304, 200);
        Expect.That((await s.ReadText(path)).Body == first.Body, "the same entity afterwards", first);
    }
}
