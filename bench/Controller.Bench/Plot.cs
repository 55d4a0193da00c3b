using System.Globalization;
using System.Text;

namespace Controller.Bench;

/// <summary>Draws what was measured, as SVG: a file for each benchmark that has series, and bars of all ratios that have goals.</summary>
internal static class Plot
{
    private const double Width = 720, Height = 320, Left = 80, Right = 20, Top = 40, Bottom = 50;
    private static readonly string[] Colours = ["#1b6ca8", "#c8553d", "#3d8361", "#7d5ba6"];

    /// <summary>Everything in <paramref name="results"/>; tables go to <paramref name="output"/>.</summary>
    public static void All(string results, string directory, TextWriter output)
    {
        Directory.CreateDirectory(directory);
        var order = Benchmark.All.Select(b => b.Name).ToList();
        Results[] all = [.. Directory.EnumerateFiles(results, "*.json").Select(Results.Load).OrderBy(r => order.IndexOf(r.Benchmark))];
        foreach (var result in all)
        {
            output.WriteLine($"### {result.Benchmark}\n");
            foreach (var line in Table.Markdown(result.Figures))
                output.WriteLine(line);
            output.WriteLine();
            foreach (var set in result.Series.Where(s => s.Points.Count > 1).GroupBy(s => s.X))
                File.WriteAllText(Path.Combine(directory, result.Benchmark + ".svg"), Lines($"{result.Benchmark}: {set.First().Y} over {set.Key}", [.. set]));
        }
        File.WriteAllText(Path.Combine(directory, "goals.svg"), Goals(all.SelectMany(r => r.Figures)));
    }

    /// <summary>Lines over a logarithmic axis where the values span more than a factor of ten.</summary>
    public static string Lines(string title, IReadOnlyList<Series> series)
    {
        var xs = series.SelectMany(s => s.Points).Select(p => p[0]).ToList();
        var top = Math.Max(series.SelectMany(s => s.Points).Max(p => p[1]) * 1.15, 1e-9);
        var (low, high) = (xs.Min(), xs.Max());
        var logarithmic = low > 0 && high / low > 10;
        double X(double x) => Left + ((Width - Left - Right) * (high == low ? 0.5 : logarithmic ? Math.Log(x / low) / Math.Log(high / low) : (x - low) / (high - low)));
        double Y(double y) => Height - Bottom - ((Height - Top - Bottom) * y / top);
        var svg = Begin(title, Height);
        for (var tick = 0; tick <= 4; tick++)
        {
            var value = top * tick / 4;
            Add(svg, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):0.#}\" y2=\"{Y(value):0.#}\" stroke=\"#ddd\"/><text x=\"{Left - 8}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{Figure.Number(value)}</text>");
        }
        foreach (var x in xs.Distinct())
            Add(svg, $"<text x=\"{X(x):0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Figure.Number(x)}</text>");
        Add(svg, $"<text x=\"{Width / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">{Escape(series[0].X)}</text>");
        foreach (var (one, index) in series.Select((s, i) => (s, i)))
        {
            var colour = Colours[index % Colours.Length];
            Add(svg, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{string.Join(' ', one.Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p[0]):0.#},{Y(p[1]):0.#}")))}\"/>");
            foreach (var point in one.Points)
                Add(svg, $"<circle cx=\"{X(point[0]):0.#}\" cy=\"{Y(point[1]):0.#}\" r=\"3\" fill=\"{colour}\"/>");
            Add(svg, $"<text x=\"{Left + 10 + (index * 170)}\" y=\"{Top - 4}\" fill=\"{colour}\">{Escape(one.Name)}</text>");
        }
        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>How far each figure is from its goal: a bar that ends at the line meets it exactly, and right of it is better.</summary>
    public static string Goals(IEnumerable<Figure> figures)
    {
        const double Row = 20, Names = 420, Most = 2;
        (string Name, double Reached)[] bars = [.. figures.Where(f => f.Goal is not null).Select(f => (f.Name, Reached(f)))];
        var height = Top + (bars.Length * Row) + 30;
        var svg = Begin("how far each goal is reached (1: met; further right is better)", height);
        double X(double value) => Names + ((Width - Names - Right) * Math.Min(value, Most) / Most);
        foreach (var (bar, index) in bars.Select((b, i) => (b, i)))
        {
            var y = Top + (index * Row);
            Add(svg, $"<text x=\"{Names - 8}\" y=\"{y + 13}\" text-anchor=\"end\" font-size=\"11\">{Escape(bar.Name)}</text>");
            Add(svg, $"<rect x=\"{Names}\" y=\"{y + 3}\" width=\"{X(bar.Reached) - Names:0.#}\" height=\"{Row - 7}\" fill=\"{(bar.Reached >= 1 ? Colours[2] : Colours[1])}\"/>");
        }
        Add(svg, $"<line x1=\"{X(1):0.#}\" x2=\"{X(1):0.#}\" y1=\"{Top - 6}\" y2=\"{height - 20}\" stroke=\"#333\" stroke-dasharray=\"4 3\"/>");
        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>1: exactly the goal; more is better.</summary>
    public static double Reached(Figure figure)
    {
        var goal = figure.Goal ?? throw new ArgumentException($"\"{figure.Name}\" has no goal.", nameof(figure));
        var value = goal.OfRatio ? figure.Ratio ?? 0 : figure.Measured;
        return goal.AtLeast ? value / goal.Value : value <= goal.Value && goal.Value == 0 ? 1 : value <= 0 ? 2 : goal.Value / value;
    }

    private static StringBuilder Begin(string title, double height)
    {
        var svg = new StringBuilder();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><text x=\"{Width / 2}\" y=\"18\" text-anchor=\"middle\" font-size=\"14\">{Escape(title)}</text>");
        return svg;
    }

    private static void Add(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Escape(string text) => System.Net.WebUtility.HtmlEncode(text);
}
