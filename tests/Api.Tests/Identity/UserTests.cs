using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests.Identity;

/// <summary>People: how they sign in, what they may do where, and when that ends.</summary>
[Collection("cloud")]
public sealed class UserTests(ApiFixture api)
{
    private const string Json = "application/json";
    private const string Password = "correct horse battery";
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    [Fact]
    public async Task Whoever_signs_in_has_a_cookie_that_no_script_sees_and_sees_the_own_projects()
    {
        var (one, other) = (await api.AddProject("signed-one"), await api.AddProject("signed-other"));
        var ana = await User("ana", (one, "member"), (other, "reader"));
        Assert.Equal(("path=/", true, true, false), (Part("path"), ana.SetCookie!.Contains("httponly", StringComparison.Ordinal), ana.SetCookie.Contains("samesite=strict", StringComparison.Ordinal), ana.SetCookie.Contains("secure", StringComparison.Ordinal)));
        var session = (await ana.Send("GET", "/auth/session")).Json;
        Assert.Equal(("ana", "local"), (session.GetProperty("user").GetProperty("name").GetString(), session.GetProperty("user").GetProperty("kind").GetString()));
        Assert.Equal([(one, "member"), (other, "reader")], session.GetProperty("projects").EnumerateArray().Select(p => (p.GetProperty("name").GetString()!, p.GetProperty("role").GetString()!)));
        Assert.Equal("password", session.GetProperty("methods")[0].GetProperty("type").GetString());

        // Which project, it has to say, for there are two.
        var unclear = await ana.Send("GET", "/network/");
        Assert.Equal(400, unclear.Status);
        Assert.Contains($"X-Project is missing: the id or the name of the project ({one}, {other})", unclear.Body, StringComparison.Ordinal);
        var made = await ana.Send("POST", "/network/", Network, one, "text/plain");
        Assert.Equal(201, made.Status);
        Assert.Equal(200, (await api.Send("GET", made.Path, caller: one)).Status);
        Assert.Equal(404, (await ana.Send("GET", made.Path, project: other)).Status);
        Assert.Equal(403, (await ana.Send("POST", "/network/", Network, other, "text/plain")).Status);
        Assert.Equal(400, (await ana.Send("GET", "/network/", project: "default")).Status);

        Assert.Equal(200, (await ana.Send("DELETE", "/auth/sessions/current")).Status);
        Assert.Null(ana.Cookie);
        Assert.False((await ana.Send("GET", "/auth/session")).Json.GetProperty("signedIn").GetBoolean());

        string Part(string name) => ana.SetCookie!.Split("; ").First(p => p.StartsWith(name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_session_that_has_ended_opens_nothing_and_one_over_tls_is_for_tls_alone()
    {
        var bo = await User("bo", ("default", "member"));
        Assert.Equal(200, (await bo.Send("GET", "/network/")).Status);
        var (cookie, stolen) = (bo.Cookie!, new Browser(api));
        await bo.Send("DELETE", "/auth/sessions/current");
        var answer = await api.Send("GET", "/network/", caller: null, headers: ("Cookie", cookie));
        Assert.Equal(401, answer.Status);
        Assert.Equal(401, (await api.Send("GET", "/network/", caller: null, headers: ("Cookie", "controller-session=guess"))).Status);
        Assert.Null(stolen.Cookie);
    }

    [Fact]
    public async Task A_page_of_another_site_changes_nothing()
    {
        var caro = await User("caro", ("default", "member"));
        foreach (var (header, value, status) in ((string, string, int)[])[
            ("Origin", "https://evil.example", 403), ("Origin", "null", 403), ("Referer", api.Url.ToString(), 403), ("Origin", api.Url.ToString().TrimEnd('/'), 201), ("X-Requested-With", "fetch", 201)])
        {
            var answer = await caro.Send("POST", "/network/", Network, accept: "text/plain", ofOwnPage: false, more: (header, value));
            Assert.Equal((header, value, status), (header, value, answer.Status));
        }
        Assert.Equal(200, (await caro.Send("GET", "/network/", ofOwnPage: false)).Status);
    }

    [Fact]
    public async Task Failed_attempts_make_a_name_wait_whether_or_not_anybody_has_it()
    {
        await User("dora", ("default", "reader"));
        foreach (var name in (string[])["dora", "nobody-has-this"])
        {
            var browser = new Browser(api);
            var (failed, waits) = (0, (Answer?)null);
            for (var i = 0; i < 12 && waits is null; i++)
            {
                var before = TimeProvider.System.GetUtcNow();
                var answer = await browser.SignIn(name, "wrong wrong wrong");
                if (answer.Status == 401)
                    failed++;
                else
                    waits = answer;
                // A wait that has begun, which is a second, lasts for the rest of the test, however slow the machine is.
                await api.Execute("update sign_in_failure set until = until + interval '1 hour' where name = $1 and until >= $2", name, before.AddSeconds(1));
            }
            Assert.Equal((name, 429), (name, waits!.Status));
            Assert.Equal((name, 6), (name, failed));   // the sixth begins the wait
            Assert.NotNull(waits["Retry-After"]);
        }
        // Not even the right one is looked at; an admin's reset ends the wait, and the old password.
        Assert.Equal(429, (await new Browser(api).SignIn("dora", Password)).Status);
        var reset = await api.Send("POST", "/admin/users/dora/reset", "{}", "admin", contentType: Json);
        Assert.Equal(200, reset.Status);
        Assert.Equal(401, (await new Browser(api).SignIn("dora", Password)).Status);
        var token = reset.Json.GetProperty("token").GetString();
        Assert.Equal(400, (await new Browser(api).Send("POST", "/auth/password", $$"""{"token":"{{token}}","password":"short"}""")).Status);
        Assert.Equal(200, (await new Browser(api).Send("POST", "/auth/password", $$"""{"token":"{{token}}","password":"another good one"}""")).Status);
        Assert.Equal(401, (await new Browser(api).Send("POST", "/auth/password", $$"""{"token":"{{token}}","password":"a third good one"}""")).Status);
        Assert.Equal(201, (await new Browser(api).SignIn("dora", "another good one")).Status);
    }

    [Fact]
    public async Task Another_password_ends_all_sessions_but_the_own()
    {
        var (here, there) = (await User("emil", ("default", "reader")), new Browser(api));
        Assert.Equal(201, (await there.SignIn("emil", Password)).Status);
        Assert.Equal(403, (await here.Send("PUT", "/auth/password", """{"old":"not it at all","new":"something else"}""")).Status);
        Assert.Equal(200, (await here.Send("PUT", "/auth/password", $$"""{"old":"{{Password}}","new":"something else"}""")).Status);
        Assert.Equal((200, 401), ((await here.Send("GET", "/network/")).Status, (await there.Send("GET", "/network/")).Status));
        Assert.Equal(401, (await new Browser(api).SignIn("emil", Password)).Status);
    }

    [Fact]
    public async Task A_token_is_never_good_for_more_than_its_user_and_ends_with_the_role_and_the_user()
    {
        var project = await api.AddProject("franzs");
        var franz = await User("franz", (project, "member"));
        var made = await franz.Send("POST", "/auth/tokens", """{"name":"ci"}""");
        var less = await franz.Send("POST", "/auth/tokens", $$"""{"name":"look","role":"reader","project":"{{project}}"}""");
        var more = await franz.Send("POST", "/auth/tokens", """{"name":"more","role":"admin"}""");
        Assert.Equal((201, 201, 201), (made.Status, less.Status, more.Status));
        var (full, reader, admin) = (Secret(made), Secret(less), Secret(more));
        Assert.Equal(201, (await api.Send("POST", "/network/", Network, full)).Status);
        Assert.Equal((200, 403), ((await api.Send("GET", "/network/", caller: reader)).Status, (await api.Send("POST", "/network/", Network, reader)).Status));
        Assert.Equal((201, 403), ((await api.Send("POST", "/network/", Network, admin)).Status, (await api.Send("GET", "/admin/users", caller: admin)).Status));
        Assert.Equal(403, (await api.Send("POST", "/auth/tokens", """{"name":"escape"}""", reader, contentType: Json)).Status);
        Assert.DoesNotContain(full, (await franz.Send("GET", "/auth/tokens")).Body, StringComparison.Ordinal);

        Assert.Equal(200, (await api.Send("PUT", "/admin/users/franz/roles", $$"""{"project":"{{project}}","role":"reader"}""", "admin", contentType: Json)).Status);
        Assert.Equal((403, 200), ((await api.Send("POST", "/network/", Network, full)).Status, (await api.Send("GET", "/network/", caller: full)).Status));
        Assert.Equal(200, (await franz.Send("DELETE", "/auth/tokens/" + more.Json.GetProperty("id").GetString())).Status);
        Assert.Equal(401, (await api.Send("GET", "/network/", caller: admin)).Status);
        Assert.Equal(200, (await api.Send("DELETE", $"/admin/users/franz/roles?project={project}", caller: "admin")).Status);
        Assert.Equal(403, (await api.Send("GET", "/network/", caller: full)).Status);
        Assert.Equal(200, (await api.Send("PATCH", "/admin/users/franz", """{"disabled":true}""", "admin", contentType: Json)).Status);
        Assert.Equal((401, 401), ((await api.Send("GET", "/network/", caller: full)).Status, (await franz.Send("GET", "/network/")).Status));
        Assert.Equal(200, (await api.Send("DELETE", "/admin/users/franz", caller: "admin")).Status);
        Assert.Equal(401, (await api.Send("GET", "/network/", caller: full)).Status);
        Assert.Equal(404, (await api.Send("GET", "/admin/users/franz", caller: "admin")).Status);
    }

    [Fact]
    public async Task Roles_in_the_cloud_hold_in_all_projects_and_operators_are_strangers_to_them()
    {
        var (one, other) = (await api.AddProject("wide-one"), await api.AddProject("wide-other"));
        var path = (await api.Send("POST", "/network/", Network, one)).Path;
        var auditor = await User("auditor", (null, "reader"));
        Assert.Equal((200, 403), ((await auditor.Send("GET", path, project: one)).Status, (await auditor.Send("POST", "/network/", Network, one, "text/plain")).Status));
        Assert.Equal(404, (await auditor.Send("GET", path, project: other)).Status);
        Assert.Equal(403, (await auditor.Send("GET", "/admin/hosts")).Status);

        var op = await User("op", (null, "operator"));
        Assert.Equal(200, (await op.Send("GET", "/admin/hosts")).Status);
        Assert.Equal(400, (await op.Send("GET", path, project: one)).Status);
        Assert.Equal(404, (await op.Send("GET", path)).Status);
        var nobodys = await op.Send("POST", "/network/", Network, accept: "text/plain");
        Assert.Equal(400, nobodys.Status);
        Assert.Contains("X-Project is missing", nobodys.Body, StringComparison.Ordinal);

        var root = await User("root", (null, "admin"));
        Assert.Equal((200, 200), ((await root.Send("GET", path)).Status, (await root.Send("GET", "/admin/users")).Status));
        Assert.Equal(400, (await root.Send("POST", "/network/", Network, accept: "text/plain")).Status);
        var made = await root.Send("POST", "/network/", Network, other, "text/plain");
        Assert.Equal((201, 200), (made.Status, (await api.Send("GET", made.Path, caller: other)).Status));
    }

    [Fact]
    public async Task An_admin_of_a_project_says_who_is_a_member_there_and_nowhere_else()
    {
        var (own, foreign) = (await api.AddProject("managed"), await api.AddProject("unmanaged"));
        var boss = await User("boss", (own, "admin"));
        await User("newcomer");
        var session = (await boss.Send("GET", "/auth/session")).Json.GetProperty("projects")[0];
        Assert.Equal(("member", true), (session.GetProperty("role").GetString(), session.GetProperty("manages").GetBoolean()));
        var (mine, theirs) = (session.GetProperty("id").GetString(), await IdOf(foreign));
        Assert.Equal(200, (await boss.Send("PUT", $"/admin/projects/{mine}/members/newcomer", """{"role":"member"}""")).Status);
        Assert.Equal(400, (await boss.Send("PUT", $"/admin/projects/{mine}/members/newcomer", """{"role":"operator"}""")).Status);
        Assert.Equal(404, (await boss.Send("PUT", $"/admin/projects/{theirs}/members/newcomer", """{"role":"member"}""")).Status);
        Assert.Equal(404, (await boss.Send("GET", $"/admin/projects/{theirs}/members")).Status);
        Assert.Equal(403, (await boss.Send("GET", "/admin/users")).Status);
        Assert.Equal(403, (await boss.Send("GET", "/admin/hosts")).Status);
        var newcomer = new Browser(api);
        Assert.Equal(201, (await newcomer.SignIn("newcomer", Password)).Status);
        Assert.Equal(["boss", "newcomer"], (await newcomer.Send("GET", $"/admin/projects/{mine}/members")).Json.EnumerateArray().Select(m => m.GetProperty("name").GetString()));
        Assert.Equal(403, (await newcomer.Send("PUT", $"/admin/projects/{mine}/members/boss", """{"role":"reader"}""")).Status);
        Assert.Equal(200, (await boss.Send("DELETE", $"/admin/projects/{mine}/members/newcomer")).Status);
        Assert.Equal(403, (await newcomer.Send("GET", "/network/")).Status);
    }

    [Fact]
    public async Task A_service_account_has_tokens_and_no_password()
    {
        Assert.Equal(400, (await api.Send("POST", "/admin/users", """{"name":"robot","kind":"service","password":"long enough to be one"}""", "admin", contentType: Json)).Status);
        Assert.Equal(201, (await api.Send("POST", "/admin/users", """{"name":"robot","kind":"service"}""", "admin", contentType: Json)).Status);
        Assert.Equal(409, (await api.Send("POST", "/admin/users", """{"name":"ROBOT","kind":"service"}""", "admin", contentType: Json)).Status);
        Assert.Equal(200, (await api.Send("PUT", "/admin/users/robot/roles", """{"project":"default","role":"member"}""", "admin", contentType: Json)).Status);
        var made = await api.Send("POST", "/admin/users/robot/tokens", """{"name":"deploy"}""", "admin", contentType: Json);
        Assert.Equal(201, (await api.Send("POST", "/network/", Network, Secret(made))).Status);
        Assert.Equal(409, (await api.Send("POST", "/admin/users/robot/reset", "{}", "admin", contentType: Json)).Status);
        await Eventually.Is("the audit log knows it", async () => (await api.Send("GET", "/admin/audit?user=robot", caller: "admin")).Json.GetProperty("entries").GetArrayLength() > 0);
    }

    [Fact]
    public async Task Passwords_are_kept_as_argon2id_hashes_with_their_parameters()
    {
        await User("gus", ("default", "reader"));
        Assert.Equal(1, await api.Count("select count(*) from account where id = $1 and password like '$argon2id$v=19$m=19456,t=2,p=1$%'", Guid.Parse((await api.Send("GET", "/admin/users/gus", caller: "admin")).Json.GetProperty("id").GetString()!)));
        // One of weaker parameters is good, and is made anew.
        var weak = "$argon2id$v=19$m=1024,t=1,p=1$" + WeakHash(Password);
        await api.Execute("update account set password = $1 where name = 'gus'", weak);
        Assert.Equal(201, (await new Browser(api).SignIn("gus", Password)).Status);
        Assert.Equal(0, await api.Execute("update account set password = password where name = 'gus' and password = $1", weak));
        Assert.Equal(201, (await new Browser(api).SignIn("gus", Password)).Status);
        Assert.Equal(401, (await new Browser(api).SignIn("gus", Password + "!")).Status);
    }

    private static string WeakHash(string password)
    {
        var salt = new byte[16];
        using var argon = new Konscious.Security.Cryptography.Argon2id(System.Text.Encoding.UTF8.GetBytes(password)) { Salt = salt, MemorySize = 1024, Iterations = 1, DegreeOfParallelism = 1 };
        return $"{Convert.ToBase64String(salt).TrimEnd('=')}${Convert.ToBase64String(argon.GetBytes(32)).TrimEnd('=')}";
    }

    private static string Secret(Answer made) => made.Json.GetProperty("token").GetString()!;

    private async Task<string> IdOf(string project) =>
        (await api.Send("GET", "/admin/projects", caller: "admin")).Json.EnumerateArray().Single(p => p.GetProperty("name").GetString() == project).GetProperty("id").GetString()!;

    /// <summary>A user with those roles (a null project: in the cloud) who is signed in.</summary>
    private async Task<Browser> User(string name, params (string? Project, string Role)[] roles)
    {
        Assert.Equal(201, (await api.Send("POST", "/admin/users", $$"""{"name":"{{name}}","password":"{{Password}}"}""", "admin", contentType: Json)).Status);
        foreach (var (project, role) in roles)
            Assert.Equal(200, (await api.Send("PUT", $"/admin/users/{name}/roles", project is null ? $$"""{"role":"{{role}}"}""" : $$"""{"project":"{{project}}","role":"{{role}}"}""", "admin", contentType: Json)).Status);
        var browser = new Browser(api);
        Assert.Equal(201, (await browser.SignIn(name, Password)).Status);
        return browser;
    }
}
