using System.Globalization;
using System.Text.Json.Serialization;

namespace Controller.Bench;

/// <summary>What a figure has to be: at least or at most so much, of the ratio to its baseline or of itself.</summary>
internal sealed record Goal(double Value, bool AtLeast, bool OfRatio)
{
    public static Goal RatioAtLeast(double value) => new(value, true, true);

    public static Goal RatioAtMost(double value) => new(value, false, true);

    public static Goal AtMost(double value) => new(value, false, false);

    public override string ToString() => (AtLeast ? "≥ " : "≤ ") + (OfRatio ? Figure.Short(Value) : Figure.Number(Value));
}

/// <summary>One figure: what was measured, beside its baseline in the same run where it has one.</summary>
/// <param name="Name">What of.</param>
/// <param name="Measured">The median.</param>
/// <param name="Unit">Of both.</param>
internal sealed record Figure(string Name, double Measured, string Unit)
{
    public double? Baseline { get; init; }

    /// <summary>Measured by baseline; the median of the rounds' own ratios where there are rounds.</summary>
    public double? Ratio { get; init; }

    public Goal? Goal { get; init; }

    /// <summary>Whether the goal is met; null: there is none.</summary>
    [JsonInclude]
    public bool? Met => Goal switch
    {
        null => null,
        { OfRatio: true } when Ratio is null => false,
        { OfRatio: true, AtLeast: true } => Ratio >= Goal.Value,
        { OfRatio: true } => Ratio <= Goal.Value,
        { AtLeast: true } => Measured >= Goal.Value,
        _ => Measured <= Goal.Value,
    };

    /// <summary>With a baseline of one value.</summary>
    public static Figure Against(string name, double measured, double baseline, string unit, Goal? goal = null) =>
        new(name, measured, unit) { Baseline = baseline, Ratio = baseline == 0 ? null : measured / baseline, Goal = goal };

    public static string Number(double value) => value switch
    {
        >= 1000 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };

    public static string Short(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}

/// <summary>Figures as people read them.</summary>
internal static class Table
{
    private static readonly string[] Head = ["figure", "measured", "baseline", "ratio", "goal", "met?"];

    /// <summary>A row each, aligned for a terminal.</summary>
    public static IEnumerable<string> Lines(IEnumerable<Figure> figures) => Aligned([Head, .. figures.Select(Cells)]);

    /// <summary>The same for a document in Markdown.</summary>
    public static IEnumerable<string> Markdown(IEnumerable<Figure> figures) =>
        [Row(Head), "|---|---:|---:|---:|---:|---|", .. figures.Select(f => Row(Cells(f)))];

    private static string[] Cells(Figure f) =>
    [
        f.Name, $"{Figure.Number(f.Measured)} {f.Unit}".TrimEnd(), f.Baseline is { } b ? $"{Figure.Number(b)} {f.Unit}".TrimEnd() : "–", f.Ratio is { } r ? Figure.Short(r) : "–",
        f.Goal?.ToString() ?? "shown", f.Met switch { null => "–", true => "yes", false => "NO" },
    ];

    private static string Row(string[] cells) => "| " + string.Join(" | ", cells) + " |";

    private static IEnumerable<string> Aligned(string[][] rows)
    {
        var widths = Head.Select((_, column) => rows.Max(r => r[column].Length)).ToArray();
        return rows.Select(r => string.Join("  ", r.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd());
    }
}
