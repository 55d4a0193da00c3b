using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Storage;
using Controller.Agent.Protocol.Peer;

namespace Controller.Agent.Drivers.Libvirt.Moving;

/// <summary>What becomes of the disks of a machine that leaves while it runs.</summary>
/// <param name="Copied">By QEMU, while the guest writes to them: the root disk and volumes on the host's own disks.</param>
/// <param name="Files">Volumes that go along and that the machine does not have (yet).</param>
/// <param name="Stay">Others are in pools that both hosts see.</param>
internal sealed record LeavingDisks(IReadOnlyList<PeerDisk> Copied, IReadOnlyList<VolumeFile> Files, bool Stay)
{
    public static LeavingDisks Of(XElement running, ObjectKey machine, Departure what, Folders folders, Places places)
    {
        var along = FilesOf(what, places);
        var copied = new List<PeerDisk>();
        var stay = false;
        foreach (var (device, path) in Disks(running))
        {
            if (path == folders.RootDisk(machine))
                copied.Add(new() { Device = device, VirtualSizeBytes = ImageHeader.VirtualSize(path, "qcow2"), Overlay = ImageHeader.BackingFile(path) is not null });
            else if (along.FirstOrDefault(volume => volume.Path == path) is { } volume)
                copied.Add(new() { Device = device, VirtualSizeBytes = ImageHeader.VirtualSize(path, "qcow2"), VolumeId = volume.Id });
            else if (Path.GetDirectoryName(path) != folders.Volumes)
                stay = true;
            else
                throw new DriverException("not-moved", $"Disk {device} of machine {machine.Id} is on this host's own disks, and was not said to go along.", retryable: false);
        }
        return new(copied, [.. along.Where(volume => copied.All(disk => disk.VolumeId != volume.Id))], stay);
    }

    public static IReadOnlyList<VolumeFile> FilesOf(Departure what, Places places) =>
        [.. what.Order.Volumes.Select(volume => new VolumeFile(volume.VolumeId, places.Own.Volume(ObjectKey.Of(volume.VolumeId, volume.Incarnation))))];

    private static IEnumerable<(string Device, string Path)> Disks(XElement domain) =>
        from disk in domain.Element("devices")!.Elements("disk")
        where (string?)disk.Attribute("device") == "disk"
        select ((string)disk.Element("target")!.Attribute("dev")!, (string)disk.Element("source")!.Attribute("file")!);
}

/// <summary>A volume that goes along.</summary>
internal sealed record VolumeFile(string Id, string Path);
