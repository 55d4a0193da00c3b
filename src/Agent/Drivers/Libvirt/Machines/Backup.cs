using System.Runtime.InteropServices;
using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>How a backup ended. <see cref="Why"/> is libvirt's word, null where it went well or nobody knows.</summary>
internal readonly record struct BackupEnd(bool Complete, string? Why);

/// <summary>libvirt's backup job of a running domain: QEMU writes what a disk was at the beginning to another file, while the guest goes on writing.</summary>
internal static unsafe class Backup
{
    private const uint OfTheLastJob = 1;
    private const int Completed = 3;   // virDomainJobType

    /// <summary>Begins one of the disk with that file, with all that its backing files have in it.</summary>
    public static bool Begin(ConnectHandle connect, string id, string source, string file)
    {
        using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, id));
        var running = MachineView.Read(domain).Running;
        var disks = from disk in running?.Element("devices")!.Elements("disk") ?? []
                    let target = (string)disk.Element("target")!.Attribute("dev")!
                    select (string?)disk.Element("source")?.Attribute("file") == source
                        ? new XElement(
                            "disk", new XAttribute("name", target), new XAttribute("backup", "yes"), new XAttribute("type", "file"),
                            new XElement("target", new XAttribute("file", file)), new XElement("driver", new XAttribute("type", "qcow2")))
                        : new XElement("disk", new XAttribute("name", target), new XAttribute("backup", "no"));
        var backup = new XElement("domainbackup", new XAttribute("mode", "push"), new XElement("disks", disks));
        Checked.Ok(Native.virDomainBackupBegin(domain, backup.ToString(), null, 0));
        return true;
    }

    /// <summary>Whether one is under way that writes to a file below this folder.</summary>
    public static bool IsUnderWay(ConnectHandle connect, string id, string below)
    {
        using var domain = Checked.OrNone(Native.virDomainLookupByUUIDString(connect, id), LibvirtError.NoDomain);
        return domain is not null && IsUnderWay(domain, below);
    }

    /// <summary>Ends one, if there is any of ours.</summary>
    public static bool Abort(ConnectHandle connect, string id, string below)
    {
        using var domain = Checked.OrNone(Native.virDomainLookupByUUIDString(connect, id), LibvirtError.NoDomain);
        if (domain is null || !IsUnderWay(domain, below))
            return false;
        try
        {
            Checked.Ok(Native.virDomainAbortJob(domain));
            return true;
        }
        catch (LibvirtException) when (!IsUnderWay(domain, below))
        {
            return false;   // it ended by itself
        }
    }

    /// <summary>How the last one ended.</summary>
    public static BackupEnd End(ConnectHandle connect, string id)
    {
        using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, id));
        Checked.Ok(Native.virDomainGetJobStats(domain, out var type, out var parameters, out var count, OfTheLastJob));
        try
        {
            return new(type == Completed, type == Completed ? null : Text(parameters, count, "errmsg"));
        }
        finally
        {
            Native.virTypedParamsFree(parameters, count);
        }
    }

    private static bool IsUnderWay(DomainHandle domain, string below)
    {
        try
        {
            var backup = XElement.Parse(Checked.Ok(Native.virDomainBackupGetXMLDesc(domain, 0)));
            return backup.Descendants("target").Any(target => ((string?)target.Attribute("file"))?.StartsWith(below + "/", StringComparison.Ordinal) == true);
        }
        catch (LibvirtException error) when (error.Code is LibvirtError.NoDomainBackup or LibvirtError.OperationInvalid or LibvirtError.NoDomain)
        {
            return false;   // none, or the domain does not run
        }
    }

    private static string? Text(VirTypedParameter* parameters, int count, string field)
    {
        for (var i = 0; i < count; i++)
        {
            if (parameters[i].Type == VirTypedParameter.Text && Marshal.PtrToStringUTF8((nint)parameters[i].Field) == field)
                return Marshal.PtrToStringUTF8((nint)parameters[i].Value);
        }
        return null;
    }
}
