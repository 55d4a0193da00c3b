using System.Globalization;
using System.Text.RegularExpressions;
using Controller.Api.Identity;
using Controller.Api.Tests.Cloud;
using Controller.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace Controller.Api.Tests.Security;

/// <summary>
/// What belongs to a project does not exist for others. Walked over every kind, action, mixin, collection and rendering that the server lists, and every route that it has: who adds one adds
/// it here, or this fails. "As unknown as none": whatever is asked about somebody else's entity is answered like the same about an id that nobody has.
/// </summary>
[Collection("extended cloud")]
public sealed partial class IsolationTests(ExtendedCloud cloud)
{
    private const string Json = TheModel.Json;

    private static readonly string[] Renderings = ["text/plain", "text/occi", "text/uri-list", Json, "application/json"];

    private readonly ApiFixture _api = cloud.Api;

    [Fact]
    public async Task Foreign_entities_are_as_unknown_as_none_and_stay_as_they_are()
    {
        var model = await TheModel.Of(_api, "member");
        await _api.AddProject("intruder");
        await _api.AddToken("intruder-reader", "intruder", "reader");
        await _api.AddToken("intruder-operator", "intruder", "operator");
        // People, by session and by token of their own; one is in several projects, and one looks into all of them, and both have chosen theirs.
        await Callers.Make(_api, "intruder-person", ("intruder", "member"));
        await Callers.Make(_api, "intruder-of-two", ("intruder", "member"), ("default", "member"));
        await Callers.Make(_api, "intruder-of-all", (null, "reader"));
        foreach (var name in (string[])["intruder-of-two", "intruder-of-all"])
            _api.Calls(name, null, [.. _api.HeadersOf(name), ("X-Project", "intruder")]);
        string[] members = ["intruder", "intruder-person", "intruder-person-token", "intruder-of-two"], readers = ["intruder-reader", "intruder-of-all"];
        var listed = await Listings(model, "intruder");
        var victims = await Victims.Make(_api, model, "victim");
        var before = await victims.State();

        // Nothing of them is listed, in no collection, rendering or page, nor counted.
        Assert.Equal(listed, await Listings(model, "intruder"));
        foreach (var collection in model.Collections)
        {
            foreach (var caller in (string[])[.. members, .. readers, "intruder-operator", "member"])
            {
                foreach (var rendering in Renderings)
                    Hides(victims, await _api.Send("GET", collection, caller: caller, accept: rendering), $"GET {collection} as {rendering} by {caller}");
            }
            var page = await _api.Send("GET", collection + "?page=1&number=5", caller: "intruder");
            Hides(victims, page, collection);
            foreach (var id in victims.Ids)
                Assert.Equal("", (await _api.Send("GET", collection, caller: "intruder", accept: "text/uri-list", headers: ("X-OCCI-Attribute", $"occi.core.id=\"urn:uuid:{id}\""))).Body);
            Assert.Equal("", (await _api.Send("GET", collection, caller: "intruder", accept: "text/uri-list", headers: ("X-OCCI-Attribute", $"occi.core.title=\"{Victims.Marker}\""))).Body);
        }

        // Each of them is as unknown as one that nobody has.
        var tags = before.Split('\n').Select(line => line.Split(' ')[0]).ToArray();
        foreach (var (kind, at) in model.Concrete.Select((k, at) => (k, at)))
        {
            var path = victims.Paths[kind.Term];
            var tag = tags[victims.Paths.Keys.ToList().IndexOf(kind.Term)];
            foreach (var request in About(model, kind).Concat(ByRoute(kind.Term)))
                await IsUnknown(victims, request with { Tag = tag }, path, kind.Location!, members);
            foreach (var request in ByName(model))
                await IsUnknown(victims, request, path, kind.Location!, members);
            foreach (var request in About(model, kind).Where(r => r.Method == "GET").Concat(ByRoute(kind.Term)))
                await IsUnknown(victims, request with { Tag = tag }, path, kind.Location!, readers);
            // Operators steer hosts and what is on them, and are strangers to other projects' entities as such.
            foreach (var request in About(model, kind))
                await IsUnknown(victims, request with { Tag = tag }, path, kind.Location!, ["intruder-operator"]);
        }
        foreach (var request in await ByLink(model, victims))
            await IsUnknown(victims, request.Ask, request.Victim, request.Victim[..(request.Victim.LastIndexOf('/') + 1)], members);

        // A URL that is somebody else's can't be had, and what is there is neither shown nor changed.
        foreach (var kind in model.Concrete.Where(k => Victims.EndsOf(k.Term) is null && k.Term != "ipreservation"))
        {
            var put = await _api.Send("PUT", victims.Paths[kind.Term], Victims.Resource(kind, "mine"), "intruder", accept: Json, contentType: Json);
            Assert.Equal(409, put.Status);
            Assert.DoesNotContain(Victims.Marker, put.Body, StringComparison.Ordinal);
        }
        // Of what was done to them they see their own attempts, and of what is under way, used and noted of others nothing.
        foreach (var id in victims.Ids)
        {
            var audit = await _api.Send("GET", $"/admin/audit?limit=1000&entity={id}", caller: "intruder");
            Assert.All(audit.Json.GetProperty("entries").EnumerateArray(), e => Assert.StartsWith("intruder", e.GetProperty("user").GetString(), StringComparison.Ordinal));
        }
        foreach (var path in (string[])["/admin/operations", "/metrics"])
            Hides(victims, await _api.Send("GET", path, caller: "intruder"), path);
        foreach (var path in (string[])["/admin/audit", "/admin/operations", "/events"])
            Assert.Equal((path, 400), (path, (await _api.Send("GET", path + "?project=victim", caller: "intruder")).Status));
        // All of a project is the own project only.
        Assert.Equal(200, (await _api.Send("DELETE", "/", caller: "intruder")).Status);
        Assert.Equal(before, await victims.State());
    }

    [Fact]
    public async Task Readers_look_and_change_nothing()
    {
        var model = await TheModel.Of(_api, "member");
        var victims = await Victims.Make(_api, model, "looked-at");
        var (before, reader) = (await victims.State(), "looked-at-reader");
        foreach (var kind in model.Concrete)
        {
            var path = victims.Paths[kind.Term];
            foreach (var rendering in Renderings)
                Assert.Equal((await _api.Send("GET", path, caller: victims.Project, accept: rendering)).Body, (await _api.Send("GET", path, caller: reader, accept: rendering)).Body);
            foreach (var request in About(model, kind).Where(r => r.Method is not ("GET" or "HEAD" or "OPTIONS") && r.Accept != "text/uri-list"))   // which no entity has
                Assert.Equal(403, (await Send(request, path, reader)).Status);
            Assert.Equal(403, (await _api.Send("PUT", path, "{}", reader, contentType: Json)).Status);
        }
        foreach (var collection in model.Collections)
        {
            foreach (var method in (string[])["POST", "PUT", "DELETE"])
                Assert.Equal(403, (await _api.Send(method, collection, $"X-OCCI-Location: {victims.Paths["compute"]}", reader)).Status);
        }
        foreach (var method in (string[])["POST", "DELETE"])
            Assert.Equal(403, (await _api.Send(method, "/-/", "Category: x; scheme=\"http://x.org/#\"; class=\"mixin\"; location=\"/x/\"", reader)).Status);
        Assert.Equal(403, (await _api.Send("POST", $"/console/{Victims.IdIn(victims.Paths["compute"])}/tickets", """{"type":"serial"}""", reader, contentType: "application/json")).Status);
        Assert.Equal(before, await victims.State());
    }

    [Fact]
    public async Task Without_a_token_that_is_good_nothing_is_answered()
    {
        var model = await TheModel.Of(_api, "member");
        var revoked = await _api.Send("POST", "/admin/tokens", """{"name":"gone","project":"default","role":"admin"}""", "admin", contentType: "application/json");
        Assert.Equal(200, (await _api.Send("DELETE", "/admin/tokens/" + revoked.Json.GetProperty("id").GetString(), caller: "admin")).Status);
        string?[] callers = [null, "", "garbage", "expired", revoked.Json.GetProperty("token").GetString(), _api.SecretOf("admin") + "x", _api.SecretOf("admin")[..^1]];
        var paths = _api.Routes.Where(r => r.Metadata.GetMetadata<IAllowAnonymous>() is null).SelectMany(r => Methods(r).Select(m => (Method: m, Path: Filled(r, "compute", Guid.NewGuid().ToString()))))
            .Concat(model.Collections.SelectMany(c => new[] { ("GET", c), ("POST", c), ("DELETE", c) }))
            .Concat([("GET", "/-/"), ("POST", "/-/"), ("DELETE", "/-/"), ("GET", "/nowhere"), ("OPTIONS", "/compute/"), ("HEAD", "/compute/"), ("PUT", "/compute/" + Guid.NewGuid())])
            .ToList();
        Assert.True(paths.Count > 100, "the routes are found");
        foreach (var (method, path) in paths)
        {
            foreach (var caller in callers)
            {
                var answer = await _api.Send(method, path, method is "GET" or "HEAD" or "OPTIONS" ? null : "{}", caller, contentType: method is "GET" or "HEAD" or "OPTIONS" ? null : "application/json");
                Assert.True(answer.Status == 401, $"{method} {path} by '{caller}' is {answer.Status}");
            }
        }
    }

    /// <summary>Routes without a token, each with the reason.</summary>
    private static readonly Dictionary<string, string> Open = new()
    {
        ["/health/live"] = "says that the process lives", ["/health/ready"] = "says that it can work", ["/console/{compute:guid}/{type:regex(^(serial|vnc)$)}"] = "asks for its ticket",
        ["/auth/sessions"] = "signs in", ["/auth/session"] = "says how to sign in", ["/auth/password"] = "asks for the token of a reset", ["/auth/oidc/login"] = "leads to the identity provider", ["/auth/oidc/callback"] = "asks the provider who it is",
        ["/ui/{**path}"] = "files of the console, with nothing of anybody in them",
    };

    /// <summary>Routes that look at the caller themselves: those that <see cref="Foreign_entities_are_as_unknown_as_none_and_stay_as_they_are"/> walks over.</summary>
    private static readonly string[] JudgeThemselves = ["/console/{compute:guid}", "/console/{compute:guid}/tickets", "/metrics", "/metrics/compute/{id:guid}", "{**path}"];

    [Fact]
    public async Task Every_route_says_whom_it_is_for_and_refuses_everybody_below()
    {
        var roles = new Dictionary<Role, string> { [Role.Reader] = "reader", [Role.Member] = "member", [Role.Operator] = "operator" };
        foreach (var route in _api.Routes)
        {
            var pattern = "/" + route.RoutePattern.RawText!.TrimStart('/');
            if (route.Metadata.GetMetadata<NeededRole>() is not { Role: var needed })
            {
                Assert.True(Open.ContainsKey(pattern) || JudgeThemselves.Contains(pattern) || pattern == "/{**path}", $"{pattern}: whom is it for?");
                Assert.Equal(Open.ContainsKey(pattern), route.Metadata.GetMetadata<IAllowAnonymous>() is not null);
                continue;
            }
            foreach (var (role, caller) in roles.Where(r => r.Key < needed))
            {
                foreach (var method in Methods(route))
                {
                    var path = Filled(route, "compute", Guid.NewGuid().ToString());
                    var answer = await _api.Send(method, path, method is "GET" or "DELETE" ? null : "{}", caller, contentType: method is "GET" or "DELETE" ? null : "application/json");
                    Assert.True(answer.Status == 403, $"{method} {path} by {role} is {answer.Status}: {answer.Body}");
                }
            }
        }
    }

    // ---------------------------------------------------------------- what is asked

    /// <summary>A request about an entity: {path} and {id} stand for it.</summary>
    private sealed record Ask(string Method, string Path, string? Body = null, string? Type = null, string? Accept = null, string? Tag = null)
    {
        public (string, string)[] Headers { get; init; } = [];
    }

    private static IEnumerable<Ask> About(TheModel model, TheModel.Category kind)
    {
        foreach (var rendering in Renderings)
        {
            yield return new("GET", "{path}", Accept: rendering);
            yield return new("DELETE", "{path}", Accept: rendering);
        }
        yield return new("GET", "{path}", Accept: Json) { Headers = [("If-None-Match", "{tag}")] };
        yield return new("GET", "{path}", Accept: Json) { Headers = [("If-Match", "{tag}")] };
        yield return new("HEAD", "{path}");
        yield return new("OPTIONS", "{path}");
        yield return new("DELETE", "{path}") { Headers = [("If-Match", "{tag}")] };
        yield return new("POST", "{path}", "X-OCCI-Attribute: occi.core.title=\"mine\"", "text/plain");
        yield return new("POST", "{path}", "", "text/occi") { Headers = [("X-OCCI-Attribute", "occi.core.title=\"mine\"")] };
        yield return new("POST", "{path}", """{"attributes":{"occi.core.title":"mine"}}""", Json, Json);
        yield return new("POST", "{path}", """{"attributes":{"occi.core.title":"mine"}}""", Json) { Headers = [("If-Match", "{tag}")] };
        foreach (var action in kind.Actions.Concat(model.Mixins.SelectMany(m => m.Actions)).Distinct())
        {
            var (scheme, term) = (action[..(action.IndexOf('#', StringComparison.Ordinal) + 1)], action[(action.IndexOf('#', StringComparison.Ordinal) + 1)..]);
            yield return new("POST", "{path}?action=" + term, $"Category: {term}; scheme=\"{scheme}\"; class=\"action\"", "text/plain");
            yield return new("POST", "{path}?action=" + term, "", "text/occi", "text/occi") { Headers = [("Category", $"{term}; scheme=\"{scheme}\"; class=\"action\"")] };
            yield return new("POST", "{path}?action=" + term, $$"""{"action":"{{action}}"}""", Json, Json) { Headers = [("If-Match", "{tag}")] };
        }
    }

    /// <summary>Every route of the admin's and the others' that takes an id.</summary>
    private IEnumerable<Ask> ByRoute(string term) =>
        from route in _api.Routes
        where route.RoutePattern.Parameters.Any(p => p.ParameterPolicies.Any(c => c.Content == "guid")) && route.Metadata.GetMetadata<IAllowAnonymous>() is null
        from method in Methods(route)
        select method == "GET" ? new Ask(method, Filled(route, term, "{id}")) : new Ask(method, Filled(route, term, "{id}"), """{"type":"serial"}""", "application/json");

    /// <summary>By naming it where several are named: giving mixins, taking them, deleting of a collection.</summary>
    private static IEnumerable<Ask> ByName(TheModel model)
    {
        foreach (var mixin in model.Mixins.Where(m => m.Location is not null))
        {
            yield return new("POST", mixin.Location!, "X-OCCI-Location: {path}", "text/plain");
            yield return new("PUT", mixin.Location!, "{path}", "text/uri-list");
            yield return new("DELETE", mixin.Location!, "", "text/occi") { Headers = [("X-OCCI-Location", "urn:uuid:{id}")] };
        }
        yield return new("DELETE", "/compute/", "X-OCCI-Location: {path}", "text/plain");
    }

    /// <summary>By links to it, of each kind, alone, in a batch and within a resource; and by attributes that name others.</summary>
    private async Task<List<(Ask Ask, string Victim)>> ByLink(TheModel model, Victims victims)
    {
        var asks = new List<(Ask, string)>();
        var own = new Dictionary<string, string>();
        foreach (var kind in model.Concrete.Where(k => Victims.EndsOf(k.Term) is not null))
        {
            var (source, target) = Victims.EndsOf(kind.Term)!.Value;
            foreach (var term in (string[])[source, target])
            {
                if (!own.ContainsKey(term))
                    own[term] = (await _api.Send("POST", $"/{term}/", Victims.Resource(model.Concrete.Single(k => k.Term == term), "mine"), "intruder", contentType: Json)).Path;
            }
            var sources = model.Concrete.Single(k => k.Term == source);
            var targets = model.Concrete.Single(k => k.Term == target);
            asks.Add((new("POST", kind.Location!, Victims.Link(kind, own[source], "{path}"), Json, Json), victims.Paths[target]));
            asks.Add((new("POST", kind.Location!, Victims.Link(kind, "{path}", own[target]), Json, Json), victims.Paths[source]));
            asks.Add((new("POST", kind.Location!, $"Category: {kind.Term}; scheme=\"{kind.Scheme}\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.source=\"{own[source]}\", occi.core.target=\"{{path}}\"", "text/plain"), victims.Paths[target]));
            asks.Add((new("POST", "/", $$"""{"resources":[{{Victims.Resource(sources, "mine")}}],"links":[{{Victims.Link(kind, own[source], "{path}")}}]}""", Json, Json), victims.Paths[target]));
            asks.Add((new("POST", sources.Location!, Victims.Resource(sources, "mine").TrimEnd()[..^1] + $$""","links":[{"kind":"{{kind.Id}}","target":{"location":"{path}"} }]}""", Json, Json), victims.Paths[target]));
            asks.Add((new("POST", own[source], $"Link: <{{path}}>; rel=\"{targets.Id}\"; category=\"{kind.Id}\"", "text/plain"), victims.Paths[target]));
            // A link that is there, led to somebody else's.
            asks.Add((new("PUT", kind.Location! + "{new}", Victims.Link(kind, own[source], "{path}"), Json, Json), victims.Paths[target]));
        }
        asks.Add((new("POST", "/ipreservation/", Victims.Resource(model.Concrete.Single(k => k.Term == "ipreservation"), "mine", "{path}"), Json, Json), victims.Paths["network"]));
        asks.Add((new("POST", "/storage/", """
            {"kind":"http://schemas.ogf.org/occi/infrastructure#storage","mixins":["http://controller.local/occi/storage#source"],"attributes":{"local.controller.storage.source":"{path}","occi.storage.size":1}}
            """, Json, Json), victims.Paths["storage"]));
        return asks;
    }

    // ---------------------------------------------------------------- how it is answered

    private async Task IsUnknown(Victims victims, Ask ask, string path, string location, string[] callers)
    {
        var nobodys = Guid.NewGuid().ToString();
        foreach (var caller in callers)
        {
            var about = await Send(ask, path, caller);
            var nowhere = await Send(ask, location + nobodys, caller);
            var what = $"{ask.Method} {ask.Path} {ask.Body} about {path} by {caller}";
            Assert.True((about.Status, Same(about.Body, Victims.IdIn(path))) == (nowhere.Status, Same(nowhere.Body, nobodys)), $"{what}: {about.Status} {about.Body}\nand for what nobody has: {nowhere.Status} {nowhere.Body}");
            Assert.True(HeadersOf(about, Victims.IdIn(path)).SequenceEqual(HeadersOf(nowhere, nobodys)), $"{what}: {string.Join(" ", HeadersOf(about, Victims.IdIn(path)))}\nand: {string.Join(" ", HeadersOf(nowhere, nobodys))}");
            Assert.True(about.Status is >= 400 or 200, what);
            Hides(victims, about, what, but: Victims.IdIn(path));
        }
    }

    private Task<Answer> Send(Ask ask, string path, string caller)
    {
        var made = Guid.NewGuid().ToString();
        string Fill(string text) => text.Replace("{path}", path, StringComparison.Ordinal).Replace("{id}", Victims.IdIn(path), StringComparison.Ordinal)
            .Replace("{tag}", ask.Tag ?? "\"1\"", StringComparison.Ordinal).Replace("{new}", made, StringComparison.Ordinal);
        return _api.Send(ask.Method, Fill(ask.Path), ask.Body is null ? null : Fill(ask.Body), caller, ask.Accept, ask.Type, [.. ask.Headers.Select(h => (h.Item1, Fill(h.Item2)))]);
    }

    // What is of the request and not of the entity: its trace, times, and the id that a new link was given.
    private static string Same(string body, string id) => Request().Replace(body.Replace(id, "ID", StringComparison.Ordinal), "X");

    private static IEnumerable<string> HeadersOf(Answer answer, string id) =>
        answer.Headers.Where(h => h.Key is not ("Date" or "Location")).OrderBy(h => h.Key, StringComparer.Ordinal)
            .Select(h => $"{h.Key}: {Same(h.Value, id)}");

    private static void Hides(Victims victims, Answer answer, string what, string? but = null)
    {
        var said = answer.Body + string.Join("\n", answer.Headers.Select(h => h.Value));
        Assert.False(said.Contains(Victims.Marker, StringComparison.Ordinal), $"{what} shows a title: {said}");
        foreach (var id in victims.Ids.Where(id => id != but))
            Assert.False(said.Contains(id, StringComparison.OrdinalIgnoreCase), $"{what} shows {id}: {said}");
    }

    private async Task<string> Listings(TheModel model, string caller)
    {
        var all = new List<string>();
        foreach (var collection in model.Collections)
        {
            foreach (var rendering in Renderings)
            {
                var answer = await _api.Send("GET", collection, caller: caller, accept: rendering);
                all.Add($"{collection} {rendering} {answer.Status} {string.Join(' ', HeadersOf(answer, "-"))} {answer.Body}");
            }
        }
        return string.Join('\n', all);
    }

    private static IReadOnlyList<string> Methods(RouteEndpoint route) => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];

    private static string Filled(RouteEndpoint route, string term, string id) => "/" + Parameter().Replace(
        route.RoutePattern.RawText!.TrimStart('/'),
        p => p.Value.Contains(":guid", StringComparison.Ordinal) ? id : p.Groups[1].Value == "term" ? term : string.Create(CultureInfo.InvariantCulture, $"some-{p.Groups[1].Value}"));

    [GeneratedRegex(@"\{(\w+)(:(?:[^{}]|\{[^{}]*\})*)?\}")]
    private static partial Regex Parameter();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|trace(Id)?[\": ]+[0-9a-f]{32}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+[^\"]*")]
    private static partial Regex Request();
}
