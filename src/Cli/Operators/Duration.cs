using System.Globalization;

namespace Controller.Cli.Operators;

/// <summary>Durations as people type them: a whole number and a unit, <c>30d</c>, <c>12h</c>, <c>90m</c>, <c>45s</c>.</summary>
internal static class Duration
{
    /// <exception cref="CliException">It isn't one.</exception>
    public static TimeSpan Parse(string text)
    {
        var ok = long.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 100_000_000;
        return (ok ? text[^1] : '?') switch
        {
            'd' => TimeSpan.FromDays(count),
            'h' => TimeSpan.FromHours(count),
            'm' => TimeSpan.FromMinutes(count),
            's' => TimeSpan.FromSeconds(count),
            _ => throw new CliException($"a duration is a whole number with d, h, m or s, as in 30d, and this is \"{text}\"", ExitCode.Usage),
        };
    }
}
