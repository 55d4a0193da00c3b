using System.Globalization;

namespace Controller.Bench;

/// <summary>What a benchmark works with, and where it leaves its figures.</summary>
internal sealed class Bench(BenchOptions options, TextWriter output, CancellationToken cancel)
{
    public List<Figure> Figures { get; } = [];

    public List<Series> Series { get; } = [];

    public List<string> Notes { get; } = [];

    public BenchOptions Options => options;

    public CancellationToken Cancel => cancel;

    public TextWriter Output => output;

    /// <summary>Something for people to see while they wait.</summary>
    public void Say(string text) => output.WriteLine("  " + text);

    /// <summary>Kept beside the figures.</summary>
    public void Note(string text)
    {
        Notes.Add(text);
        Say(text);
    }

    public void Add(Figure figure) => Figures.Add(figure);

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How long and how much.</summary>
/// <param name="Seconds">A measurement, of which there are <paramref name="Rounds"/> of each side.</param>
/// <param name="Rounds">A B A B …; the median counts.</param>
/// <param name="Home">The repository.</param>
/// <param name="Scale">Of fleets and seeds; 1 is what the goals say.</param>
/// <param name="Keep">Leaves the directory with logs.</param>
/// <param name="Statements">Says what PostgreSQL spent its time on.</param>
internal sealed record BenchOptions(double Seconds, int Rounds, string Home, double Scale, bool Keep, bool Statements = false)
{
    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    /// <summary>A number of things, scaled; at least one.</summary>
    public int Scaled(int number) => Math.Max(1, (int)(number * Scale));
}
