using System.Globalization;
using System.Text;

namespace Controller.Api.Metrics;

/// <summary>The text format of Prometheus, version 0.0.4: a metric's lines stand together, after its HELP and TYPE.</summary>
internal sealed class Exposition
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>A metric with one line for each series; one without series is not there.</summary>
    /// <param name="name">A counter's ends in <c>_total</c>.</param>
    /// <param name="type"><c>counter</c> or <c>gauge</c>.</param>
    /// <param name="help">For people.</param>
    /// <param name="series">Labels and a value each; null: not known.</param>
    public void Metric(string name, string type, string help, IEnumerable<((string Name, string Value)[] Labels, double? Value)> series)
    {
        var begun = false;
        foreach (var (labels, value) in series)
        {
            if (value is not { } number)
                continue;
            if (!begun)
                _text.Append("# HELP ").Append(name).Append(' ').Append(Escape(help, quotes: false)).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
            begun = true;
            _text.Append(name);
            if (labels.Length > 0)
                _text.Append('{').AppendJoin(',', labels.Select(l => $"{l.Name}=\"{Escape(l.Value, quotes: true)}\"")).Append('}');
            _text.Append(' ').Append(Number(number)).Append('\n');
        }
    }

    public override string ToString() => _text.ToString();

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Number(double number) =>
        double.IsNaN(number) ? "NaN" : double.IsPositiveInfinity(number) ? "+Inf" : double.IsNegativeInfinity(number) ? "-Inf" : number.ToString("R", CultureInfo.InvariantCulture);
}
