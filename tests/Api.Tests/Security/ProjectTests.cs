using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Microsoft.AspNetCore.Routing;

namespace Controller.Api.Tests.Security;

/// <summary>People in projects: each sees and does there exactly what the role says, by whichever way the request comes; and of other projects there is nothing, neither entities nor what they use and may use.</summary>
[Collection("extended cloud")]
public sealed class ProjectTests(ExtendedCloud cloud)
{
    private const string Json = "application/json", Occi = TheModel.Json;
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    private readonly ApiFixture _api = cloud.Api;

    /// <summary>What somebody may do in a project that the request names.</summary>
    /// <param name="Who">The caller.</param>
    /// <param name="Look">Status of looking at an entity, at the quota and at the members.</param>
    /// <param name="Make">Status of creating and changing entities.</param>
    /// <param name="Limit">Status of changing the quota.</param>
    /// <param name="Manage">Status of saying who is a member.</param>
    private sealed record May(string Who, int Look, int Make, int Limit, int Manage);

    [Fact]
    public async Task Each_role_sees_and_does_exactly_what_it_may_by_session_and_by_token()
    {
        const int yes = 200, made = 201, unknown = 404, forbidden = 403, nameless = 400;
        var project = await _api.AddProject("judged");
        var other = await _api.AddProject("judged-not");
        var id = await Callers.IdOf(_api, project);
        await Callers.Make(_api, "j-reader", (project, "reader"), (other, "member"));
        await Callers.Make(_api, "j-member", (project, "member"), (other, "reader"));
        await Callers.Make(_api, "j-admin", (project, "admin"), (other, "reader"));
        await Callers.Make(_api, "j-cloud-reader", (null, "reader"));
        await Callers.Make(_api, "j-cloud-member", (null, "member"));
        await Callers.Make(_api, "j-cloud-operator", (null, "operator"), (other, "member"));
        await Callers.Make(_api, "j-cloud-admin", (null, "admin"));
        await Callers.Make(_api, "j-stranger", (other, "admin"));
        await Callers.Make(_api, "j-nobody");
        await Callers.Token(_api, "j-admin", "j-admin-reads", role: "reader");
        await Callers.Token(_api, "j-cloud-admin", "j-cloud-admin-reads", role: "reader");
        await Callers.Token(_api, "j-cloud-admin", "j-cloud-admin-here", project: project);
        await Callers.Token(_api, "j-member", "j-member-elsewhere", project: other);
        var path = (await _api.Send("POST", "/network/", Network, project)).Path;
        May[] table =
        [
            .. new May[]
            {
                new("j-reader", yes, forbidden, forbidden, forbidden), new("j-member", yes, made, forbidden, forbidden), new("j-admin", yes, made, forbidden, yes),
                new("j-cloud-reader", yes, forbidden, forbidden, forbidden), new("j-cloud-member", yes, made, forbidden, forbidden), new("j-cloud-admin", yes, made, yes, yes),
                // Who may not act there can't choose it; what names it itself is not there.
                new("j-cloud-operator", nameless, nameless, nameless, unknown), new("j-stranger", nameless, nameless, nameless, unknown), new("j-nobody", nameless, nameless, nameless, unknown),
            }.SelectMany(m => new[] { m, m with { Who = m.Who + "-token" } }),
            new("j-admin-reads", yes, forbidden, forbidden, forbidden), new("j-cloud-admin-reads", yes, forbidden, forbidden, forbidden), new("j-cloud-admin-here", yes, made, forbidden, yes),
            new("j-member-elsewhere", nameless, nameless, nameless, unknown),
        ];
        foreach (var (who, look, make, limit, manage) in table)
        {
            var here = ("X-Project", project);
            var saw = (await _api.Send("GET", path, caller: who, accept: Occi, headers: here)).Status;
            var listed = await _api.Send("GET", "/network/", caller: who, accept: "text/uri-list", headers: here);
            var counted = (await _api.Send("GET", "/admin/summary", caller: who, headers: here)).Status;
            var did = (await _api.Send("POST", "/network/", Network, who, headers: here)).Status;
            var changed = (await _api.Send("POST", path, "X-OCCI-Attribute: occi.core.title=\"changed\"", who, headers: here)).Status;
            var limited = (await _api.Send("PATCH", $"/admin/projects/{id}/quota", """{"computes":7}""", who, contentType: Json, headers: here)).Status;
            Assert.Equal((who, look, look, look, make, make == made ? yes : make, limit), (who, saw, listed.Status, counted, did, changed, limited));
            Assert.Equal((who, look == yes), (who, listed.Body.Contains(path, StringComparison.Ordinal)));

            // By its id, without a choice.
            var quota = (await _api.Send("GET", $"/admin/projects/{id}/quota", caller: who)).Status;
            var members = (await _api.Send("GET", $"/admin/projects/{id}/members", caller: who)).Status;
            var managed = (await _api.Send("PUT", $"/admin/projects/{id}/members/j-nobody", """{"role":"reader"}""", who, contentType: Json)).Status;
            if (managed == yes)
                Assert.Equal((who, yes), (who, (await _api.Send("DELETE", $"/admin/projects/{id}/members/j-nobody", caller: who)).Status));
            var (seen, away) = (look == yes ? yes : unknown, look == yes ? manage : unknown);
            Assert.Equal((who, seen, seen, away), (who, quota, members, managed));
            var used = await _api.Send("GET", "/admin/usage?intervals=true", caller: who);
            Assert.Equal((who, yes, look == yes), (who, used.Status, used.Body.Contains(id, StringComparison.Ordinal)));
            Assert.Equal((who, look == yes ? yes : nameless), (who, (await _api.Send("GET", $"/admin/usage?project={project}", caller: who)).Status));
        }
    }

    /// <summary>Every route that names a project, asked about somebody else's: as about one that nobody has.</summary>
    [Fact]
    public async Task Another_project_is_as_unknown_as_none_to_members_of_others()
    {
        var (own, project) = (await _api.AddProject("unknowing"), await _api.AddProject("unknown-to-them", """{"computes":3}"""));
        var (mine, id) = (await Callers.IdOf(_api, own), await Callers.IdOf(_api, project));
        await Callers.Make(_api, "u-boss", (own, "admin"));
        await Callers.Make(_api, "u-wide", (own, "member"), ("default", "reader"));
        await Callers.Make(_api, "u-operator", (null, "operator"), (own, "member"));
        await Callers.Make(_api, "u-victim", (project, "reader"));
        var before = await State();
        var routes = _api.Routes.Where(r => r.RoutePattern.RawText!.TrimStart('/').StartsWith("admin/projects/{", StringComparison.Ordinal)).ToArray();
        Assert.True(routes.Length >= 7, $"{routes.Length} routes about a project");
        foreach (var who in (string[])["u-boss", "u-boss-token", "u-wide", "u-wide-token", "u-operator", "u-operator-token", own])
        {
            _api.Calls(who + "-here", _api.SecretOf(who) is var secret && secret != who ? secret : null, [.. _api.HeadersOf(who), ("X-Project", own)]);
            foreach (var (route, caller) in routes.SelectMany(r => new[] { (r, who), (r, who + "-here") }))
            {
                foreach (var method in route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
                {
                    var (about, none) = (await Ask(route, method, id, caller), await Ask(route, method, Guid.NewGuid().ToString(), caller));
                    Assert.True(about.Status is 403 or 404, $"{method} {route.RoutePattern.RawText} by {caller} is {about.Status}");
                    Assert.Equal((method, route.RoutePattern.RawText, caller, none.Status), (method, route.RoutePattern.RawText, caller, about.Status));
                    Assert.DoesNotContain(project, about.Body, StringComparison.Ordinal);
                }
            }
            foreach (var path in (string[])["/admin/usage", "/admin/usage?intervals=true", "/admin/usage?format=csv", "/auth/session", $"/admin/projects/{mine}/quota", $"/admin/projects/{mine}/members", "/admin/summary", "/admin/tokens"])
            {
                foreach (var caller in (string[])[who, who + "-here"])
                {
                    var answer = await _api.Send("GET", path, caller: caller);
                    Assert.False(answer.Body.Contains(id, StringComparison.Ordinal) || answer.Body.Contains(project, StringComparison.Ordinal) || answer.Body.Contains("u-victim", StringComparison.Ordinal), $"{path} by {caller}: {answer.Body}");
                }
            }
            foreach (var name in (string[])[project, id])
            {
                Alike(await _api.Send("GET", $"/admin/usage?project={name}", caller: who), await _api.Send("GET", "/admin/usage?project=none-such", caller: who), name);
                Alike(await _api.Send("GET", "/network/", caller: who, headers: ("X-Project", name)), await _api.Send("GET", "/network/", caller: who, headers: ("X-Project", "none-such")), name);
            }
        }
        Assert.Equal(before, await State());

        async Task<string> State() => string.Join('\n', (await _api.Send("GET", $"/admin/projects/{id}/quota", caller: "admin")).Body, (await _api.Send("GET", $"/admin/projects/{id}/members", caller: "admin")).Body, (await _api.Send("GET", "/admin/projects", caller: "admin")).Body);

        static void Alike(Answer about, Answer none, string name) =>
            Assert.Equal((400, none.Body.Replace("none-such", "X", StringComparison.Ordinal)), (about.Status, about.Body.Replace(name, "X", StringComparison.Ordinal)));
    }

    /// <summary>Who may see everything and names a project sees that one's: in every collection, rendering and count. Without a choice it is everything.</summary>
    [Fact]
    public async Task An_admin_who_names_a_project_is_listed_that_ones_entities()
    {
        var model = await TheModel.Of(_api, "member");
        var (one, other) = (await _api.AddProject("narrow"), await _api.AddProject("narrow-not"));
        var (mine, theirs) = ((await _api.Send("POST", "/network/", Network, one)).Path, (await _api.Send("POST", "/network/", Network, other)).Path);
        await Callers.Make(_api, "n-admin", (null, "admin"));
        foreach (var who in (string[])["admin", "n-admin", "n-admin-token"])
        {
            foreach (var name in (string[])[one, await Callers.IdOf(_api, one)])
            {
                foreach (var collection in model.Collections)
                {
                    foreach (var rendering in (string[])["text/uri-list", "text/plain", Occi])
                    {
                        var listed = await _api.Send("GET", collection, caller: who, accept: rendering, headers: ("X-Project", name));
                        Assert.True(listed.Status == 200, $"{collection} as {rendering}: {listed.Status} {listed.Body}");
                        Assert.False(listed.Body.Contains(Victims.IdIn(theirs), StringComparison.Ordinal), $"{collection} as {rendering} by {who} shows another project's: {listed.Body}");
                        if (collection is "/network/" or "/")
                            Assert.Contains(Victims.IdIn(mine), listed.Body, StringComparison.Ordinal);
                    }
                }
                var filtered = await _api.Send("GET", "/network/", caller: who, accept: "text/uri-list", headers: [("X-Project", name), ("X-OCCI-Attribute", $"occi.core.id=\"urn:uuid:{Victims.IdIn(theirs)}\"")]);
                Assert.Equal("", filtered.Body);
                var networks = (await _api.Send("GET", "/admin/summary", caller: who, headers: ("X-Project", name))).Json.GetProperty("kinds").EnumerateArray().Single(k => k.GetProperty("kind").GetString() == "network");
                Assert.Equal(1, networks.GetProperty("total").GetInt32());
                foreach (var (path, member) in (IEnumerable<(string, string)>)[("/events?after=first&", "events"), ("/admin/audit?", "entries")])
                {
                    await Eventually.Is($"{path} has it", async () => await Told(path, member, mine) > 0);
                    await Eventually.Is($"{path} has the other, without a choice", async () => await Told(path, member, theirs, choice: false) > 0);
                    Assert.Equal(0, await Told(path, member, theirs));
                    Assert.True(await Told(path + $"project={other}&", member, theirs) > 0, path);
                }

                async Task<int> Told(string path, string member, string of, bool choice = true) =>
                    (await _api.Send("GET", $"{path}entity={Victims.IdIn(of)}", caller: who, headers: choice ? [("X-Project", name)] : [])).Json.GetProperty(member).GetArrayLength();
            }
            // What is asked for by itself is there all the same, hosts too; and without a choice all is listed.
            Assert.Equal(200, (await _api.Send("GET", theirs, caller: who, headers: ("X-Project", one))).Status);
            Assert.Contains("/host/", (await _api.Send("GET", "/host/", caller: who, accept: "text/uri-list", headers: ("X-Project", one))).Body, StringComparison.Ordinal);
            var all = (await _api.Send("GET", "/network/", caller: who, accept: "text/uri-list")).Body;
            Assert.True(all.Contains(mine, StringComparison.Ordinal) && all.Contains(theirs, StringComparison.Ordinal), all);
        }
    }

    private Task<Answer> Ask(RouteEndpoint route, string method, string project, string caller)
    {
        var path = "/" + System.Text.RegularExpressions.Regex.Replace(route.RoutePattern.RawText!.TrimStart('/'), @"\{(\w+)(:guid)?\}", p => p.Groups[1].Value is "id" or "project" ? project : "u-victim");
        var body = method is "GET" or "DELETE" ? null : """{"name":"mine","role":"admin","computes":99}""";
        return _api.Send(method, path, body, caller, contentType: body is null ? null : Json);
    }
}
