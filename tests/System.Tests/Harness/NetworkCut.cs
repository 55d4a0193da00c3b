using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Controller.SystemTests.Harness;

/// <summary>
/// Cuts one process off: nothing that it sends over TCP leaves, nothing comes, and nobody tells it so. It goes on living with its files and Unix sockets. The
/// kernel does it, by a control group for the connections that it makes from now on and by their ports for those that it has.
/// </summary>
internal sealed class NetworkCut : IAsyncDisposable
{
    private readonly int _pid;
    private readonly string _name;
    private readonly string _hierarchy;
    private readonly string _before;

    private NetworkCut(int pid)
    {
        _pid = pid;
        _name = $"controller-test-{pid}";
        _hierarchy = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).First(mount => mount[2] == "cgroup2")[1];
        _before = _hierarchy + File.ReadLines($"/proc/{pid}/cgroup").Single(line => line.StartsWith("0::", StringComparison.Ordinal))[3..];
    }

    public static async Task<NetworkCut> Of(int pid)
    {
        var cut = new NetworkCut(pid);
        Directory.CreateDirectory(cut.Group);
        cut.Move(cut.Group);
        var ports = await cut.Ports();
        var rules = Path.Combine(Path.GetTempPath(), cut._name);
        await File.WriteAllTextAsync(rules, $$"""
            table inet {{cut._name}} {
              chain out { type filter hook output priority 0; socket cgroupv2 level 1 "{{cut._name}}" meta l4proto tcp drop; tcp sport { {{ports}} } drop; }
              chain in { type filter hook input priority 0; socket cgroupv2 level 1 "{{cut._name}}" meta l4proto tcp drop; tcp dport { {{ports}} } drop; }
            }
            """);
        // nft looks for control groups at one place only, where some systems have the old ones.
        await Do("unshare", "-m", "sh", "-c", $"mount -t cgroup2 none /sys/fs/cgroup && nft -f {rules}");
        File.Delete(rules);
        return cut;
    }

    public async ValueTask DisposeAsync()
    {
        await Do("nft", "delete", "table", "inet", _name);
        if (Directory.Exists($"/proc/{_pid}"))
            Move(_before);
        Directory.Delete(Group);
    }

    private string Group => Path.Combine(_hierarchy, _name);

    private void Move(string group) => File.WriteAllText(Path.Combine(group, "cgroup.procs"), _pid.ToString(CultureInfo.InvariantCulture));

    /// <summary>The local ports of its connections.</summary>
    private async Task<string> Ports()
    {
        var lines = (await Do("ss", "-Htnp")).Split('\n').Where(line => line.Contains($"pid={_pid},", StringComparison.Ordinal));
        var ports = lines.Select(line => Regex.Match(line, @":(\d+)\s").Groups[1].Value).Distinct().ToList();
        Assert.True(ports.Count > 0, $"Process {_pid} has no connection that could be cut.");
        return string.Join(", ", ports);
    }

    private static async Task<string> Do(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await error}");
        return await output;
    }
}
