using System.ComponentModel.DataAnnotations;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>Section "Simulated".</summary>
internal sealed class SimulatedOptions
{
    public const string Section = "Simulated";

    /// <summary>Where machines, volumes and networks are kept over a restart of the agent, and where <c>faults.json</c> is read. Default: below the agent's state.</summary>
    public string Directory { get; set; } = "";

    /// <summary>Cores that machines may have in all. Default: 64.</summary>
    [Range(1, 100_000)]
    public int Cores { get; set; } = 64;

    /// <summary>Memory of the host, in bytes. Default: 256 GiB.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long MemoryBytes { get; set; } = 256L << 30;

    /// <summary>Size of the pool, in bytes. Default: 10 TiB.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long DiskBytes { get; set; } = 10L << 40;

    /// <summary>Directories that several agents see, by name: <c>Simulated:SharedPools:NAME = /dir</c>. Default: none.</summary>
    public Dictionary<string, string> SharedPools { get; } = [];

    /// <summary>How long every operation takes. Default: no time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Latency { get; set; } = TimeSpan.Zero;

    /// <summary>How long an operation takes by its name, "EnsureMachine": "00:00:02". Default: <see cref="Latency"/>.</summary>
    public IDictionary<string, TimeSpan> Latencies { get; } = new Dictionary<string, TimeSpan>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long a guest boots. Default: 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan BootTime { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a guest takes to shut down when it is asked. Default: 50 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ShutdownTime { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The address among the other hosts that it says it has. Default: none; its networks end at this host.</summary>
    public string UnderlayAddress { get; set; } = "";

    /// <summary>The physical networks that it says it is plugged into. Default: none.</summary>
    public IList<string> PhysicalNetworks { get; } = [];
    /// <summary>How long a machine takes to another host where its migration has no bandwidth. Default: 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MigrationTime { get; set; } = TimeSpan.FromMilliseconds(200);
}
