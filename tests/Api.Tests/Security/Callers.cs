using Controller.Api.Tests.Identity;

namespace Controller.Api.Tests.Security;

/// <summary>People, and the ways in which their requests come: with a session's cookie, a personal token, with and without a choice of the project.</summary>
internal static class Callers
{
    private const string Json = "application/json", Password = "correct horse battery";

    /// <summary>A user with those roles; a null project: in the cloud. Callers of that name come with the cookie, those with <c>-token</c> behind it with a personal token.</summary>
    public static async Task Make(ApiFixture api, string name, params (string? Project, string Role)[] roles)
    {
        Assert.Equal(201, (await api.Send("POST", "/admin/users", $$"""{"name":"{{name}}","password":"{{Password}}"}""", "admin", contentType: Json)).Status);
        foreach (var (project, role) in roles)
            Assert.Equal(200, (await api.Send("PUT", $"/admin/users/{name}/roles", project is null ? $$"""{"role":"{{role}}"}""" : $$"""{"project":"{{project}}","role":"{{role}}"}""", "admin", contentType: Json)).Status);
        var browser = new Browser(api);
        Assert.Equal(201, (await browser.SignIn(name, Password)).Status);
        api.Calls(name, null, ("Cookie", browser.Cookie!), ("X-Requested-With", "fetch"));
        await Token(api, name, name + "-token");
    }

    /// <summary>Another personal token of a user's, perhaps for less than the user may.</summary>
    public static async Task Token(ApiFixture api, string user, string caller, string? role = null, string? project = null)
    {
        var limits = (role is null ? "" : $",\"role\":\"{role}\"") + (project is null ? "" : $",\"project\":\"{project}\"");
        var made = await api.Send("POST", "/auth/tokens", $$"""{"name":"{{caller}}"{{limits}}}""", user, contentType: Json);
        Assert.True(made.Status == 201, made.Body);
        api.Calls(caller, made.Json.GetProperty("token").GetString()!);
    }

    /// <summary>The id of a project.</summary>
    public static async Task<string> IdOf(ApiFixture api, string project) =>
        (await api.Send("GET", "/admin/projects", caller: "admin")).Json.EnumerateArray().Single(p => p.GetProperty("name").GetString() == project).GetProperty("id").GetString()!;
}
