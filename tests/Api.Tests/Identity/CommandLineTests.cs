using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Controller.Testing.Oidc;

namespace Controller.Api.Tests.Identity;

/// <summary>The command line as people sign in with it: the program itself, with a home of its own.</summary>
[Collection("cloud")]
public sealed class CommandLineTests(ApiFixture api) : IDisposable
{
    private const string Password = "correct horse battery";
    private readonly CommandLine _line = new();

    public void Dispose() => _line.Dispose();

    [Fact]
    public async Task Admins_make_users_who_sign_in_with_a_password_and_what_login_made_is_taken_back_by_logout()
    {
        var project = await api.AddProject("cli-project");
        var admin = await Run(api.SecretOf("admin"), "login", api.Url.ToString(), "--with-token", "--as", "root");
        Assert.Contains("kept as profile root", admin.Errors, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_line.Home, "controller", "profiles.json")));

        var reset = (await Run("", "user", "create", "clara")).Output.Split().Single(w => w.Length > 30);
        Assert.Equal(200, (await api.Send("POST", "/auth/password", $$"""{"token":"{{reset}}","password":"{{Password}}"}""", null, contentType: "application/json")).Status);
        await Run("", "user", "grant", "clara", "member", "--project", project);
        Assert.Contains("clara", (await Run("", "user", "list")).Output, StringComparison.Ordinal);
        await Run("", "project", "quota", project, "--set", "networks=1");

        var wrong = await Try("not hers at all", "login", api.Url.ToString(), "--name", "clara", "--as", "hers");
        Assert.NotEqual(0, wrong.ExitCode);
        Assert.Contains("The name or the password is wrong", wrong.Errors, StringComparison.Ordinal);
        await Run(Password, "login", api.Url.ToString(), "--name", "clara", "--as", "hers");
        await Run("", "occi", "create", "network", "--title", "by-clara");
        Assert.Contains("by-clara", (await Run("", "occi", "list", "network")).Output, StringComparison.Ordinal);
        var full = await Try("", "occi", "create", "network", "--title", "one-too-many");
        Assert.NotEqual(0, full.ExitCode);
        Assert.Contains("networks", full.Errors, StringComparison.Ordinal);
        Assert.NotEqual(0, (await Try("", "user", "list")).ExitCode);
        Assert.Matches(@"networks\s+1\s+1", (await Run("", "project", "quota", project)).Output);
        Assert.Contains("networks", (await Run("", "usage", "-o", "csv")).Output, StringComparison.Ordinal);

        Assert.Matches(@"\*\s+hers", (await Run("", "profile", "list")).Output);
        var token = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_line.Home, "controller", "profiles.json"))).RootElement
            .GetProperty("profiles").GetProperty("hers").GetProperty("token").GetString()!;
        Assert.Equal(200, (await api.Send("GET", "/network/", caller: token)).Status);
        await Run("", "logout");
        await Eventually.Is("its token is taken back", async () => (await api.Send("GET", "/network/", caller: token)).Status == 401);
        await Run("", "profile", "use", "root");
        await Run("", "user", "delete", "clara");
    }

    [Fact]
    public async Task With_an_identity_provider_somebody_types_a_code_into_a_browser()
    {
        await using var provider = await OidcProvider.Start();
        await using var its = await api.AnotherApi(
            $"--Oidc:Issuer={provider.Issuer}", $"--Oidc:ClientId={OidcProvider.Client}", "--Oidc:Roles:0:Group=web-team", "--Oidc:Roles:0:Project=default", "--Oidc:Roles:0:Role=Member");
        provider.User = ("s-cli", "cleo", ["web-team"]);
        var login = Try("", "login", its.Url.ToString());
        await Eventually.Is("she has typed it in", () =>
        {
            provider.ConsentToDevices();
            return Task.FromResult(login.IsCompleted);
        });
        var said = await login;
        Assert.True(said.ExitCode == 0, said.Errors);
        Assert.Contains($"{provider.Issuer}/activate", said.Errors, StringComparison.Ordinal);
        Assert.Contains("ABCD-EFGH", said.Errors, StringComparison.Ordinal);
        Assert.Contains("as cleo", said.Errors, StringComparison.Ordinal);
        await Run("", "occi", "list", "network");
    }

    private Task<(int ExitCode, string Output, string Errors)> Run(string input, params string[] arguments) => _line.Run(input, arguments);

    private Task<(int ExitCode, string Output, string Errors)> Try(string input, params string[] arguments) => _line.Try(input, arguments);
}
