using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Controller.Agent.Drivers.Simulated.Consoles;

/// <summary>As much of a shell as shows that somebody is there: <c>echo</c> with arithmetic, <c>hostname</c>, <c>seq N</c>, <c>poweroff</c>.</summary>
internal sealed partial class SimulatedShell(Action powerOff)
{
    public const string Prompt = "~ # ";

    private const int LongestSequence = 100_000;

    /// <summary>What a line is answered with, ends of lines included.</summary>
    public string Answer(string line, string hostname)
    {
        var words = line.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case []:
                return "";
            case ["echo", .. var rest]:
                return Arithmetic().Replace(rest.FirstOrDefault() ?? "", sum => Calculate(sum).ToString(CultureInfo.InvariantCulture)) + "\r\n";
            case ["hostname"]:
                return hostname + "\r\n";
            case ["seq", var last] when int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var number):
                return Enumerable.Range(1, Math.Min(number, LongestSequence)).Aggregate(new StringBuilder(), (all, n) => all.Append(n).Append("\r\n")).ToString();
            case ["poweroff", ..]:
                powerOff();
                return "";
            default:
                return $"sh: {words[0]}: not found\r\n";
        }
    }

    private static long Calculate(Match sum)
    {
        long Number(string group) => long.Parse(sum.Groups[group].Value, CultureInfo.InvariantCulture);
        var (left, right) = (Number("left"), Number("right"));
        return sum.Groups["by"].Value switch
        {
            "*" => left * right,
            "-" => left - right,
            "/" => right == 0 ? 0 : left / right,
            _ => left + right,
        };
    }

    [GeneratedRegex(@"\$\(\(\s*(?<left>\d{1,9})\s*(?<by>[-+*/])\s*(?<right>\d{1,9})\s*\)\)")]
    private static partial Regex Arithmetic();
}
