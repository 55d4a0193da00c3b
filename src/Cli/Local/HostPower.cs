namespace Controller.Cli.Local;

/// <summary>Which hosts of the local cluster are switched off: a file each, so that the supervisor leaves their processes dead.</summary>
internal sealed class HostPower(DataDirectory data)
{
    /// <summary>Silos and APIs: "off" while the database is restored.</summary>
    public const string ControlPlane = "control-plane";

    /// <summary>The processes that a host of our own consists of.</summary>
    /// <exception cref="CliException">There is no such host, or it is not ours to switch.</exception>
    public IReadOnlyList<ProcessRecord> ProcessesOf(string host)
    {
        var known = ProcessTable.Load(data);
        ProcessRecord[] processes = [.. known.Where(p => HostOf(p.Name) == host)];
        return processes.Any(p => p.Role == Role.Libvirt)
            ? processes
            : throw new CliException(
                $"no libvirtd of this cluster is called {host}: there {(Hosts(known) is { Length: > 0 } hosts ? "are " + hosts : "is none")}. Only hosts with a libvirtd of our own can be switched");
    }

    public bool IsOff(string host) => File.Exists(Mark(host));

    /// <summary>Whether the host that the process belongs to is off.</summary>
    public bool Holds(string process) => HostOf(process) is { } host && IsOff(host);

    public void Off(string host)
    {
        Directory.CreateDirectory(data.Power);
        File.WriteAllText(Mark(host), "");
    }

    /// <summary>Also one that is on, or in a cluster of which none was ever off.</summary>
    public void On(string host)
    {
        if (IsOff(host))
            File.Delete(Mark(host));
    }

    /// <summary>All are on when a cluster starts.</summary>
    public static void Reset(DataDirectory data)
    {
        if (Directory.Exists(data.Power))
            Directory.Delete(data.Power, recursive: true);
    }

    private string Mark(string host) => Path.Combine(data.Power, host);

    private static string Hosts(IEnumerable<ProcessRecord> known) =>
        string.Join(", ", known.Where(p => p.Role == Role.Libvirt).Select(p => HostOf(p.Name)).OfType<string>());

    /// <summary>agent-2 and libvirtd-2 are what host-2 consists of.</summary>
    private static string? HostOf(string process) => process.Split('-') switch
    {
        ["agent" or "libvirtd", var number] => $"host-{number}",
        ["silo" or "api", _] => ControlPlane,
        _ => null,
    };
}
