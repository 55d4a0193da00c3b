using System.Runtime.InteropServices;
using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>Questions about all domains of a host, ours and foreign ones.</summary>
internal static class Domains
{
    private const uint LiveOnly = 1;
    private const uint Bytes = 1;

    public static unsafe List<MachineView> All(ConnectHandle connect)
    {
        var count = Checked.Ok(Native.virConnectListAllDomains(connect, out var list, 0));
        var handles = new List<DomainHandle>(count);
        for (var i = 0; i < count; i++)
            handles.Add(new DomainHandle(list[i]));
        NativeMemory.Free(list);

        var views = new List<MachineView>(count);
        foreach (var handle in handles)
        {
            using (handle)
            {
                try
                {
                    views.Add(MachineView.Read(handle));
                }
                catch (LibvirtException error) when (error.Code == LibvirtError.NoDomain)
                {
                    // Removed while we read.
                }
            }
        }
        return views;
    }

    public static List<MachineView> UsersOfFile(ConnectHandle connect, string path) =>
        [.. All(connect).Where(machine => Refers(machine, "disk", "file", path))];

    public static List<MachineView> UsersOfNetwork(ConnectHandle connect, string name) =>
        [.. All(connect).Where(machine => Refers(machine, "interface", "network", name))];

    public static int GrowDisk(DomainHandle domain, string path, ulong bytes) => Checked.Ok(Native.virDomainBlockResize(domain, path, bytes, Bytes));

    /// <summary>Running machines of ours with a NIC that the network's present bridge has not.</summary>
    public static List<MachineView> LostByNetwork(ConnectHandle connect, string name, string bridge) =>
    [
        .. from machine in All(connect)
           where machine is { Label: not null, Running: not null } && Lost(machine.Running, name, bridge).Any()
           select machine,
    ];

    public static int ReplugNics(DomainHandle domain, string network, string bridge)
    {
        if (MachineView.Read(domain).Running is not { } running)
            return 0;
        var lost = Lost(running, network, bridge).ToList();
        foreach (var nic in lost)
        {
            // What libvirt found for the old bridge: it is to look again.
            nic.Element("source")!.Attribute("bridge")?.Remove();
            nic.Element("source")!.Attribute("portid")?.Remove();
            Checked.Ok(Native.virDomainUpdateDeviceFlags(domain, nic.ToString(), LiveOnly));
        }
        return lost.Count;
    }

    private static IEnumerable<XElement> Lost(XElement running, string network, string bridge) =>
        Elements(running, "interface", "network", network).Where(nic => (string?)nic.Element("source")!.Attribute("bridge") != bridge);

    private static bool Refers(MachineView machine, string device, string attribute, string value) =>
        Elements(machine.Stored, device, attribute, value).Any()
        || (machine.Running is { } running && Elements(running, device, attribute, value).Any());

    private static IEnumerable<XElement> Elements(XElement domain, string device, string attribute, string value) =>
        from element in domain.Element("devices")?.Elements(device) ?? []
        where (string?)element.Element("source")?.Attribute(attribute) == value
        select element;
}
