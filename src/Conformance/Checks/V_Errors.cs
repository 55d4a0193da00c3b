using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>V. Errors, atomicity, security.</summary>
internal static class Errors
{
    [Row("C-306", Must, C11, "an internal error in mid-operation", "500, and the state as before")]
    public static Task An_internal_error(Session s) => Conditional.NotProvoked("the suite can't make a server fail inside");

    [Row("C-307", Must, C, "a feature that is left out", "501")]
    public static async Task What_is_left_out(Session s)
    {
        // Whatever the model lists is either done, impossible now, or 501: never anything else.
        var storage = await s.MakeStorage();
        await s.Becomes(storage, "occi.storage.state", "online", "offline");
        await s.Act(storage, StorageAction + "online");
        var tried = 0;
        foreach (var action in s.Model.Get(Storage).Actions.Where(a => !a.EndsWith("#resize", StringComparison.Ordinal)))
        {
            Expect.Status(await s.Act(storage, action), 200, 409, 501);
            tried++;
        }
        Expect.That(tried > 0, "actions of storage");
    }

    [Row("C-308", Must, C, "a method that the URL does not have", "405 with Allow")]
    public static async Task An_unknown_method(Session s)
    {
        foreach (var path in new[] { QueryInterface, s.Model.LocationOf(Compute) })
        {
            foreach (var method in new[] { "PUT", "PATCH" })
            {
                var response = Expect.Status(await s.Me.Send(method, path), 405);
                Expect.That(response["Allow"]?.Contains("GET", StringComparison.Ordinal) == true, "Allow with what there is", response);
            }
        }
    }

    [Row("C-309", Should, C, "a request without credentials, where they are asked for", "401 with WWW-Authenticate")]
    public static async Task Nobody_is_asked_for_credentials(Session s)
    {
        var response = await s.Nobody.Get(QueryInterface);
        if (response.Status == 200)
            throw new NotApplicableException("no credentials are asked for");
        Expect.Status(response, 401);
        Expect.That(response["WWW-Authenticate"]?.Contains("Basic", StringComparison.OrdinalIgnoreCase) == true || response["WWW-Authenticate"]?.Length > 0, "a challenge", response);
    }

    [Row("C-310", Must, C, "authenticated and not entitled", "403, or 404 where it is hidden")]
    public static async Task Foreign_entities(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text("occi.core.title", "mine"));
        foreach (var response in new[] { await s.Stranger.Get(path), await s.Stranger.Post(path, Compose.Text("occi.core.title", "theirs")), await s.Stranger.Delete(path) })
            Expect.Status(response, 404, 403);
        Expect.That((await s.Read(path)).GetProperty("title").GetString() == "mine", "the entity unchanged");
    }

    [Row("C-311", Should, C, "TLS", "can be had")]
    public static async Task Tls(Session s)
    {
        Expect.Status(await s.Tls.Get(QueryInterface), 200);
        var url = (await s.Tls.Get(s.Model.LocationOf(Network), TextPlain)).Locations is [var first, ..] ? first : null;
        Expect.That(url?.StartsWith("https://", StringComparison.Ordinal) != false, $"https in URLs that are asked for by https, found {url}");
    }

    [Row("C-312", Int, R, "an error", "its message in the rendering asked for; text/occi also as X-OCCI-Error")]
    public static async Task Errors_are_rendered(Session s)
    {
        foreach (var (path, status) in new[] { ("/no/such/thing", 404), (s.Model.LocationOf(Compute) + "?page=x&number=1", 400) })
        {
            var text = Expect.Type(Expect.Status(await s.Me.Get(path, TextPlain), status), TextPlain);
            Expect.That(text.Body.Trim().Length > 0, "a message", text);
            var occi = Expect.Type(Expect.Status(await s.Me.Get(path, TextOcci), status), TextOcci);
            Expect.That(occi["X-OCCI-Error"] is { Length: > 0 }, "a message in X-OCCI-Error", occi);
            var json = Expect.Type(Expect.Status(await s.Me.Get(path, Json), status), Json);
            Expect.That(json.Json.GetProperty("message").GetString() is { Length: > 0 }, "a member message", json);
        }
    }

    [Row("C-313", MustNot, U, "CR and LF in attribute values, read as text/occi", "no header is split; 406 or 400")]
    public static async Task No_header_is_split(Session s)
    {
        var created = await s.Me.Post(s.Model.LocationOf(Network), $$"""{"kind":"{{Network}}","title":"a\r\nX-Injected: yes\r\n\r\nbody"}""", Json, TextPlain);
        if (created.Status == 400)
            return;
        var path = s.Made(created);
        Response response = await s.Me.Get(path, TextOcci);
        Expect.That(response["X-Injected"] is null, "no header made of an attribute's value", response);
        if (response.Status != 200)
            Expect.Status(response, 406, 400);
        Expect.That(!(await s.Me.Get(path, TextPlain)).Lines.Any(l => l.StartsWith("X-Injected", StringComparison.Ordinal)), "no line made of an attribute's value in text/plain");
    }
}
