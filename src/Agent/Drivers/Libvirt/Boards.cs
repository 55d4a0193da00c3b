using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>Which boards and firmwares machines can have here.</summary>
internal static class Boards
{
    public static IEnumerable<string> Features(ConnectHandle connect, HostTraits traits)
    {
        foreach (var type in (MachineType[])[MachineType.MachineQ35, MachineType.MachinePc])
        {
            var name = MachineBoard.Name(type);
            if (Ask(connect, name, traits) is not { } has)
                continue;
            yield return $"machine-{name}";
            if (type == MachineType.MachineQ35 && Values(has, "firmware").Contains("efi"))
                yield return "firmware-uefi";
        }
    }

    private static XElement? Ask(ConnectHandle connect, string machine, HostTraits traits)
    {
        try
        {
            return XElement.Parse(Checked.Ok(Native.virConnectGetDomainCapabilities(connect, null, "x86_64", machine, traits.Kvm ? "kvm" : "qemu", 0)));
        }
        catch (LibvirtException unknown) when (!unknown.ConnectionLost)
        {
            return null;
        }
    }

    private static IEnumerable<string> Values(XElement has, string name) =>
        from known in has.Element("os")?.Elements("enum") ?? []
        where (string?)known.Attribute("name") == name
        from value in known.Elements("value")
        select value.Value;
}
