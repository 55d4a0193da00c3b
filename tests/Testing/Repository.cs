namespace Controller.Testing;

/// <summary>The sources that the tests were built from.</summary>
public static class Repository
{
    /// <summary>Where they are.</summary>
    public static string Root { get; } = Above(AppContext.BaseDirectory);

    private static string Above(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"{from} is not inside of the repository.");
    }
}
