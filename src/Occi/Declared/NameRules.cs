using System.Text.RegularExpressions;

namespace Occi.Declared;

/// <summary>What may be called what. Each rule answers a complaint, or null.</summary>
internal static partial class NameRules
{
    /// <summary>Terms that are names of rows and grains already, or would confuse people: core's and all that is no entity.</summary>
    public static readonly IReadOnlySet<string> ReservedTerms = new HashSet<string>(
    [
        .. StandardModel.Catalogue.Kinds.Select(k => k.Id.Term),
        "agent", "batch", "category", "console", "consoleticket", "creation", "declared", "fence", "gateway", "host", "image", "join", "mixin", "model", "project", "silo", "sweeper", "token", "user", "usermixins", "webhooks",
    ]);

    /// <summary>Paths of the product that no collection can have.</summary>
    private static readonly string[] ReservedPaths = ["/-/", "/admin/", "/console/", "/events/", "/health/", "/metrics/", "/ui/", "/.well-known/"];

    private const string Standard = "http://schemas.ogf.org/occi/";

    // Documents of the OGF that this product leaves to data files (GFD.227, GFD.228, and two drafts).
    private static readonly string[] Published = ["platform", "sla", "monitoring", "notification"];

    /// <summary>D-28: older clients read no others.</summary>
    public static string? Term(string term, CategoryClass @class) =>
        !LowerCase().IsMatch(term) ? $"expected a term of lower-case letters, digits, - and _ that begins with a letter, found \"{Unfit.Shorten(term)}\""
        : @class == CategoryClass.Kind && ReservedTerms.Contains(term) ? $"expected a term of one's own for the kind, found \"{term}\", which is taken"
        : null;

    /// <summary>GFD.221 §5.5: the standard's own names are for its own documents.</summary>
    public static string? Scheme(string scheme) =>
        !scheme.EndsWith('#') || !scheme.Contains("://", StringComparison.Ordinal) || scheme.IndexOf('#', StringComparison.Ordinal) < scheme.Length - 1 || !Names.IsUriReference(scheme)
            ? $"expected an absolute URI that ends in #, found \"{Unfit.Shorten(scheme)}\""
            : scheme.StartsWith(Standard, StringComparison.Ordinal) && !IsPublished(scheme)
                ? $"expected a scheme of one's own, found \"{Unfit.Shorten(scheme)}\": {Standard} is the standard's, and of it only {string.Join(", ", Published)} may be declared"
                : null;

    /// <summary>D-29: older clients split at commas and semicolons.</summary>
    public static string? Title(string title) =>
        title.Length == 0 || title.AsSpan().ContainsAny(",;\"\r\n")
            ? $"expected a title without commas, semicolons, quotes and line ends, found \"{Unfit.Shorten(title)}\""
            : null;

    /// <summary>D-26.</summary>
    public static string? Location(string location) =>
        !Path().IsMatch(location)
            ? $"expected a path with / at both ends, its parts of lower-case letters, digits, - and _, found \"{Unfit.Shorten(location)}\""
            : ReservedPaths.FirstOrDefault(p => location.StartsWith(p, StringComparison.Ordinal)) is { } reserved ? $"expected a path outside of {reserved}, found \"{Unfit.Shorten(location)}\""
            : StandardModel.Catalogue.Kinds.FirstOrDefault(k => k.Location is { } l && location.StartsWith(l, StringComparison.Ordinal)) is { } kind
                ? $"expected a path outside of the collection of {kind}, found \"{Unfit.Shorten(location)}\""
                : null;

    /// <summary>The name of an attribute that the category of <paramref name="scheme"/> defines; SLA's published ones have upper-case letters.</summary>
    public static string? Attribute(string name, string scheme) =>
        !(IsPublished(scheme) ? AnyCaseName() : LowerCaseName()).IsMatch(name)
            ? $"expected a name of at least two parts with dots between them, of lower-case letters, digits, - and _, found \"{Unfit.Shorten(name)}\""
            : name.StartsWith("occi.", StringComparison.Ordinal) && !IsPublished(scheme)
                ? $"expected a name of one's own, found \"{Unfit.Shorten(name)}\": occi. is the standard's"
                : name.StartsWith("occi.core.", StringComparison.Ordinal) ? $"expected a name of one's own, found \"{Unfit.Shorten(name)}\": occi.core. is the core's" : null;

    /// <summary>An action's parameter needs no dot: it is nobody's but the action's.</summary>
    public static string? Parameter(string name) =>
        LowerCase().IsMatch(name) || LowerCaseName().IsMatch(name) ? null : $"expected a name of lower-case letters, digits, - and _, found \"{Unfit.Shorten(name)}\"";

    private static bool IsPublished(string scheme) =>
        scheme.StartsWith(Standard, StringComparison.Ordinal)
        && Published.Any(p => scheme[Standard.Length..].StartsWith(p, StringComparison.Ordinal) && scheme[Standard.Length + p.Length] is '#' or '/');

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]*\z")]
    private static partial Regex LowerCase();

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+\z")]
    private static partial Regex LowerCaseName();

    [GeneratedRegex(@"\A[a-z][a-zA-Z0-9_-]*(\.[a-z][a-zA-Z0-9_-]*)+\z")]
    private static partial Regex AnyCaseName();

    [GeneratedRegex(@"\A/([a-z0-9_-]+/)+\z")]
    private static partial Regex Path();
}
