using System.Runtime.InteropServices;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Drivers.Libvirt.Storage;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>What the host has to give.</summary>
internal static class HostFacts
{
    private const int WholeNode = -1;
    private const string Socket = "socket=";

    public static Capabilities Read(ConnectHandle connect, Places places, HostTraits traits)
    {
        Checked.Ok(Native.virConnectGetVersion(connect, out var qemu));
        Checked.Ok(Native.virConnectGetLibVersion(connect, out var libvirt));
        Checked.Ok(Native.virNodeGetInfo(connect, out var node));
        var capabilities = new Capabilities
        {
            Driver = "libvirt",
            Hypervisor = $"QEMU {Version(qemu)}, libvirt {Version(libvirt)}, {(traits.Kvm ? "kvm" : "tcg")}",
            Cores = node.Cpus,
            MemoryBytes = Memory(connect),
            DiskBytes = places.Own.Pool.Info(connect).Capacity,
            Leases = true,
            Architecture = "x64",
            Features =
            {
                "hotplug-disk", "hotplug-nic", "suspend", "hibernate", "console-log", "console-serial", "volume-grow-live", "hotplug-cpu", "hotplug-memory", "guest-agent", "security-groups", "existing",
            },
        };
        capabilities.Pools.AddRange(places.Shared.Select(place => place.Shared!.Describe()));
        if (traits.Graphics)
            capabilities.Features.Add("console-vnc");
        if (traits.Kvm)
            capabilities.Features.Add("kvm");
        if (traits.CpuShares)
            capabilities.Features.Add("cpu-shares");
        capabilities.Features.Add(Boards.Features(connect, traits));
        return capabilities;
    }

    /// <summary>A libvirtd that restarts keeps its machines; a host that boots does not, nor does a libvirtd in namespaces that were made anew.</summary>
    public static string Life(string uri)
    {
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        return Beside(uri, "life") is { } life ? $"{boot} {File.ReadAllText(life).Trim()}" : boot;
    }

    /// <summary>What deploy/libvirtd keeps beside its libvirtd's socket; null where there is no such file.</summary>
    public static string? Beside(string uri, string file)
    {
        var at = uri.IndexOf(Socket, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var path = Path.Combine(Path.GetDirectoryName(Uri.UnescapeDataString(uri[(at + Socket.Length)..].Split('&')[0])) ?? "/", file);
        return File.Exists(path) ? path : null;
    }

    /// <summary>virNodeGetInfo tells the memory of one NUMA node only on some hosts; the statistics tell all of it.</summary>
    private static unsafe ulong Memory(ConnectHandle connect)
    {
        var count = 0;
        Checked.Ok(Native.virNodeGetMemoryStats(connect, WholeNode, null, ref count, 0));
        var stats = new VirNodeMemoryStats[count];
        fixed (VirNodeMemoryStats* first = stats)
        {
            Checked.Ok(Native.virNodeGetMemoryStats(connect, WholeNode, first, ref count, 0));
            for (var i = 0; i < count; i++)
            {
                if (Marshal.PtrToStringUTF8((nint)first[i].Field) == "total")
                    return first[i].Value * 1024;
            }
        }
        throw new DriverException("libvirt-memory", "libvirt's memory statistics have no 'total'.", retryable: false);
    }

    private static string Version(nuint version) => $"{version / 1_000_000}.{version / 1000 % 1000}.{version % 1000}";
}
