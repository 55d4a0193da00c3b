namespace Controller.Api.Model;

/// <summary>Names that users' mixins can't have, whether there is something of that name or not.</summary>
internal static class ProviderNames
{
    private static readonly string[] Schemes = ["http://schemas.ogf.org/occi/", "http://controller.local/occi/"];

    // First segments of paths that lead to something else than entities. The HTTP server compares them without regard to case.
    private static readonly string[] Paths = ["-", "admin", "console", "health", "metrics", "ui", ".well-known"];

    /// <summary>Whether the scheme is the standard's (GFD.221 §5.3.1) or the provider's.</summary>
    public static bool Reserves(string scheme) => Schemes.Any(s => scheme.StartsWith(s, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the path, which begins with a slash, is one of the server's own.</summary>
    public static bool ReservesPath(string path) => Paths.Contains(path.Split('/')[1], StringComparer.OrdinalIgnoreCase);
}
