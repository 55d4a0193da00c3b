using System.CommandLine;

namespace Controller.Cli.Output;

/// <summary>The option <c>-o</c>.</summary>
internal static class OutputFormat
{
    /// <summary>One of <paramref name="formats"/>, the first by default.</summary>
    public static Option<string> Option(params string[] formats)
    {
        var option = new Option<string>("--output", "-o") { Description = $"How to show it: {string.Join(", ", formats)}.", HelpName = "FORMAT", DefaultValueFactory = _ => formats[0] };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }
}
