using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Simulated;

internal sealed partial class SimulatedDriver
{
    public async Task<ObservedVolume> EnsureVolume(string id, string incarnation, ulong generation, VolumeSpec spec, CancellationToken cancel)
    {
        await Begin(nameof(EnsureVolume), cancel);
        return Change(host =>
        {
            var volume = host.Volumes.FirstOrDefault(known => known.Id == id);
            if (volume is not null && volume.Incarnation != incarnation) throw OtherIncarnation("volume", id, volume.Incarnation, incarnation);
            if (spec.Pool.Length > 0) _pools.Of(spec.Pool);
            if (volume is null) host.Volumes.Add(volume = Adopt(host, id, incarnation, spec) ?? Make(host, id, incarnation, spec));
            else if (spec.Revert is { } revert && volume.Generation < generation)
            {
                RefuseUsed(host, volume.Id);
                volume.Boots = Source(host, revert).Boots;
            }
            var size = volume.SizeBytes;
            if (spec.SizeBytes < size)
                throw new DriverException("shrink", $"Volume {id} has {size} bytes and never shrinks; {spec.SizeBytes} were asked for.", retryable: false);
            Reserve(host, spec.SizeBytes - size);
            (volume.SizeBytes, volume.Generation) = (spec.SizeBytes, generation);
            if (size > 0 && spec.SizeBytes > size)
            {
                foreach (var user in host.Machines.Where(machine => machine.Power == Power.Running && machine.Running.Disks.Any(disk => disk.VolumeId == id)))
                    SimulatedGuest.Disks(user, host);
            }
            return Observe(volume);
        });
    }

    public async Task RemoveVolume(string id, string incarnation, string pool, CancellationToken cancel)
    {
        await Begin(nameof(RemoveVolume), cancel);
        Change(host =>
        {
            if (pool.Length > 0) _pools.Of(pool);
            var shared = _pools.All.FirstOrDefault(known => _pools.Read(known.Id, id, incarnation) is not null);
            if (host.Volumes.FirstOrDefault(known => known.Id == id && known.Incarnation == incarnation) is { } volume)
            {
                RefuseUsed(host, id);
                host.Volumes.Remove(volume);
            }
            if (shared is not null) _pools.Delete(shared.Id, id, incarnation);
            return true;
        });
    }

    public async Task ReleaseVolume(string id, string incarnation, CancellationToken cancel)
    {
        await Begin(nameof(ReleaseVolume), cancel);
        Change(host =>
        {
            if (host.Volumes.FirstOrDefault(known => known.Id == id && known.Incarnation == incarnation) is not { } volume) return false;
            RefuseUsed(host, id);
            return host.Volumes.Remove(volume);
        });
    }

    public async Task WipeVolume(string id, string incarnation, string pool, CancellationToken cancel)
    {
        await Begin(nameof(WipeVolume), cancel);
        Change(host =>
        {
            if (pool.Length > 0) _pools.Of(pool);
            if (host.Volumes.FirstOrDefault(known => known.Id == id && known.Incarnation == incarnation) is not { } volume) return false;
            RefuseUsed(host, id);
            volume.Boots = 0;
            return true;
        });
    }

    public async Task RemoveRootDisk(string id, string pool, string disk, CancellationToken cancel)
    {
        await Begin(nameof(RemoveRootDisk), cancel);
        _pools.DeleteRootDisk(pool, id, disk);
    }

    public async Task PruneImages(IReadOnlySet<string> wanted, long mostBytes, CancellationToken cancel)
    {
        await Begin(nameof(PruneImages), cancel);
        Change(host =>
        {
            var used = host.Machines.Select(machine => machine.Spec.Image?.Sha256).ToHashSet();
            foreach (var image in host.Images.Where(image => !wanted.Contains(image.Sha256) && !used.Contains(image.Sha256)).ToList())
            {
                if (host.Images.Sum(known => (long)known.SizeBytes) <= mostBytes) break;
                host.Images.Remove(image);
            }
            return true;
        });
    }

    /// <summary>One that is in the pool: another host made it, or this one before.</summary>
    private SimulatedVolume? Adopt(SimulatedHost host, string id, string incarnation, VolumeSpec spec) =>
        spec.Pool.Length == 0 ? null : _pools.Read(spec.Pool, id, incarnation);

    private SimulatedVolume Make(SimulatedHost host, string id, string incarnation, VolumeSpec spec)
    {
        if (spec.Existing)
            throw new DriverException("volume-lost", $"Volume {id} was made before and is not here. An empty one is not put in its place.", retryable: false);
        var volume = new SimulatedVolume { Id = id, Incarnation = incarnation, Pool = spec.Pool };
        var (size, boots) = spec switch
        {
            { Source: { } source } when Source(host, source) is var from => (from.SizeBytes, from.Boots),
            { Image: { } image } => host.Images.FirstOrDefault(known => known.Sha256 == image.Sha256) is { } known
                ? (known.VirtualSizeBytes > 0 ? known.VirtualSizeBytes : known.SizeBytes, known.Boots)
                : throw new DriverException("no-image", $"Image {image.Sha256} is not on this host.", retryable: true),
            _ => (0UL, 0U),
        };
        Reserve(host, Math.Max(size, spec.SizeBytes));
        (volume.SizeBytes, volume.Boots) = (size, boots);
        return volume;
    }

    private SimulatedVolume Source(SimulatedHost host, VolumeSource source) =>
        host.Volumes.FirstOrDefault(known => known.Id == source.VolumeId && known.Incarnation == source.Incarnation)
        ?? (source.Pool.Length > 0 ? _pools.Read(source.Pool, source.VolumeId, source.Incarnation) : null)
        ?? throw new DriverException("no-source", $"Volume {source.VolumeId}, of which a copy was wanted, is not here.", retryable: false);

    private static void RefuseUsed(SimulatedHost host, string id)
    {
        if (host.Machines.FirstOrDefault(machine => Specs(machine).Any(spec => spec.Disks.Any(disk => disk.VolumeId == id))) is { } user)
            throw new DriverException("in-use", $"Volume {id} is attached to machine {user.Id}.", retryable: true);
    }

    /// <summary>Changes the host, and what is in shared pools with it.</summary>
    private T Change<T>(Func<SimulatedHost, T> change) => _store.Change(host =>
    {
        var result = change(host);
        _pools.Write(host);
        return result;
    });
}
