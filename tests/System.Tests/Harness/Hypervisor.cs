using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Controller.SystemTests.Harness;

/// <summary>One host's libvirtd and files, looked at past the product.</summary>
internal sealed class Hypervisor(Cloud cloud, int number = 1)
{
    private const int LargestText = 1 << 20;

    public int Number => number;

    /// <summary>As operators see it.</summary>
    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"host-{number}");

    private string Connection => (string)JsonNode.Parse(cloud.Read($"config/agent-{number}.json"))!["Libvirt"]!["Uri"]!;

    /// <summary>UUIDs of all domains, running or not.</summary>
    public async Task<string[]> Domains() => Words(await Virsh("list", "--all", "--uuid"));

    /// <summary>UUIDs of the domains whose QEMU is there.</summary>
    public async Task<string[]> Running() => Words(await Virsh("list", "--uuid"));

    /// <summary>running, paused, shut off, …</summary>
    public async Task<string> StateOf(Entity compute) => (await Virsh("domstate", compute.Id)).Trim();

    /// <summary>The incarnation that the domain is labelled with.</summary>
    public async Task<string> IncarnationOf(Entity compute)
    {
        var domain = XElement.Parse(await Virsh("dumpxml", compute.Id));
        return (string)domain.Element("metadata")!.Elements().Single().Attribute("incarnation")!;
    }

    /// <summary>
    /// Whatever the host still has (libvirt goes on listing files of a shared pool that another host deleted) of these ids, MAC or IP addresses: domains, networks, volumes, processes, files by name or content. QEMU's logs stay on
    /// purpose, and libvirt leaves pid files of what ended in its run directory, which is emptied when it starts.
    /// </summary>
    public async Task<IReadOnlyList<string>> Traces(params string[] marks)
    {
        var known = Words(await Virsh("list", "--all", "--uuid")).Concat(Words(await Virsh("net-list", "--all", "--uuid")));
        foreach (var pool in Words(await Virsh("pool-list", "--name")))
            known = known.Concat((await Virsh("vol-list", pool)).Split('\n').Where(line => Words(line) is not [.., var path] || File.Exists(path)));
        string[] folders = [$"machines/{number}", $"libvirt/{number}"];
        var files = folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(cloud.Data, folder), "*", SearchOption.AllDirectories))
            .Where(path => !path.Contains($"/libvirt/{number}/log/", StringComparison.Ordinal) && !path.Contains($"/libvirt/{number}/run/", StringComparison.Ordinal) && File.ResolveLinkTarget(path, false) is null);
        return [.. known.Where(Marked).Select(name => $"libvirtd knows {name.Trim()}"), .. files.Where(path => Marked(path) || Marked(Content(path))), .. marks.SelectMany(Processes.Of).Where(process => IsHere(process.Pid)).Select(process => process.Command)];

        bool Marked(string text) => marks.Any(mark => text.Contains(mark, StringComparison.OrdinalIgnoreCase));
    }

    // In this host's namespaces or in none: a machine that has moved is another host's.
    private bool IsHere(int pid)
    {
        var where = Namespace(pid);
        return where == Namespace(Environment.ProcessId) || where == Namespace(int.Parse(cloud.Read($"libvirt/{number}/run/init.pid"), CultureInfo.InvariantCulture));
    }

    private static string? Namespace(int pid) => new FileInfo($"/proc/{pid}/ns/pid").LinkTarget;

    private static string Content(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Length > LargestText || (file.UnixFileMode & UnixFileMode.UserRead) == 0 ? "" : File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";   // a socket, or gone meanwhile
        }
    }

    /// <summary>Whether its libvirtd takes connections.</summary>
    public async Task<bool> Answers() => (await Ask("version")).ExitCode == 0;

    private async Task<string> Virsh(params string[] arguments)
    {
        var said = await Ask(arguments);
        Assert.True(said.ExitCode == 0, $"virsh {string.Join(' ', arguments)}: {said.Error}");
        return said.Output;
    }

    private async Task<Said> Ask(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("virsh", ["-q", "-c", Connection, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return new(process.ExitCode, await output, await error);
    }

    private static string[] Words(string text) => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
