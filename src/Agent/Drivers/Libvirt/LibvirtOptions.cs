using System.ComponentModel.DataAnnotations;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>Section "Libvirt" of the agent's settings.</summary>
internal sealed class LibvirtOptions : IValidatableObject
{
    public const string Section = "Libvirt";

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
    /// each time. Default: <c>init.pid</c> beside the socket that <see cref="Uri"/> names, where deploy/libvirtd keeps it, if there is one; else the agent's own namespace.
    /// </summary>
    public string? NamespacePidFile { get; set; }

    /// <summary>What <see cref="NamespacePidFile"/> comes to; null: the agent's own namespaces.</summary>
    public string? NamespaceFile => NamespacePidFile is { Length: > 0 } set ? set : HostFacts.Beside(Uri, "init.pid");

    /// <summary>The address at which the other hosts reach this one, for networks that span hosts. Default: that of <see cref="UnderlayInterface"/>.</summary>
    public string? UnderlayAddress { get; set; }

    /// <summary>
    /// Directories that several hosts see, at the same path, by the names that tenants choose them by: <c>Libvirt:SharedPools:NAME = /dir</c>. Default: none.
    /// </summary>
    public Dictionary<string, string> SharedPools { get; } = [];

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

    /// <summary>Whether machines have a screen (VNC, reached through the agent alone). Default: yes. It costs each machine about 3 MB.</summary>
    public bool Graphics { get; set; } = true;

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

    /// <summary>The interface whose first address is this host's among the others. Default: none; without either, networks do not span hosts.</summary>
    public string? UnderlayInterface { get; set; }

    /// <summary>What the host is plugged into, by the names that bridged networks know it by: the interface, a bridge, or a bridge of Open vSwitch. Default: nothing.</summary>
    public IDictionary<string, string> PhysicalNetworks { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Open vSwitch's database, as <c>ovs-vsctl --db</c> takes it. Default: where Open vSwitch has it by itself.</summary>
    public string? OpenVSwitch { get; set; }

    /// <summary>Whether machines may send from their own addresses only. Default: true.</summary>
    public bool AntiSpoofing { get; set; } = true;
    /// <summary>The path of libvirtd's socket.</summary>
    public string Socket =>
        Uri.Split('?') is [_, var query] && query.Split('&').FirstOrDefault(part => part.StartsWith("socket=", StringComparison.Ordinal)) is { } socket
            ? System.Uri.UnescapeDataString(socket["socket=".Length..])
            : "/run/libvirt/libvirt-sock";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Path.IsPathFullyQualified(Directory))
            yield return new($"Libvirt:Directory must be an absolute path, and is '{Directory}'.", [nameof(Directory)]);
        if (Directory.AsSpan().ContainsAny('\'', '"', '\n'))
            yield return new("Libvirt:Directory must not contain quotes.", [nameof(Directory)]);
        foreach (var (name, path) in SharedPools)
        {
            if (!Path.IsPathFullyQualified(path) || path.AsSpan().ContainsAny('\'', '"', '\n'))
                yield return new($"Libvirt:SharedPools:{name} must be an absolute path without quotes, and is '{path}'.", [nameof(SharedPools)]);
        }
        if (UnderlayAddress is { Length: > 0 } underlay && !System.Net.IPAddress.TryParse(underlay, out _))
            yield return new($"Libvirt:UnderlayAddress must be an IP address, and is '{underlay}'.", [nameof(UnderlayAddress)]);
        foreach (var (name, device) in PhysicalNetworks)
        {
            if (!IsDevice(device))
                yield return new($"Libvirt:PhysicalNetworks:{name} must be the name of an interface, and is '{device}'.", [nameof(PhysicalNetworks)]);
        }
        if (UnderlayInterface is { Length: > 0 } interfaceName && !IsDevice(interfaceName))
            yield return new($"Libvirt:UnderlayInterface must be the name of an interface, and is '{interfaceName}'.", [nameof(UnderlayInterface)]);
    }

    // What it may not hold would be another folder, or an option of ip's.
    private static bool IsDevice(string name) => name.Length is > 0 and <= 15 && name[0] != '-' && name is not ("." or "..") && !name.Any(c => c is '/' or ':' || char.IsWhiteSpace(c));
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
