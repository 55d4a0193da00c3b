namespace Controller.Testing;

/// <summary>What tests with real machines take.</summary>
public static class LibvirtNeeds
{
    private static readonly string[] Tools =
        ["libvirtd", "qemu-system-x86_64", "qemu-img", "tini", "dnsmasq", "iptables", "nft", "dhcp_release", "ip", "bridge", "nsenter", "unshare", "setpriv", "syslinux", "mcopy", "mkfs.fat", "sfdisk", "cpio", "depmod"];

    /// <summary>Why libvirt cannot run here, or <paramref name="more"/> is missing; null when all is there.</summary>
    public static string? WhyNot(params string[] more)
    {
        if (!Environment.IsPrivilegedProcess)
            return "libvirt tests make namespaces and must run as root";
        var path = (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':');
        var missing = Tools.Concat(more).Where(tool => !path.Any(folder => File.Exists(Path.Combine(folder, tool)))).ToList();
        return missing.Count == 0 ? null : $"not installed: {string.Join(", ", missing)}; see deploy/libvirtd/packages, deploy/guest/packages and tests/packages";
    }
}
