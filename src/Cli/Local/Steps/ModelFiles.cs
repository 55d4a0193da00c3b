using Controller.Cli.Models;
using Occi.Declared;

namespace Controller.Cli.Local.Steps;

/// <summary>
/// The kinds and mixins of this cluster beside the standard's: the operator's files and shipped extensions, copied to where all its processes read them. A copy, so that a
/// process which is started again does not know another model than the others.
/// </summary>
internal static class ModelFiles
{
    /// <summary>Checks and copies them; says what there is.</summary>
    /// <exception cref="StepFailedException">The files can't be used: each problem has a line.</exception>
    public static string Stage(DataDirectory data, string extensions)
    {
        var shipped = ExtensionNames.Parse(extensions);
        string[] own = [.. Directory.EnumerateFiles(data.OwnModel, "*.json").Order(StringComparer.Ordinal)];
        try
        {
            ModelDirectory.Load([.. shipped.Select(ExtensionNames.PathOf), .. own]);
        }
        catch (InvalidModelException wrong)
        {
            throw new StepFailedException(wrong.Message, null);
        }
        if (Directory.Exists(data.Model))
            Directory.Delete(data.Model, recursive: true);
        Directory.CreateDirectory(data.Model);
        foreach (var name in shipped)
            File.Copy(ExtensionNames.PathOf(name), Path.Combine(data.Model, $"shipped-{name}.json"));
        foreach (var file in own)
            File.Copy(file, Path.Combine(data.Model, $"own-{Path.GetFileName(file)}"));
        return shipped.Length + own.Length == 0 ? "the standard's" : $"the standard's, {string.Join(", ", [.. shipped, .. own.Select(f => Path.GetFileName(f))])}";
    }
}
