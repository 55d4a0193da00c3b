namespace Occi.Declared;

/// <summary>The data files of a directory: what every process of a cluster reads at its start.</summary>
public static class ModelDirectory
{
    /// <summary>Loads the <c>*.json</c> files of a directory, in the order of their names. No directory given: the standard's model.</summary>
    /// <exception cref="InvalidModelException">The directory is not there, or its files are wrong: the message has a line for each problem.</exception>
    public static DeclaredModel Load(string? directory)
    {
        if (string.IsNullOrEmpty(directory))
            return DeclaredModel.Standard;
        if (!Directory.Exists(directory))
            throw new InvalidModelException($"Model:Directory: an existing directory was wanted, \"{directory}\" was given.");
        return Load(Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal));
    }

    /// <summary>Loads these files.</summary>
    /// <exception cref="InvalidModelException">The files are wrong: the message has a line for each problem.</exception>
    public static DeclaredModel Load(IEnumerable<string> paths)
    {
        var loaded = ModelLoader.Load([.. paths.Select(p => new ModelFile(Path.GetFileName(p), File.ReadAllText(p)))]);
        return loaded.Model ?? throw new InvalidModelException($"The model's files can't be used:\n{string.Join('\n', loaded.Problems.Select(p => "  " + p))}");
    }
}

/// <summary>Why data files can't be used.</summary>
public sealed class InvalidModelException(string message) : InvalidOperationException(message);
