using System.Globalization;
using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests.Identity;

/// <summary>What a browser's page does: it keeps the cookie, and says that it was a script of its own that asked.</summary>
internal sealed class Browser(ApiFixture api, Uri? url = null)
{
    private const string Json = "application/json";

    /// <summary>The cookie's name and value; null: none.</summary>
    public string? Cookie { get; private set; }

    /// <summary>The last Set-Cookie, whole.</summary>
    public string? SetCookie { get; private set; }

    public async Task<Answer> Send(string method, string path, string? body = null, string? project = null, string? accept = Json, bool ofOwnPage = true, params (string Name, string Value)[] more)
    {
        (string, string)[] headers =
        [
            .. Cookie is null ? [] : new[] { ("Cookie", Cookie) }, .. ofOwnPage ? new[] { ("X-Requested-With", "fetch") } : [], .. project is null ? [] : new[] { ("X-Project", project) }, .. more,
        ];
        var answer = await RunningApi.Send(url ?? api.Url, method, path, body, secret: null, accept, body is null ? null : body.StartsWith("Category", StringComparison.Ordinal) ? "text/plain" : Json, headers);
        if (answer["Set-Cookie"] is { } set)
        {
            SetCookie = set;
            Cookie = set.Contains("expires=Thu, 01 Jan 1970", StringComparison.Ordinal) ? null : set.Split(';')[0];
        }
        return answer;
    }

    public Task<Answer> SignIn(string name, string password) => Send("POST", "/auth/sessions", string.Create(CultureInfo.InvariantCulture, $$"""{"name":"{{name}}","password":"{{password}}"}"""));
}
