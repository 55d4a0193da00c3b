using System.Xml.Linq;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// Disks and NICs that can come and go. libvirt keeps our alias of a device with its definition, so the alias carries the link's id and
/// tells, after whatever crash, which link a device is.
/// </summary>
internal static class Devices
{
    private const string AliasPrefix = "ua-";
    private const string RootTarget = "vda";

    public static string Alias(string link) => AliasPrefix + link;

    /// <summary>The link that a device is of; null: none.</summary>
    public static string? LinkOf(XElement device) =>
        (string?)device.Element("alias")?.Attribute("name") is { } alias && alias.StartsWith(AliasPrefix, StringComparison.Ordinal) ? alias[AliasPrefix.Length..] : null;

    /// <summary>Those of ours in a domain.</summary>
    public static IReadOnlyList<Device> Of(XElement domain)
    {
        var found = new List<Device>();
        var nics = 0;
        foreach (var element in domain.Element("devices")?.Elements() ?? [])
        {
            var kind = element.Name.LocalName;
            if (kind is not ("disk" or "interface"))
                continue;
            var position = kind == "interface" ? nics++ : 0;
            if (LinkOf(element) is not { } link)
                continue;
            found.Add(
                kind == "disk"
                    ? new(link, (string?)element.Element("target")?.Attribute("dev") ?? "", (string?)element.Element("source")?.Attribute("file") ?? "", element)
                    : new(
                        link,
                        $"eth{position}",
                        $"{(string?)element.Element("mac")?.Attribute("address")} {(string?)element.Element("source")?.Attribute("network")}",
                        element));
        }
        return found;
    }

    /// <summary>
    /// What the spec asks for. A disk's target is kept where it has one already; else the wanted one if it is free, else the next free.
    /// </summary>
    /// <param name="spec">What is wanted.</param>
    /// <param name="file">A volume's path by its id.</param>
    /// <param name="present">The domain's devices now, stored and running.</param>
    public static IReadOnlyList<Device> Plan(MachineSpec spec, Func<string, string> file, IReadOnlyList<Device> present)
    {
        var kept = present.Where(device => device.Kind == "disk").GroupBy(device => device.Link).ToDictionary(same => same.Key, same => same.First().Target);
        var taken = new HashSet<string>(kept.Values, StringComparer.Ordinal);
        // The first disk of a machine without one of its own is what it boots from, if the client says so.
        var bootsFromVolume = spec.Image is null && spec.Disks.Any(disk => disk.Device == RootTarget);
        if (!bootsFromVolume)
            taken.Add(RootTarget);
        var planned = new List<Device>();
        foreach (var disk in spec.Disks)
        {
            var link = ObjectKey.Checked(disk.LinkId);
            if (!kept.TryGetValue(link, out var target))
            {
                target = (IsTarget(disk.Device) || (bootsFromVolume && disk.Device == RootTarget)) && taken.Add(disk.Device) ? disk.Device : Targets().First(taken.Add);
            }
            var path = file(disk.VolumeId);
            planned.Add(new(link, target, path, MachineXml.Disk(link, path, target, disk.VolumeId)));
        }
        foreach (var nic in spec.Nics)
        {
            var link = ObjectKey.Checked(nic.LinkId);
            var network = Networks.NetworkXml.Name(ObjectKey.Checked(nic.NetworkId));
            planned.Add(new(link, nic.Device, $"{nic.Mac} {network}", MachineXml.Nic(link, nic.Mac, network)));
        }
        return planned;
    }

    /// <summary>The same device: the same link to the same thing. A changed one is detached and attached again.</summary>
    public static bool Same(Device one, Device other) =>
        one.Link == other.Link && one.Kind == other.Kind && string.Equals(one.To, other.To, StringComparison.OrdinalIgnoreCase);

    private static bool IsTarget(string device) => device.Length == 3 && device.StartsWith("vd", StringComparison.Ordinal) && device[2] is >= 'b' and <= 'z';

    private static IEnumerable<string> Targets() => Enumerable.Range('b', 25).Select(letter => $"vd{(char)letter}").Concat(
        Enumerable.Range('a', 26).Select(letter => $"vda{(char)letter}"));
}

/// <param name="Link">The storagelink's or networkinterface's id.</param>
/// <param name="Target">"vdb", "eth0".</param>
/// <param name="To">A disk's file, or a NIC's MAC and network.</param>
/// <param name="Element">As libvirt has it or shall have it.</param>
internal sealed record Device(string Link, string Target, string To, XElement Element)
{
    public string Kind => Element.Name.LocalName;

    /// <summary>A NIC's, in lower case.</summary>
    public string? Mac => ((string?)Element.Element("mac")?.Attribute("address"))?.ToLowerInvariant();
}
