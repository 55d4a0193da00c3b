using System.ComponentModel.DataAnnotations;

namespace Controller.Agent;

internal enum LeaseGuardChoice { Spawn = 0, Service = 1 }

internal enum DriverChoice { Auto = 0, Libvirt = 1, Simulated = 2 }

/// <summary>Section "Agent".</summary>
internal sealed class AgentOptions : IValidatableObject
{
    public const string Section = "Agent";

    /// <summary>The environment variable that may carry the join token instead of a file.</summary>
    public const string TokenVariable = "CONTROLLER_JOIN_TOKEN";

    /// <summary>Where identity, ledger and health file are kept. No default.</summary>
    [Required]
    public string StateDirectory { get; set; } = "";

    /// <summary>A file with the join token, read once, when the host has no identity yet. Default: none.</summary>
    public string? JoinTokenFile { get; set; }

    /// <summary>The join token itself; the environment variable CONTROLLER_JOIN_TOKEN sets it too. Default: none.</summary>
    public string? JoinToken { get; set; }

    /// <summary>What operators call this host. Default: its host name.</summary>
    [Required, StringLength(200, MinimumLength = 1)]
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>Which hypervisor to drive. Default: auto, libvirt where it works, else simulated.</summary>
    public DriverChoice Driver { get; set; } = DriverChoice.Auto;

    /// <summary>host:port of gateways to try beside those of the join token and of the last session. Default: none.</summary>
    public IList<string> Gateways { get; } = [];

    /// <summary>The longest wait between two attempts to reach a gateway; the first ones follow sooner. Default: 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:10:00")]
    public TimeSpan ReconnectAtMost { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How many machines and volumes may be built at a time. Stopping and removing never queue. Default: 4.</summary>
    [Range(1, 64)]
    public int ParallelBuilds { get; set; } = 4;

    /// <summary>Images that nothing here needs are deleted, those used longest ago first, when all of them have more bytes. Default: 64 GiB.</summary>
    [Range(0, long.MaxValue)]
    public long ImageCacheBytes { get; set; } = 64L << 30;

    /// <summary>How often everything is looked at again, without any cause. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the whole of what there is is reported, changed or not. Default: 3 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan ReportEvery { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// What ends leased machines when the agent hangs. Default: spawn, a process that the agent starts and that outlives it; service: one that the system runs
    /// (<c>controller-agent fence-guard</c>).
    /// </summary>
    public LeaseGuardChoice LeaseGuard { get; set; } = LeaseGuardChoice.Spawn;

    /// <summary>The kernel's watchdog, <c>/dev/watchdog</c>, for the guard: a machine that cannot be ended takes the host with it. Default: none.</summary>
    public string WatchdogDevice { get; set; } = "";

    /// <summary>How often it is measured what machines use. The control plane keeps one measure of 15 seconds. Default: 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan MeasureEvery { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Where the kernel tells the host's boot id. Default: /proc/sys/kernel/random/boot_id.</summary>
    [Required]
    public string BootIdFile { get; set; } = "/proc/sys/kernel/random/boot_id";

    /// <summary>
    /// Address and port where other hosts' agents bring machines, "10.0.0.7:16520"; port 0: any that is free. Default: empty, machines do not move to or from this host.
    /// </summary>
    public string PeerListen { get; set; } = "";

    /// <summary>host:port that others reach <see cref="PeerListen"/> at. Default: that address, or this host's name where it is a wildcard.</summary>
    public string? PeerAdvertise { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Gateways.Where(gateway => !Enrolment.JoinToken.IsEndpoint(gateway)).Select(gateway =>
            new ValidationResult($"Agent:Gateways wants host:port, found \"{gateway}\".", [nameof(Gateways)]))
        .Concat(PeerListen.Length > 0 && !System.Net.IPEndPoint.TryParse(PeerListen, out _)
            ? [new ValidationResult($"Agent:PeerListen wants an address and a port, like 10.0.0.7:16520, found \"{PeerListen}\".", [nameof(PeerListen)])] : [])
        .Concat(PeerAdvertise is { Length: > 0 } advertised && !Enrolment.JoinToken.IsEndpoint(advertised)
            ? [new ValidationResult($"Agent:PeerAdvertise wants host:port, found \"{advertised}\".", [nameof(PeerAdvertise)])] : []);
}
