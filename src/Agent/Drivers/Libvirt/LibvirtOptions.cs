using System.ComponentModel.DataAnnotations;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>Section "Libvirt" of the agent's settings.</summary>
internal sealed class LibvirtOptions : IValidatableObject
{
    /// <summary>
    /// Where libvirtd listens, on this host: volumes and logs are read as files. Default: the system's.
    /// For a libvirtd of deploy/libvirtd: <c>qemu+unix:///system?socket=DIR/run/libvirt-sock</c>.
    /// </summary>
    [Required, RegularExpression("^qemu(\\+unix)?:///system.*", ErrorMessage = "Libvirt:Uri must begin with qemu:///system or qemu+unix:///system.")]
    public string Uri { get; set; } = "qemu:///system";

    /// <summary>An absolute path. Volumes, images, seeds and console logs lie in folders of it.</summary>
    [Required]
    public string Directory { get; set; } = "/var/lib/occi-controller";

    /// <summary>
    /// A file with the id of a process in whose network namespace libvirtd and its machines live: what is done to the host's network is done there. It is read anew
    /// each time. Default: none, the agent's own namespace. For a libvirtd of deploy/libvirtd: <c>DIR/run/init.pid</c>.
    /// </summary>
    public string? NamespacePidFile { get; set; }

    /// <summary>The address at which the other hosts reach this one, for networks that span hosts. Default: none; its networks end at this host.</summary>
    public string? UnderlayAddress { get; set; }

    /// <summary>How machines execute. Default: find out at start by booting a probe under KVM; that /dev/kvm exists proves nothing.</summary>
    public Acceleration Acceleration { get; set; } = Acceleration.Probe;

    /// <summary>The probe must have booted by then. Default: 8 seconds; with working KVM it takes less than one.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Without KVM: the translation cache of each machine, in MiB. Default: 64.</summary>
    [Range(16, 1024)]
    public int TranslationCacheMiB { get; set; } = 64;

    /// <summary>PCI Express ports of a machine: one for each disk and NIC, four for other devices, the rest for hot-plug. Default: 20.</summary>
    [Range(8, 64)]
    public int Ports { get; set; } = 20;

    /// <summary>A guest must let go of a device within this time. Default: 20 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan DetachTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>At start, libvirtd must answer within this time. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// libvirt must answer a question, and a machine's QEMU a command, within this time. Default: 30 seconds. Destroying a QEMU that does not
    /// answer takes ten seconds, in which libvirtd cannot list its machines.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What may take long must be done within this time: starting, saving, destroying, work on volumes and networks. Default: 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:15", "06:00:00")]
    public TimeSpan JobTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// So many calls may be given up and not have returned; with one more, all connections to libvirtd are opened anew. Default: 12, of the
    /// twenty that libvirtd serves at a time.
    /// </summary>
    [Range(1, 100)]
    public int MaxStuckCalls { get; set; } = 12;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Path.IsPathFullyQualified(Directory))
            yield return new($"Libvirt:Directory must be an absolute path, and is '{Directory}'.", [nameof(Directory)]);
        if (UnderlayAddress is { } underlay && !System.Net.IPAddress.TryParse(underlay, out _))
            yield return new($"Libvirt:UnderlayAddress must be an IP address, and is '{underlay}'.", [nameof(UnderlayAddress)]);
        if (Directory.AsSpan().ContainsAny('\'', '"', '\n'))
            yield return new("Libvirt:Directory must not contain quotes.", [nameof(Directory)]);
    }
}

/// <summary>How machines execute.</summary>
internal enum Acceleration
{
    /// <summary>KVM where a probe really booted under it, else emulation.</summary>
    Probe,

    /// <summary>Emulation.</summary>
    Tcg,

    /// <summary>KVM, unprobed.</summary>
    Kvm,
}
