using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Machines;

namespace Controller.Agent.Drivers.Libvirt.Moving;

/// <summary>A domain of another host, with what is this host's and the new incarnation's in it; all that the guest sees stays as it is.</summary>
internal static class MovedXml
{
    private const string RootTarget = "vda";
    private const string SeedTarget = "sda";

    /// <param name="definition">As the other host has it.</param>
    /// <param name="key">What it is here.</param>
    /// <param name="folders">This host's.</param>
    /// <param name="rootDisk">Where its root disk is here.</param>
    /// <param name="volume">Where the volume of a link is here; null: no such link was announced.</param>
    public static string Rewrite(string definition, ObjectKey key, Folders folders, string rootDisk, Func<string, string?> volume)
    {
        var domain = XElement.Parse(definition);
        if ((string?)domain.Element("uuid") != key.Id || domain.Element("metadata")?.Element(MachineLabel.Namespace + "machine") is not { } label)
            throw new DriverException("not-moved", $"The definition of machine {key.Id} was to come, and what came is not it.", retryable: false);
        label.SetAttributeValue("incarnation", key.Incarnation);
        label.SetAttributeValue("generation", 0);
        foreach (var disk in domain.Element("devices")!.Elements("disk"))
        {
            var target = (string?)disk.Element("target")?.Attribute("dev");
            var path = Devices.LinkOf(disk) is { } link ? volume(link)
                : target == RootTarget ? rootDisk
                : target == SeedTarget && (string?)disk.Attribute("device") == "cdrom" ? folders.Seed(key)
                : null;
            if (path is null)
                throw new DriverException("not-moved", $"Disk {target} of machine {key.Id} cannot come with it.", retryable: false);
            disk.Element("source")!.SetAttributeValue("file", path);
            disk.Element("backingStore")?.Remove();   // found anew
        }
        domain.Element("os")?.Element("nvram")?.SetValue(folders.Variables(key));
        // libvirt makes the socket of the guest agent anew, by the machine's name on its host.
        domain.Element("devices")!.Elements("channel").Elements("source").Remove();
        foreach (var log in domain.Element("devices")!.Elements().Where(device => device.Name.LocalName is "serial" or "console").Select(device => device.Element("log")))
            log?.SetAttributeValue("file", folders.Console(key));
        return domain.ToString();
    }
}
