using System.Text.RegularExpressions;

namespace Controller.Api.Http;

/// <summary>Version negotiation by User-Agent (GFD.223 §5.3).</summary>
internal static partial class OcciVersion
{
    /// <summary>The highest version that is implemented.</summary>
    public const string Highest = "OCCI/1.2";

    /// <summary>The value of the response header <c>Server</c>; 1.1 clients look for their own version (decision D-01).</summary>
    public const string Server = "controller/0.1 OCCI/1.2 OCCI/1.1 OCCI-CRTP/1.1 OCCI-CRTP-EP/1.1";

    /// <summary>
    /// The version that a client asks for if it is higher than ours, else null. Compared as numbers, so 1.10 is higher than 1.2; of several tokens
    /// the lowest counts (decision D-02).
    /// </summary>
    public static string? TooHigh(string userAgent)
    {
        if (!userAgent.Contains("OCCI/", StringComparison.Ordinal))
            return null;
        var lowest = Token().Matches(userAgent)
            .Select(m => (m.Value, Version: (Number(m.Groups[1]), Number(m.Groups[2]))))
            .OrderBy(m => m.Version)
            .FirstOrDefault();
        return lowest.Value is not null && lowest.Version.CompareTo((1, 2)) > 0 ? lowest.Value : null;
    }

    // Who asks for more than a long holds asks for more than there is.
    private static long Number(Group digits) =>
        long.TryParse(digits.ValueSpan, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;

    [GeneratedRegex(@"(?<![A-Za-z0-9_-])OCCI/([0-9]+)\.([0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
