using System.Xml.Linq;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>What a machine's board and firmware mean for its definition.</summary>
internal static class MachineBoard
{
    /// <summary>scsi (the seed's disk), virtio-serial (the guest agent), memory balloon, random numbers.</summary>
    private const int OtherDevices = 4;

    /// <summary>A conventional PCI bus has 32 slots, of which the host bridge and the south bridge take two; the screen takes another one.</summary>
    private const int SlotsOfPc = 30;

    public static string Name(MachineType type) => type == MachineType.MachinePc ? "pc" : "q35";

    /// <param name="spec">Of the machine.</param>
    /// <param name="hasDisk">Whether there is a disk to boot from.</param>
    /// <param name="variables">The file in which UEFI keeps its variables: made of libvirt's template at the first start.</param>
    public static XElement Os(MachineSpec spec, bool hasDisk, string variables)
    {
        var isUefi = spec.Firmware == Firmware.Uefi;
        return new(
            "os",
            isUefi ? new XAttribute("firmware", "efi") : null,
            // A 32-bit system runs on the 64-bit machine.
            new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", Name(spec.MachineType)), "hvm"),
            isUefi ? new XElement("firmware", new XElement("feature", new XAttribute("enabled", "no"), new XAttribute("name", "secure-boot"))) : null,
            isUefi ? new XElement("nvram", variables) : null,
            new XElement("boot", new XAttribute("dev", hasDisk ? "hd" : "network")));
    }

    public static IEnumerable<XElement> Controllers(MachineSpec spec, HostTraits host)
    {
        // q35 takes new devices at ports that were declared; pc has a bus.
        if (spec.MachineType == MachineType.MachineQ35)
        {
            yield return Controller("pci", 0, "pcie-root");
            for (var port = 1; port <= host.Ports; port++)
                yield return Controller("pci", port, "pcie-root-port");
        }
        yield return Controller("scsi", 0, "virtio-scsi");
        yield return Controller("virtio-serial", 0, "virtio");
        yield return Controller("usb", 0, "none");
    }

    /// <summary>How many disks and NICs can be linked to it.</summary>
    public static int Room(MachineSpec spec, HostTraits host) =>
        (spec.MachineType == MachineType.MachineQ35 ? host.Ports : SlotsOfPc - (host.Graphics ? 1 : 0)) - OtherDevices - (spec.Image is null ? 0 : 1);

    private static XElement Controller(string type, int index, string model) =>
        new("controller", new XAttribute("type", type), new XAttribute("index", index), new XAttribute("model", model));
}
