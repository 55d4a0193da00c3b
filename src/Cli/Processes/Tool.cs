using System.Diagnostics;

namespace Controller.Cli.Processes;

/// <summary>What a short-lived program left behind.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public bool Ok => ExitCode == 0;

    /// <summary>The last line of what it said that isn't blank, for messages.</summary>
    public string LastWords =>
        Error.Split('\n').Concat(Output.Split('\n')).Select(line => line.Trim()).LastOrDefault(line => line.Length > 0) ?? $"exit code {ExitCode}";
}

/// <summary>Runs other programs to their end.</summary>
internal static class Tool
{
    /// <summary>Runs a program and collects what it writes. Exit code 127 when there is no such program.</summary>
    public static async Task<ToolResult> Run(string program, IEnumerable<string> arguments, CancellationToken cancel = default)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var process = TryStart(start);
        if (process is null)
            return new(127, "", $"{program} is not installed");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        await Finish(process, cancel);
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a program with everything that it writes appended to a log file; its exit code.</summary>
    public static async Task<int> RunLogged(
        string program, IEnumerable<string> arguments, string log, string? directory = null, IReadOnlyDictionary<string, string>? environment = null, CancellationToken cancel = default)
    {
        var start = Logged(program, arguments, log);
        start.WorkingDirectory = directory ?? "";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = TryStart(start) ?? throw new CliException("/bin/sh does not start");
        await Finish(process, cancel);
        return process.ExitCode;
    }

    /// <summary>How to start a program whose output goes straight into a file, so that it lives on when we don't. Its pid is the program's own.</summary>
    public static ProcessStartInfo Logged(string program, IEnumerable<string> arguments, string log) =>
        new("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null", "sh", log, program, .. arguments]);

    /// <summary>Where a program is in PATH or where Debian keeps those of root; null when it isn't.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"])
            .Where(directory => directory.Length > 0)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);

    private static async Task Finish(Process process, CancellationToken cancel)
    {
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process? TryStart(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
