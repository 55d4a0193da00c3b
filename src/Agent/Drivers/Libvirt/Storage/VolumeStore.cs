using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>Tenants' volumes.</summary>
internal sealed class VolumeStore(Folders folders, Pool pool, Link link)
{
    public async Task<ObservedVolume> Ensure(ObjectKey volume, ulong generation, VolumeSpec spec, CancellationToken cancel)
    {
        if (folders.FindVolume(volume.Id) is { } other && other != volume)
        {
            throw new DriverException(
                "incarnation", $"Volume {volume.Id} is here as incarnation {other.Incarnation}, and {volume.Incarnation} was asked for.", retryable: true);
        }
        var path = folders.Volume(volume);
        if (!File.Exists(path))
            await link.Job(connect => Made(connect, path, spec.SizeBytes), cancel);

        var size = ImageHeader.VirtualSize(path, "qcow2");
        if (spec.SizeBytes < size)
            throw new DriverException("shrink", $"Volume {volume.Id} has {size} bytes and never shrinks; {spec.SizeBytes} were asked for.", retryable: false);
        if (spec.SizeBytes > size)
            await Grow(path, spec.SizeBytes, cancel);

        folders.SetGeneration(volume, generation);
        return Observe(volume);
    }

    public async Task Remove(ObjectKey volume, CancellationToken cancel)
    {
        var path = folders.Volume(volume);
        if (File.Exists(path))
        {
            await link.Job(
                connect =>
                {
                    if (Domains.UsersOfFile(connect, path) is [var user, ..])
                        throw new DriverException("in-use", $"Volume {volume.Id} is attached to {user.Name}.", retryable: true);
                    pool.Delete(connect, path);
                    return true;
                },
                cancel);
        }
        folders.ForgetGeneration(volume);
    }

    public IReadOnlyList<ObservedVolume> All()
    {
        var found = new List<ObservedVolume>();
        foreach (var volume in folders.AllVolumes())
        {
            try
            {
                found.Add(Observe(volume));
            }
            catch (FileNotFoundException)
            {
                // Removed while we read.
            }
        }
        return found;
    }

    private ObservedVolume Observe(ObjectKey volume) => new()
    {
        Id = volume.Id,
        Incarnation = volume.Incarnation,
        Generation = folders.Generation(volume),
        Present = true,
        SizeBytes = ImageHeader.VirtualSize(folders.Volume(volume), "qcow2"),
    };

    private bool Made(ConnectHandle connect, string path, ulong bytes)
    {
        pool.Create(connect, path, bytes);
        return true;
    }

    /// <summary>A running machine's disk is grown by its QEMU, which has the file locked; the guest sees the new size at once.</summary>
    private async Task Grow(string path, ulong bytes, CancellationToken cancel)
    {
        if ((await link.Call(connect => Domains.UsersOfFile(connect, path), cancel)).FirstOrDefault(user => user.Active) is { } user)
            await link.On(user.Id, nameof(Native.virDomainBlockResize), domain => Domains.GrowDisk(domain, path, bytes), cancel);
        else
            await link.Job(connect => pool.Grow(connect, path, bytes), cancel);
    }
}
