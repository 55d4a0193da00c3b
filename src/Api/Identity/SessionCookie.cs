namespace Controller.Api.Identity;

/// <summary>What a browser keeps while somebody is signed in: no script sees it, no page of another site makes it be sent.</summary>
internal static class SessionCookie
{
    public const string Name = "controller-session";

    public static void Set(HttpContext http, ApiOptions options, string secret, DateTimeOffset expires) =>
        http.Response.Cookies.Append(Name, secret, Of(http, options, expires));

    public static void Clear(HttpContext http, ApiOptions options) => http.Response.Cookies.Delete(Name, Of(http, options, null));

    /// <summary>Whether the browser speaks TLS, be it with this server or with what stands before it.</summary>
    public static bool IsSecure(HttpContext http, ApiOptions options) => http.Request.IsHttps || options.PublicUrl?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true;

    private static CookieOptions Of(HttpContext http, ApiOptions options, DateTimeOffset? expires) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = IsSecure(http, options), Path = "/", Expires = expires };
}
