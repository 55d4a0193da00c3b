using System.Text;

namespace Controller.Cli.Output;

/// <summary>Columns of text, each as wide as its widest cell; the last one runs free.</summary>
internal sealed class Table(params string[] headings)
{
    private const int Gap = 2;
    private readonly List<string[]> _rows = [headings];

    /// <summary>Adds a row with a cell for each heading.</summary>
    public Table Add(params string[] cells)
    {
        if (cells.Length != headings.Length)
            throw new ArgumentException($"A row of {headings.Length} cells was wanted, found {cells.Length}.", nameof(cells));
        // What a server sends must neither break the lines nor steer the terminal.
        _rows.Add([.. cells.Select(Plain)]);
        return this;
    }

    public Table AddAll(IEnumerable<string[]> rows)
    {
        foreach (var row in rows)
            Add(row);
        return this;
    }

    public override string ToString()
    {
        var widths = Enumerable.Range(0, headings.Length).Select(column => _rows.Max(row => Width(row[column]))).ToArray();
        var text = new StringBuilder();
        foreach (var row in _rows)
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Length; column++)
                line.Append(row[column]).Append(' ', widths[column] - Width(row[column]) + Gap);
            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Control characters become blanks.</summary>
    public static string Plain(string text) => text.Any(char.IsControl) ? new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]) : text;

    private static int Width(string cell) => cell.EnumerateRunes().Count();
}
