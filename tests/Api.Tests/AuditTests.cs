using System.Text.Json;
using Controller.Testing;
using Npgsql;

namespace Controller.Api.Tests;

/// <summary>Who did what to which entity stands in the audit log before it is answered, and stays there.</summary>
[Collection("cloud")]
public sealed class AuditTests(ApiFixture api)
{
    private const string Json = "application/json";
    private const string NetworkCategory = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    [Fact]
    public async Task What_was_done_to_an_entity_is_there_when_it_is_answered()
    {
        var made = await api.Send("POST", "/network/", NetworkCategory, headers: ("User-Agent", "tester/1.0 OCCI/1.1"));
        var id = made.Path["/network/".Length..];
        var created = (await Of(id)).Single();
        Assert.Equal(
            ("member", "POST", "/network/", "network", 201, "ok", "127.0.0.1", "tester/1.0 OCCI/1.1"),
            (created.Text("user"), created.Text("method"), created.Text("path"), created.Text("kind"), created.GetProperty("status").GetInt32(), created.Text("result"), created.Text("address"),
                created.Text("userAgent")));
        Assert.Matches("^[0-9a-f]{32}$", created.Text("trace"));
        Assert.NotEqual("", created.Text("request"));

        var up = "Category: up; scheme=\"http://schemas.ogf.org/occi/infrastructure/network/action#\"; class=\"action\"";
        Assert.Equal(412, (await api.Send("POST", $"{made.Path}?action=up", up, headers: ("If-Match", "\"nonsense\""))).Status);
        Assert.Equal(200, (await api.Send("DELETE", made.Path, caller: "admin")).Status);
        var entries = await Of(id);
        Assert.Equal(["DELETE", "POST", "POST"], entries.Select(e => e.Text("method")));
        Assert.Equal(("admin", "up"), (entries[0].Text("user"), entries[1].Text("action")));
        // What an admin of elsewhere did to it its own project sees, and strangers do not.
        Assert.Equal(3, (await Of(id, "reader")).Count);
        Assert.Empty(await Of(id, "stranger"));
        Assert.Equal(3, (await Of(id, "operator")).Count);
        // What was done explains how it came to be.
        var explained = await api.Send("GET", "/admin/explain/network/" + id, caller: "operator");
        Assert.True(explained.Status == 404 || explained.Json.GetProperty("audit").GetArrayLength() == 3, explained.Body);
    }

    [Fact]
    public async Task Each_entity_of_a_request_has_its_entry()
    {
        var a = (await api.Send("POST", "/network/", NetworkCategory)).Path;
        var b = (await api.Send("POST", "/network/", NetworkCategory)).Path;
        var tag = "Category: audited; scheme=\"http://example.org/audit#\"; class=\"mixin\"; location=\"/audited/\"";
        Assert.Equal(200, (await api.Send("POST", "/-/", tag)).Status);
        Assert.Equal(200, (await api.Send("POST", "/audited/", $"X-OCCI-Location: {api.Url.ToString().TrimEnd('/')}{a}\nX-OCCI-Location: {api.Url.ToString().TrimEnd('/')}{b}")).Status);
        foreach (var path in new[] { a, b })
            Assert.Equal(["/audited/", "/network/"], (await Of(path["/network/".Length..])).Select(e => e.Text("path")));

        // What an admin of elsewhere does to several, their project sees.
        var named = $"X-OCCI-Location: {api.Url.ToString().TrimEnd('/')}{a}\nX-OCCI-Location: {api.Url.ToString().TrimEnd('/')}{b}";
        Assert.Equal(200, (await api.Send("DELETE", "/network/", named, caller: "admin")).Status);
        foreach (var path in new[] { a, b })
            Assert.Equal(("DELETE", "admin"), ((await Of(path["/network/".Length..], "reader"))[0].Text("method"), (await Of(path["/network/".Length..], "reader"))[0].Text("user")));
    }

    [Fact]
    public async Task What_is_denied_is_there_too_and_no_secret_is()
    {
        var hidden = "/compute/" + Guid.NewGuid();
        Assert.Equal(403, (await api.Send("POST", "/network/", NetworkCategory, "reader")).Status);
        Assert.Equal(403, (await api.Send("GET", "/admin/hosts", caller: "reader")).Status);
        Assert.Equal(404, (await api.Send("DELETE", hidden, caller: "stranger")).Status);
        Assert.Equal(400, (await api.Send("GET", "/admin/audit?user=%00", caller: "reader")).Status);   // no text of PostgreSQL's
        Assert.Equal(401, (await api.Send("GET", "/compute/", caller: "not-a-token-but-secret")).Status);
        await Eventually.Is("the attempts are noted", async () =>
        {
            var denied = (await api.Send("GET", "/admin/audit?denied=true&limit=1000", caller: "operator")).Json.GetProperty("entries").EnumerateArray()
                .Select(e => (User: e.Text("user"), Path: e.Text("path"), Status: e.GetProperty("status").GetInt32(), Result: e.Text("result"))).ToList();
            return denied.Contains(("reader", "/network/", 403, "forbidden")) && denied.Contains(("reader", "/admin/hosts", 403, "forbidden"))
                && denied.Contains(("stranger", hidden, 404, "not-found")) && denied.Contains(("", "/compute/", 401, "unauthenticated"));
        });

        var token = await api.Send("POST", "/admin/tokens", """{"name":"audited","project":"default","role":"member"}""", "admin", contentType: Json);
        var secret = token.Json.GetProperty("token").GetString()!;
        var all = (await api.Send("GET", "/admin/audit/export", caller: "admin")).Body;
        Assert.Contains(token.Json.GetProperty("id").GetString()!, all, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
        Assert.DoesNotContain("not-a-token-but-secret", all, StringComparison.Ordinal);
        Assert.DoesNotContain(api.SecretOf("member"), all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_read_page_by_page_by_whom_and_since_when_and_exported_in_order()
    {
        var project = await api.AddProject("audit-pages");
        for (var i = 0; i < 5; i++)
            Assert.Equal(201, (await api.Send("POST", "/network/", NetworkCategory, project)).Status);
        var seen = new List<long>();
        JsonElement page;
        var before = "";
        do
        {
            page = (await api.Send("GET", $"/admin/audit?user={project}&limit=2{before}", caller: project)).Json;
            seen.AddRange(page.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("id").GetInt64()));
            before = page.GetProperty("before") is { ValueKind: JsonValueKind.Number } next ? "&before=" + next : "";
        }
        while (before.Length > 0);
        Assert.Equal(5, seen.Count);
        Assert.Equal(seen.Distinct().OrderDescending(), seen);
        Assert.Empty((await api.Send("GET", $"/admin/audit?user={project}&since=2999-01-01T00:00:00Z", caller: project)).Json.GetProperty("entries").EnumerateArray());
        var export = await api.Send("GET", "/admin/audit/export?project=audit-pages", caller: "operator");
        Assert.Equal("application/x-ndjson", export["Content-Type"]);
        var lines = export.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("id").GetInt64()).ToList();
        Assert.Equal(lines.Order(), lines);
        Assert.True(seen.All(lines.Contains));
        Assert.Equal(400, (await api.Send("GET", "/admin/audit?entity=web", caller: project)).Status);
        Assert.Equal(400, (await api.Send("GET", "/admin/audit?project=default", caller: project)).Status);
        Assert.Equal(400, (await api.Send("GET", "/admin/audit?since=yesterday", caller: project)).Status);
        Assert.Equal(400, (await api.Send("GET", "/admin/audit?limit=0", caller: project)).Status);
    }

    [Fact]
    public async Task It_cannot_be_changed()
    {
        await api.Send("POST", "/network/", NetworkCategory);
        foreach (var sql in new[] { "update audit set principal = 'somebody else'", "delete from audit", "truncate audit" })
            Assert.Contains("append-only", (await Assert.ThrowsAsync<PostgresException>(() => api.Execute(sql))).MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_changed_while_nothing_can_be_noted_and_what_was_done_is_noted_afterwards()
    {
        await using var own = await api.AnotherApi("--Audit:WriteWithin=00:00:01");
        await api.Execute("alter table audit rename to audit_away");
        try
        {
            // The first one finds it out: it was done, and its client is told to look.
            var first = await api.SendTo(own.Url, "POST", "/network/", NetworkCategory);
            Assert.Equal(503, first.Status);
            Assert.Contains("audit log", first.Body, StringComparison.Ordinal);
            await Eventually.Is("nothing is begun any more", async () =>
                (await api.SendTo(own.Url, "POST", "/network/", NetworkCategory)) is { Status: 503 } later && later.Body.Contains("Nothing was changed", StringComparison.Ordinal));
            Assert.Equal(200, (await api.SendTo(own.Url, "GET", "/network/")).Status);   // who only looks is not held up
        }
        finally
        {
            await api.Execute("alter table audit_away rename to audit");
        }
        await Eventually.Is("it is noted, and work goes on", async () => (await api.SendTo(own.Url, "POST", "/network/", NetworkCategory)).Status == 201);
    }

    private async Task<List<JsonElement>> Of(string entity, string caller = "member") =>
        [.. (await api.Send("GET", "/admin/audit?entity=" + entity, caller: caller)).Json.GetProperty("entries").EnumerateArray()];
}

internal static class AuditText
{
    public static string Text(this JsonElement entry, string member) => entry.GetProperty(member).GetString() ?? "";
}
