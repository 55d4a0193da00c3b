using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Controller.Cli.Output;

/// <summary>The option <c>-o</c>: a table for people, a wider one, or the data as JSON or YAML.</summary>
internal static class OutputFormat
{
    public const string Table = "table", Wide = "wide", Json = "json", Yaml = "yaml";

    // Other programs read it, and people: quotes and letters stay as they are.
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One of table (the default), wide, json, yaml and <paramref name="more"/>.</summary>
    public static Option<string> Option(params string[] more)
    {
        string[] formats = [Table, Wide, Json, Yaml, .. more];
        var option = new Option<string>("--output", "-o")
        {
            Description = $"How to show it: {string.Join(", ", formats)}. wide: a table with more columns; yaml: the same data as json.", HelpName = "FORMAT", DefaultValueFactory = _ => Table,
        };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }

    /// <summary>The same for what is shown in words by default; <c>text</c> is what table was called there.</summary>
    public static Option<string> OfWords()
    {
        var option = Option();
        option.AcceptOnlyFromAmong(Table, Wide, Json, Yaml, "text");
        return option;
    }

    /// <summary>Data in that format, with a line end behind it.</summary>
    /// <param name="data">What json and yaml show.</param>
    /// <param name="format">As the option has it.</param>
    /// <param name="table">The table, or the words; whether it is the wide one.</param>
    public static string Text(JsonNode? data, string format, Func<bool, string> table) => format switch
    {
        Json => JsonText(data) + "\n",
        Yaml => Output.Yaml.Of(data),
        _ => table(format == Wide),
    };

    public static string JsonText(JsonNode? data) => data?.ToJsonString(Indented) ?? "null";
}
