using System.Diagnostics;
using Controller.Testing;

namespace Controller.Api.Tests.Cloud;

/// <summary>The command line as people run it: the program itself, with a home of its own.</summary>
internal sealed class CommandLine : IDisposable
{
    private readonly Dictionary<string, string> _environment = [];
    private readonly HashSet<int> _started = [];

    public string Home { get; } = Directory.CreateTempSubdirectory("controller-cli-").FullName;

    public string this[string variable]
    {
        set => _environment[variable] = value;
    }

    public void Dispose()
    {
        // What a test has left running, since it failed, goes with it.
        foreach (var id in _started)
            Signals.Send(id, Signals.Killed);
        Directory.Delete(Home, recursive: true);
    }

    public async Task<(int ExitCode, string Output, string Errors)> Run(string input, params string[] arguments)
    {
        var said = await Try(input, arguments);
        Assert.True(said.ExitCode == 0, $"{string.Join(' ', arguments)}: {said.Output}{said.Errors}");
        return said;
    }

    public async Task<(int ExitCode, string Output, string Errors)> Try(string input, params string[] arguments)
    {
        using var process = Start(arguments);
        await process.StandardInput.WriteLineAsync(input);
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await Ended(process);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>A process of it, whose input and output are the caller's.</summary>
    public Process Start(params string[] arguments)
    {
        string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;   // …/shared/Microsoft.NETCore.App/version
        // Ctrl-C is to reach it also where whoever runs the tests was started to ignore it (nohup, or in the background of a script): that is inherited.
        var start = new ProcessStartInfo(
            "/usr/bin/env", ["--default-signal=INT", Path.Combine(runtime, "../../../dotnet"), "exec", "--depsfile", Beside("Api.Tests.deps.json"), "--runtimeconfig", Beside("Api.Tests.runtimeconfig.json"), Beside("controller-cli.dll"), .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Home,
        };
        start.Environment["XDG_CONFIG_HOME"] = Home;
        foreach (var name in (string[])["CONTROLLER_ENDPOINT", "CONTROLLER_TOKEN", "CONTROLLER_PROFILE", "CONTROLLER_PROJECT"])
            start.Environment.Remove(name);
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;   // a program is started, not handed to a shell
        _started.Add(process.Id);
        return process;
    }

    /// <summary>Ends what was started, as Ctrl-C does; its exit code.</summary>
    public async Task<int> Interrupt(Process process)
    {
        Signals.Send(process.Id, Signals.Interrupt);
        await Ended(process);
        return process.ExitCode;
    }

    /// <summary>Waits until it has ended: its number may be another one's then.</summary>
    public async Task Ended(Process process)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync(patience.Token);
        _started.Remove(process.Id);
    }
}
