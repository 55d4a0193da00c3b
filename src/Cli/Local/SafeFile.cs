namespace Controller.Cli.Local;

/// <summary>Writes files so that a crash leaves the old one or the new one, never half of one.</summary>
internal static class SafeFile
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void Write(string path, string text, UnixFileMode mode = Public)
    {
        var partial = $"{path}.{Environment.ProcessId}.partial";
        File.Delete(partial);
        // The mode is given at creation: a secret is at no time readable by others.
        using (var stream = new FileStream(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(text);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }
        File.Move(partial, path, overwrite: true);
    }

    /// <summary>The trimmed content; null when there is no such file.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
