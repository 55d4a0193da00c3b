using Controller.Cli.Local.Steps;

namespace Controller.Cli.Models;

/// <summary>The extensions of the model that are shipped as files, by name.</summary>
internal static class ExtensionNames
{
    private const string None = "none";

    private static string Folder => Path.Combine(Programs.Home, "deploy", "extensions");

    /// <summary>All there are.</summary>
    public static string[] All => [.. Directory.EnumerateFiles(Folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    public static string PathOf(string name) => Path.Combine(Folder, name + ".json");

    /// <summary>Names separated by commas, as people type them; <c>none</c> are none.</summary>
    /// <exception cref="CliException">There is no such extension.</exception>
    public static string[] Parse(string text)
    {
        string[] names = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(n => n != None).Distinct()];
        return names.Except(All).FirstOrDefault() is { } unknown
            ? throw new CliException($"there is no extension {unknown}; there are: {string.Join(", ", All)} (and {None})")
            : names;
    }
}
