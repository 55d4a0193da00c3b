using System.Diagnostics;
using System.Globalization;
using Controller.Testing;

namespace Controller.Agent.Tests.Drivers;

/// <summary>What joins several <see cref="LibvirtHost"/>s: deploy/libvirtd/fabric.sh. It ends with the test.</summary>
internal sealed class Fabric : IAsyncDisposable
{
    private readonly Process _process;

    private Fabric(string directory, Process process) => (Directory, _process) = (directory, process);

    /// <summary>For <c>run.sh --fabric</c>.</summary>
    public string Directory { get; }

    /// <summary>The process in whose network namespace the bridges are.</summary>
    public int Pid => int.Parse(File.ReadAllText(Path.Combine(Directory, "init.pid")), CultureInfo.InvariantCulture);

    public static async Task<Fabric> Start(string directory)
    {
        var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "deploy/libvirtd/fabric.sh"), "--until-eof", directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Bench.Patience);
        Assert.StartsWith("ready ", line ?? await process.StandardError.ReadToEndAsync());
        return new(directory, process);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
