using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// Finds out what the hypervisor can do by doing it. That /dev/kvm can be opened, or that libvirt lists KVM, proves nothing: there are
/// kernels whose KVM interprets every instruction, and a guest never finishes booting.
/// </summary>
internal sealed class Probe(LibvirtOptions options, Folders folders, Link link)
{
    private const uint StartPaused = 1;
    private const uint EndsWithConnection = 2;

    /// <summary>Counts 2²⁷ down, then writes a K to the first serial port. Real hardware takes a blink, an interpreter minutes.</summary>
    private static ReadOnlySpan<byte> BootCode =>
    [
        0xFA,                                       // cli
        0x66, 0xB9, 0x00, 0x00, 0x00, 0x08,         // mov ecx, 0x08000000
        0x66, 0x49,                                 // dec ecx
        0x75, 0xFC,                                 // jnz -4
        0xBA, 0xF8, 0x03,                           // mov dx, 0x3F8
        0xB0, 0x4B,                                 // mov al, 'K'
        0xEE,                                       // out dx, al
        0xF4,                                       // hlt
        0xEB, 0xFD,                                 // jmp -3
    ];

    /// <summary>Whether a guest boots under KVM within <see cref="LibvirtOptions.ProbeTimeout"/>.</summary>
    public async Task<bool> Kvm(CancellationToken cancel)
    {
        if (!File.Exists("/dev/kvm"))
            return false;
        var disk = Path.Combine(folders.Volumes, "probe.raw");
        var log = Path.Combine(folders.Volumes, "probe.log");
        var sector = new byte[512];
        BootCode.CopyTo(sector);
        (sector[510], sector[511]) = (0x55, 0xAA);
        await File.WriteAllBytesAsync(disk, sector, cancel);
        File.Delete(log);
        try
        {
            return await Boots(disk, log, cancel);
        }
        catch (LibvirtException error) when (!error.ConnectionLost)
        {
            // QEMU would not start with it.
            return false;
        }
        finally
        {
            File.Delete(disk);
            File.Delete(log);
        }
    }

    /// <summary>Whether libvirtd can weigh machines' processors, for which it needs a cgroup that it often has not.</summary>
    public async Task<bool> CpuShares(CancellationToken cancel)
    {
        var domain = Guest("qemu", []);
        domain.Add(new XElement("cputune", new XElement("shares", 1024)));
        try
        {
            using var started = await link.Job(connect => Checked.Ok(Native.virDomainCreateXML(connect, domain.ToString(), StartPaused | EndsWithConnection)), cancel);
            await End(started);
            return true;
        }
        catch (LibvirtException error) when (!error.ConnectionLost)
        {
            return false;
        }
    }

    private async Task<bool> Boots(string disk, string log, CancellationToken cancel)
    {
        var domain = Guest(
            "kvm",
            new XElement(
                "disk",
                new XAttribute("type", "file"),
                new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", "raw")),
                new XElement("source", new XAttribute("file", disk)),
                new XElement("target", new XAttribute("dev", "vda"), new XAttribute("bus", "virtio"))),
            new XElement("serial", new XAttribute("type", "file"), new XElement("source", new XAttribute("path", log))));
        domain.Add(new XElement("cpu", new XAttribute("mode", "host-passthrough")));
        using var started = await link.Job(connect => Checked.Ok(Native.virDomainCreateXML(connect, domain.ToString(), EndsWithConnection)), cancel);
        try
        {
            return await link.Until(_ => Read(log).Contains('K', StringComparison.Ordinal), options.ProbeTimeout, cancel);
        }
        finally
        {
            await End(started);
        }
    }

    private static string Read(string log)
    {
        if (!File.Exists(log))
            return "";
        using var reader = new StreamReader(log, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete });
        return reader.ReadToEnd();
    }

    private Task<int> End(DomainHandle domain) => link.Job(_ => Native.virDomainDestroyFlags(domain, 0), CancellationToken.None);

    private static XElement Guest(string type, params XElement[] devices) => new(
        "domain",
        new XAttribute("type", type),
        new XElement("name", $"occi-probe-{Guid.NewGuid():N}"),
        new XElement("memory", new XAttribute("unit", "MiB"), 16),
        new XElement("vcpu", 1),
        new XElement("os", new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", "pc"), "hvm"), new XElement("boot", new XAttribute("dev", "hd"))),
        new XElement(
            "devices",
            devices,
            new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")),
            new XElement("memballoon", new XAttribute("model", "none"))));
}
