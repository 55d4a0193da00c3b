using System.Diagnostics;

namespace Controller.Architecture.Tests;

/// <summary>The working tree that these tests were built in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>What git tracks, as paths relative to the root.</summary>
    public static IReadOnlyList<string> TrackedFiles { get; } = ListTracked();

    /// <summary>Tracked files that are text: no byte of their beginning is zero, as git itself judges.</summary>
    public static IEnumerable<(string Path, string Text)> TextFiles()
    {
        foreach (var path in TrackedFiles)
        {
            var full = Path.Combine(Root, path);
            if (!File.Exists(full))
                continue;   // deleted in the working tree, not yet in git
            var bytes = File.ReadAllBytes(full);
            if (!bytes.AsSpan(0, Math.Min(bytes.Length, 8000)).Contains((byte)0))
                yield return (path, System.Text.Encoding.UTF8.GetString(bytes));
        }
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Controller.sln")))
                return directory.FullName;
        }
        throw new InvalidOperationException($"No directory above {AppContext.BaseDirectory} has Controller.sln.");
    }

    private static string[] ListTracked()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-c", "safe.directory=*", "ls-files", "-z"])
        {
            WorkingDirectory = Root, RedirectStandardOutput = true,
        })!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0
            ? output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"git ls-files ended with {git.ExitCode} in {Root}.");
    }
}
