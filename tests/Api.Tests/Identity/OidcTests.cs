using Controller.Api.Tests.Cloud;
using Controller.Testing.Oidc;

namespace Controller.Api.Tests.Identity;

/// <summary>An identity provider's word: bearer tokens, and signing in with a browser.</summary>
[Collection("cloud")]
public sealed class OidcTests(ApiFixture api) : IAsyncLifetime
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private OidcProvider _provider = null!;   // set by InitializeAsync, as the other
    private RunningApi _api = null!;

    public async Task InitializeAsync()
    {
        _provider = await OidcProvider.Start();
        _api = await api.AnotherApi(
            $"--Oidc:Issuer={_provider.Issuer}", $"--Oidc:ClientId={OidcProvider.Client}", "--Oidc:ClockSkew=00:00:05", "--Api:Keystone=true", "--Oidc:Roles:0:Group=cloud-admins", "--Oidc:Roles:0:Role=Admin", "--Oidc:Roles:1:Group=web-team",
            "--Oidc:Roles:1:Project=default", "--Oidc:Roles:1:Role=Member");
    }

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Groups_are_roles_and_what_the_provider_takes_back_is_gone()
    {
        _provider.User = ("s-groups", "gina", ["web-team", "others"]);
        Assert.Equal(201, (await Send("POST", "/network/", _provider.Make())).Status);
        Assert.Equal(403, (await Send("GET", "/admin/users", _provider.Make())).Status);
        _provider.User = _provider.User with { Groups = ["cloud-admins"] };
        var users = await Send("GET", "/admin/users", _provider.Make());
        Assert.Equal(200, users.Status);
        Assert.Contains("\"gina\"", users.Body, StringComparison.Ordinal);
        _provider.User = _provider.User with { Groups = [] };
        Assert.Equal(403, (await Send("GET", "/network/", _provider.Make())).Status);
    }

    [Fact]
    public async Task A_token_that_is_not_all_that_it_should_be_is_not_taken()
    {
        _provider.User = ("s-strict", "stan", ["web-team"]);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(200, (await Send("GET", "/network/", _provider.Make())).Status);
        (string Wrong, string Token)[] tokens =
        [
            ("another audience", _provider.Make(c => c["aud"] = "somebody-else")), ("another issuer", _provider.Make(c => c["iss"] = "https://elsewhere.example")),
            ("expired", _provider.Make(c => c["exp"] = now - 10)), ("not valid yet", _provider.Make(c => c["nbf"] = now + 60)), ("never expires", _provider.Make(c => c.Remove("exp"))),
            ("no subject", _provider.Make(c => c.Remove("sub"))), ("another algorithm", _provider.Make(algorithm: "none")), ("another algorithm", _provider.Make(algorithm: "HS256")),
            ("signature", _provider.Make()[..^4] + "AAAA"),
        ];
        foreach (var (wrong, token) in tokens)
        {
            var answer = await Send("GET", "/network/", token);
            Assert.True(answer.Status == 401, $"{wrong}: {answer.Status} {answer.Body}");
        }
        Assert.Equal(200, (await Send("GET", "/network/", _provider.Make(c => (c["nbf"], c["exp"]) = (now - 60, now)))).Status);   // within the skew
        // Without a provider the API knows none of it.
        Assert.Equal(401, (await api.Send("GET", "/network/", caller: _provider.Make())).Status);
    }

    [Fact]
    public async Task Keys_are_remembered_and_new_ones_are_found()
    {
        _provider.User = ("s-keys", "kim", ["web-team"]);
        Assert.Equal(200, (await Send("GET", "/network/", _provider.Make())).Status);
        var asked = _provider.KeysAsked;
        for (var i = 0; i < 5; i++)
            Assert.Equal(200, (await Send("GET", "/network/", _provider.Make())).Status);
        Assert.Equal(asked, _provider.KeysAsked);
        var old = _provider.Make();
        _provider.Rotate(rsa: true);
        var rotated = _provider.Make();
        // Not for each token that somebody makes up: at most every ten seconds.
        await Testing.Eventually.Is("the new key is known", async () => (await Send("GET", "/network/", rotated)).Status == 200, TimeSpan.FromSeconds(20));
        Assert.Equal(asked + 1, _provider.KeysAsked);
        Assert.Equal(401, (await Send("GET", "/network/", old)).Status);
        Assert.Equal(asked + 1, _provider.KeysAsked);
    }

    [Fact]
    public async Task Somebody_signs_in_with_a_browser_by_the_provider()
    {
        _provider.User = ("s-code", "cora", ["web-team"]);
        using var browser = Browser();
        var methods = (await Send("GET", "/auth/session", null)).Json.GetProperty("methods");
        Assert.Equal(["password", "oidc"], methods.EnumerateArray().Select(m => m.GetProperty("type").GetString()));
        using var begun = await browser.GetAsync(new Uri(_api.Url, "/auth/oidc/login?return=/machines"));
        Assert.Equal(302, (int)begun.StatusCode);
        Assert.Contains("code_challenge_method=S256", begun.Headers.Location!.Query, StringComparison.Ordinal);
        using var consented = await browser.GetAsync(begun.Headers.Location);
        var back = consented.Headers.Location!;
        // Not to another browser, and not with another state.
        using (var other = Browser())
            Assert.Equal(401, (int)(await other.GetAsync(back)).StatusCode);
        Assert.Equal(401, (int)(await browser.GetAsync(new Uri(back.ToString().Replace("state=", "state=x", StringComparison.Ordinal)))).StatusCode);
        using var again = await browser.GetAsync(new Uri(_api.Url, "/auth/oidc/login?return=/machines"));
        using var consent = await browser.GetAsync(again.Headers.Location);
        using var ended = await browser.GetAsync(consent.Headers.Location);
        Assert.Equal(200, (int)ended.StatusCode);
        Assert.Contains("url=/machines", await ended.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("\"name\":\"cora\"", await browser.GetStringAsync(new Uri(_api.Url, "/auth/session")), StringComparison.Ordinal);
        Assert.Equal(200, (int)(await browser.GetAsync(new Uri(_api.Url, "/network/"))).StatusCode);
        // Once.
        Assert.Equal(401, (int)(await browser.GetAsync(consent.Headers.Location)).StatusCode);
        foreach (var elsewhere in (string[])["//evil.example", "https://evil.example", "/\\evil.example"])
            Assert.Equal(400, (int)(await browser.GetAsync(new Uri(_api.Url, "/auth/oidc/login?return=" + Uri.EscapeDataString(elsewhere)))).StatusCode);
    }

    [Fact]
    public async Task A_name_that_is_somebody_elses_is_not_taken_over()
    {
        Assert.Equal(201, (await api.Send("POST", "/admin/users", """{"name":"taken","password":"long enough to be one"}""", "admin", contentType: "application/json")).Status);
        Assert.Equal(200, (await api.Send("PUT", "/admin/users/taken/roles", """{"role":"admin"}""", "admin", contentType: "application/json")).Status);
        _provider.User = ("s-taken", "taken", ["web-team"]);
        Assert.Equal(403, (await Send("GET", "/admin/users", _provider.Make())).Status);
        Assert.Equal("taken@127.0.0.1", (await Send("GET", "/auth/session", _provider.Make())).Json.GetProperty("user").GetProperty("name").GetString());
    }

    /// <summary>As jOCCI and rOCCI-api do it: the challenge, the versions, a token, the tenants, a token of one, and OCCI with it.</summary>
    [Theory]
    [InlineData("jOCCI v0.2", "text/occi", "^(?:Keystone|snf-auth) uri='(?<uri>.+)'$")]
    [InlineData("rOCCI-core/4.3.6", "text/plain,text/occi", "^(Keystone|snf-auth) uri=(\"|')(?<uri>.+)(\"|')$")]
    public async Task Old_clients_sign_in_as_with_keystone(string agent, string accept, string challenge)
    {
        var name = "old-" + agent.Split(' ', '/')[0].ToLowerInvariant();
        var project = await api.AddProject(name + "-tenant");
        Assert.Equal(201, (await api.Send("POST", "/admin/users", $$"""{"name":"{{name}}","password":"long enough to be one"}""", "admin", contentType: "application/json")).Status);
        Assert.Equal(200, (await api.Send("PUT", $"/admin/users/{name}/roles", $$"""{"project":"{{project}}","role":"member"}""", "admin", contentType: "application/json")).Status);
        var refused = await RunningApi.Send(_api.Url, "GET", "/-/", accept: accept, headers: ("User-Agent", agent));
        Assert.Equal(401, refused.Status);
        var match = System.Text.RegularExpressions.Regex.Match(refused["WWW-Authenticate"]!, challenge);
        Assert.True(match.Success, refused["WWW-Authenticate"]);
        var uri = new Uri(match.Groups["uri"].Value);
        Assert.Equal(new Uri(_api.Url, "/keystone/v2.0"), uri);
        Assert.Equal(300, (await RunningApi.Send(uri, "GET", "/keystone/", accept: "application/json")).Status);
        var version = (await RunningApi.Send(uri, "GET", uri.AbsolutePath, accept: "application/json")).Json.GetProperty("version");
        var self = new Uri(version.GetProperty("links").EnumerateArray().Single(l => l.GetProperty("rel").GetString() == "self").GetProperty("href").GetString()!);
        Assert.Equal("v2.0", version.GetProperty("id").GetString());
        Assert.Equal(401, (await Token(self, $$$"""{"auth":{"passwordCredentials":{"username":"{{{name}}}","password":"wrong wrong wrong"} } }""")).Status);
        Assert.Equal(401, (await Token(self, """{"auth":{"voms":true}}""")).Status);
        var first = await Token(self, $$$"""{"auth":{"passwordCredentials":{"username":"{{{name}}}","password":"long enough to be one"} } }""");
        Assert.Equal(200, first.Status);
        var unscoped = first.Json.GetProperty("access").GetProperty("token").GetProperty("id").GetString()!;
        var tenants = await RunningApi.Send(self, "GET", new Uri(self, "tenants").AbsolutePath, accept: "application/json", headers: ("X-Auth-Token", unscoped));
        Assert.Equal([project], tenants.Json.GetProperty("tenants").EnumerateArray().Select(t => t.GetProperty("name").GetString()!));
        Assert.Equal(401, (await Token(self, $$$"""{"auth":{"token":{"id":"{{{unscoped}}}"},"tenantName":"default"} }""")).Status);
        var second = await Token(self, $$$"""{"auth":{"token":{"id":"{{{unscoped}}}"},"tenantName":"{{{project}}}"} }""");
        var scoped = second.Json.GetProperty("access").GetProperty("token").GetProperty("id").GetString()!;
        var made = await RunningApi.Send(_api.Url, "POST", "/network/", Network, accept: accept, headers: [("X-Auth-Token", scoped), ("User-Agent", agent)]);
        Assert.Equal(201, made.Status);
        Assert.Equal(200, (await api.Send("GET", made.Path, caller: project)).Status);
        // Others are asked for what they know, and where the switch is off nobody is led anywhere.
        Assert.StartsWith("Bearer", (await RunningApi.Send(_api.Url, "GET", "/-/", accept: "application/json"))["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.StartsWith("Bearer", (await RunningApi.Send(api.Url, "GET", "/-/", accept: accept, headers: ("User-Agent", agent)))["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.Equal(401, (await api.Send("GET", "/keystone/v2.0", caller: null)).Status);
    }

    private static Task<Answer> Token(Uri self, string body) =>
        RunningApi.Send(self, "POST", new Uri(self, "tokens").AbsolutePath, body, accept: "application/json", contentType: "application/json");

    private Task<Answer> Send(string method, string path, string? token) => RunningApi.Send(_api.Url, method, path, method == "POST" ? Network : null, token, "application/json;q=0.5, text/plain;q=0.1");

    private static HttpClient Browser() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true });
}
