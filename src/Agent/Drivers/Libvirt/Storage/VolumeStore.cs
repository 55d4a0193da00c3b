using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>Tenants' volumes.</summary>
internal sealed class VolumeStore(Folders folders, Places places, ImageCache images, DiskCopying copying, Link link)
{
    private const string Format = "qcow2";

    public async Task<ObservedVolume> Ensure(ObjectKey volume, ulong generation, VolumeSpec spec, CancellationToken cancel)
    {
        if (places.Find(volume.Id) is { Key: var other } && other != volume)
        {
            throw new DriverException(
                "incarnation", $"Volume {volume.Id} is here as incarnation {other.Incarnation}, and {volume.Incarnation} was asked for.", retryable: true);
        }
        var place = places.Of(spec.Pool);
        var path = place.Volume(volume);
        if (!File.Exists(path))
            await Make(volume, place, path, spec, cancel);
        else if (spec.Revert is { } revert && folders.Generation(volume) < generation)
            await Replace(place, path, SourceOf(revert), volume, cancel);

        var size = ImageHeader.VirtualSize(path, Format);
        if (spec.SizeBytes < size)
            throw new DriverException("shrink", $"Volume {volume.Id} has {size} bytes and never shrinks; {spec.SizeBytes} were asked for.", retryable: false);
        if (spec.SizeBytes > size)
            await Grow(place, path, spec.SizeBytes, cancel);

        folders.SetGeneration(volume, generation);
        return Observe(volume, path);
    }

    public async Task Remove(ObjectKey volume, string pool, CancellationToken cancel)
    {
        if (places.Locate(volume, pool) is var (place, path))
        {
            await link.Job(
                connect =>
                {
                    RefuseUsed(connect, volume, path);
                    place.Pool.Delete(connect, path);
                    return true;
                },
                cancel);
        }
        folders.ForgetGeneration(volume);
    }

    /// <summary>This host has it no more.</summary>
    public async Task Release(ObjectKey volume, CancellationToken cancel)
    {
        if (places.Find(volume.Id) is var (key, path) && key == volume)
            await link.Call(connect => RefuseUsed(connect, volume, path), cancel);
        folders.ForgetGeneration(volume);
    }

    /// <summary>Overwrites its file where it lies.</summary>
    public async Task Wipe(ObjectKey volume, string pool, CancellationToken cancel)
    {
        if (places.Locate(volume, pool) is not var (_, path))
            return;
        await link.Call(connect => RefuseUsed(connect, volume, path), cancel);
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        var zeros = new byte[1 << 20];
        for (long left = file.Length; left > 0; left -= zeros.Length)
            await file.WriteAsync(zeros.AsMemory(0, (int)Math.Min(left, zeros.Length)), cancel);
        file.Flush(flushToDisk: true);
    }

    public IReadOnlyList<ObservedVolume> All()
    {
        var found = new List<ObservedVolume>();
        foreach (var (volume, path) in places.Volumes())
        {
            try
            {
                found.Add(Observe(volume, path));
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                // Removed while we read.
            }
        }
        return found;
    }

    private ObservedVolume Observe(ObjectKey volume, string path) => new()
    {
        Id = volume.Id,
        Incarnation = volume.Incarnation,
        Generation = folders.Generation(volume),
        Present = true,
        SizeBytes = ImageHeader.VirtualSize(path, Format),
    };

    private async Task Make(ObjectKey volume, Place place, string path, VolumeSpec spec, CancellationToken cancel)
    {
        if (spec.Existing)
        {
            throw new DriverException(
                "volume-lost", $"Volume {volume.Id} was made before, and its file {path} is not there. An empty one is not put in its place.", retryable: false);
        }
        if (spec.Source is { } source)
            await Replace(place, path, SourceOf(source), volume, cancel);
        else if (spec.Image is { } image)
            await Replace(place, path, (images.Get(image), image.Format), volume, cancel);
        else
        {
            await link.Job(
                connect =>
                {
                    place.Pool.Create(connect, path, spec.SizeBytes);
                    return true;
                },
                cancel);
        }
    }

    /// <summary>The file becomes a copy of another: whole, or it stays what it was.</summary>
    private async Task Replace(Place place, string path, (string Path, string Format) source, ObjectKey volume, CancellationToken cancel)
    {
        await link.Call(connect => RefuseUsed(connect, volume, path), cancel);
        var partial = place.Copy(Path.GetFileName(path));
        File.Delete(partial);
        try
        {
            await copying.Write(source.Path, source.Format, partial, $"volume {volume.Id}", cancel);
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private (string Path, string Format) SourceOf(VolumeSource source)
    {
        var path = places.Of(source.Pool).Volume(ObjectKey.Of(source.VolumeId, source.Incarnation));
        return File.Exists(path) ? (path, Format) : throw new DriverException("no-source", $"Volume {source.VolumeId}, of which a copy was wanted, is not here.", retryable: false);
    }

    private static bool RefuseUsed(ConnectHandle connect, ObjectKey volume, string path) => Domains.UsersOfFile(connect, path) is [var user, ..]
        ? throw new DriverException("in-use", $"Volume {volume.Id} is attached to {user.Name}.", retryable: true)
        : true;

    /// <summary>A running machine's disk is grown by its QEMU, which has the file locked; the guest sees the new size at once.</summary>
    private async Task Grow(Place place, string path, ulong bytes, CancellationToken cancel)
    {
        if ((await link.Call(connect => Domains.UsersOfFile(connect, path), cancel)).FirstOrDefault(user => user.Active) is { } user)
            await link.On(user.Id, nameof(Native.virDomainBlockResize), domain => Domains.GrowDisk(domain, path, bytes), cancel);
        else
            await link.Job(connect => place.Pool.Grow(connect, path, bytes), cancel);
    }
}
