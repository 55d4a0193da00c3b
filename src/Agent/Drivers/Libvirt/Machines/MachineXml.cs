using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>Writes a domain for libvirt.</summary>
internal static class MachineXml
{
    private const int LongestReadableName = 40;
    private const int LongestSerial = 20;   // of virtio-blk
    private const int BalloonSeconds = 10;  // how often the guest tells of its memory
    private const int VideoKiB = 8192;      // 1920 × 1080 in true colour

    /// <summary>People find the machine by the first part, we by the second.</summary>
    public static string Name(string id, string name)
    {
        var readable = new string([.. name.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.').Take(LongestReadableName)]).Trim('.', '-');
        return readable.Length == 0 ? id : $"{readable}-{id}";
    }

    /// <param name="plan">What to write.</param>
    /// <param name="previous">The stored definition: what has not changed keeps its PCI address, so the guest finds it where it was.</param>
    public static XElement Write(MachinePlan plan, XElement? previous)
    {
        var domain = Body(plan);
        var shape = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(domain.ToString())))[..16];
        var label = plan.Label with { Shape = shape };
        domain.Element("uuid")!.AddAfterSelf(new XElement("metadata", label.Write()));
        if (previous is not null)
            KeepAddresses(domain, previous);
        return domain;
    }

    public static XElement Disk(string link, string file, string target, string volume) => new(
        "disk",
        new XAttribute("type", "file"),
        new XAttribute("device", "disk"),
        Driver,
        new XElement("source", new XAttribute("file", file)),
        new XElement("target", new XAttribute("dev", target), new XAttribute("bus", "virtio")),
        new XElement("serial", volume.Length > LongestSerial ? volume[..LongestSerial] : volume),
        new XElement("alias", new XAttribute("name", Devices.Alias(link))));

    public static XElement Nic(string link, string mac, string network) => new(
        "interface",
        new XAttribute("type", "network"),
        mac.Length > 0 ? new XElement("mac", new XAttribute("address", mac)) : null,
        new XElement("source", new XAttribute("network", network)),
        // A name that we know beforehand: what it may send is settled before it is there.
        new XElement("target", new XAttribute("dev", Networks.NicGuard.TapOf(link))),
        new XElement("model", new XAttribute("type", "virtio")),
        new XElement("alias", new XAttribute("name", Devices.Alias(link))));

    // A guest's flushes reach the disk with every cache mode; writeback alone works on every file system, tmpfs included.
    private static XElement Driver => new(
        "driver",
        new XAttribute("name", "qemu"),
        new XAttribute("type", "qcow2"),
        new XAttribute("cache", "writeback"),
        new XAttribute("discard", "unmap"));

    private static XElement Body(MachinePlan plan)
    {
        var spec = plan.Spec;
        return new XElement(
            "domain",
            new XAttribute("type", plan.Host.Kvm ? "kvm" : "qemu"),
            new XElement("name", plan.Name),
            new XElement("uuid", plan.Key.Id),
            MachineSize.Write(spec),
            spec.CpuShares > 0 && plan.Host.CpuShares ? new XElement("cputune", new XElement("shares", spec.CpuShares)) : null,
            MachineBoard.Os(spec, plan.RootDisk is not null || plan.Devices.Any(device => device.Target == "vda"), plan.Variables),
            new XElement(
                "features",
                new XElement("acpi"),
                plan.Host.Kvm
                    ? null
                    : new XElement("tcg", new XElement("tb-cache", new XAttribute("unit", "MiB"), plan.Host.TranslationCacheMiB))),
            new XElement("cpu", new XAttribute("mode", plan.Host.Kvm ? "host-passthrough" : "maximum"), MachineSize.Numa(spec)),
            new XElement("clock", new XAttribute("offset", "utc")),
            new XElement("on_poweroff", "destroy"),
            new XElement("on_reboot", "restart"),
            new XElement("on_crash", "destroy"),
            new XElement("devices", DevicesOf(plan)));
    }

    private static IEnumerable<XElement> DevicesOf(MachinePlan plan)
    {
        foreach (var controller in MachineBoard.Controllers(plan.Spec, plan.Host))
            yield return controller;
        if (plan.RootDisk is not null)
        {
            yield return new XElement(
                "disk",
                new XAttribute("type", "file"),
                new XAttribute("device", "disk"),
                Driver,
                new XElement("source", new XAttribute("file", plan.RootDisk)),
                new XElement("target", new XAttribute("dev", "vda"), new XAttribute("bus", "virtio")),
                new XElement("serial", plan.Key.Id[..LongestSerial]));
        }
        if (plan.Seed is not null)
        {
            yield return new XElement(
                "disk",
                new XAttribute("type", "file"),
                new XAttribute("device", "cdrom"),
                new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", "raw")),
                new XElement("source", new XAttribute("file", plan.Seed)),
                new XElement("target", new XAttribute("dev", "sda"), new XAttribute("bus", "scsi")),
                new XElement("readonly"));
        }
        foreach (var device in plan.Devices)
            yield return device.Element;
        yield return new XElement(
            "serial",
            new XAttribute("type", "pty"),
            new XElement("log", new XAttribute("file", plan.Console), new XAttribute("append", "on")),
            new XElement("target", new XAttribute("port", "0")));
        yield return new XElement(
            "channel", new XAttribute("type", "unix"), new XElement("target", new XAttribute("type", "virtio"), new XAttribute("name", GuestAgents.Channel)));
        yield return new XElement("memballoon", new XAttribute("model", "virtio"), new XElement("stats", new XAttribute("period", BalloonSeconds)));
        yield return new XElement("rng", new XAttribute("model", "virtio"), new XElement("backend", new XAttribute("model", "random"), "/dev/urandom"));
        if (plan.Host.Graphics)
        {
            // No port: libvirt makes a socket in the machine's own folder, and hands connections to it over.
            yield return new XElement("graphics", new XAttribute("type", "vnc"), new XElement("listen", new XAttribute("type", "socket")));
            yield return new XElement("video", new XElement("model", new XAttribute("type", "vga"), new XAttribute("vram", VideoKiB)));
        }
        else
        {
            yield return new XElement("video", new XElement("model", new XAttribute("type", "none")));
        }
    }

    private static void KeepAddresses(XElement domain, XElement previous)
    {
        static string? Key(XElement device) => device.Name.LocalName switch
        {
            "controller" => $"{(string?)device.Attribute("type")} {(string?)device.Attribute("index")} {(string?)device.Attribute("model")}",
            "disk" => (string?)device.Element("alias")?.Attribute("name") ?? (string?)device.Element("target")?.Attribute("dev"),
            "interface" => (string?)device.Element("alias")?.Attribute("name"),
            "memballoon" or "rng" or "video" => device.Name.LocalName,
            _ => null,
        };
        var known = previous.Element("devices")!.Elements().Where(device => device.Element("address") is not null && Key(device) is not null)
            .GroupBy(device => Key(device)!).ToDictionary(same => same.Key, same => same.First());
        foreach (var device in domain.Element("devices")!.Elements())
        {
            if (Key(device) is not { } key || !known.TryGetValue(key, out var old))
                continue;
            // A port is found by its chassis and port number as well as by its address.
            if (old.Element("target") is { } target && device.Name == "controller" && device.Element("target") is null)
                device.Add(target);
            device.Add(old.Element("address"));
        }
    }
}

/// <summary>All that a domain is written from.</summary>
internal sealed record MachinePlan(
    ObjectKey Key,
    string Name,
    MachineLabel Label,
    MachineSpec Spec,
    string? RootDisk,
    string? Seed,
    string Console,
    string Variables,
    IReadOnlyList<Device> Devices,
    HostTraits Host);

/// <summary>What a host's machines have in common.</summary>
internal sealed record HostTraits(bool Kvm, bool CpuShares, int TranslationCacheMiB, int Ports, bool Graphics);
