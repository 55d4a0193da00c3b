namespace Controller.Agent.Drivers;

/// <summary>
/// A directory that several hosts see. A file in it has its id, made by whoever comes first: hosts that read the same id see the same directory, whatever they call it, and a
/// directory that is not mounted has another one or none.
/// </summary>
internal sealed class SharedPool
{
    private const string Mark = ".occi-pool";

    private SharedPool(string name, string directory, string id) => (Name, Directory, Id) = (name, directory, id);

    /// <summary>The operator's; what tenants choose it by.</summary>
    public string Name { get; }

    public string Directory { get; }

    public string Id { get; }

    /// <exception cref="DriverException">Code <c>no-pool</c>: the directory is not there, or is no pool and cannot be made one.</exception>
    public static SharedPool Open(string name, string directory)
    {
        if (!System.IO.Directory.Exists(directory))
            throw Gone(name, directory, "there is no such directory");
        try
        {
            return new(name, directory, Read(directory) ?? Begin(directory) ?? throw Gone(name, directory, $"its {Mark} holds no UUID"));
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw Gone(name, directory, unusable.Message);
        }
    }

    /// <summary>It is still the one that it was.</summary>
    /// <exception cref="DriverException">Code <c>no-pool</c>: it is not.</exception>
    public SharedPool Checked() => Read(Directory) == Id ? this : throw Gone(Name, Directory, $"it was pool {Id} and is not any more; is it mounted?");

    public Protocol.Pool Describe()
    {
        var drive = new DriveInfo(Directory);
        return new() { Id = Id, Name = Name, SizeBytes = (ulong)drive.TotalSize, FreeBytes = (ulong)drive.AvailableFreeSpace };
    }

    private static string? Read(string directory)
    {
        var path = Path.Combine(directory, Mark);
        return File.Exists(path) && Guid.TryParseExact(File.ReadAllText(path).Trim(), "D", out var id) ? id.ToString("D") : null;
    }

    private static string? Begin(string directory)
    {
        var path = Path.Combine(directory, Mark);
        var own = $"{path}.{Guid.NewGuid():N}";
        File.WriteAllText(own, Guid.NewGuid().ToString("D") + "\n");
        try
        {
            File.Move(own, path);   // fails where another host was first
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(own);
        }
        return Read(directory);
    }

    private static DriverException Gone(string name, string directory, string why) =>
        new("no-pool", $"The shared pool {name} cannot be used at {directory}: {why}.", retryable: true);
}
