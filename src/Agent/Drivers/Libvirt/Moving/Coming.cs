using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Drivers.Libvirt.Storage;
using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;

namespace Controller.Agent.Drivers.Libvirt.Moving;

/// <summary>Takes in a domain from another host: makes its files, translates its definition, and lets the source reach libvirtd and the QEMU that waits for it.</summary>
internal sealed class Coming(LibvirtOptions options, Folders folders, Places places, Link link, MachineStore machines)
{
    private const uint Validate = 1;

    public async Task<PeerAnswer> Receive(Arrival what, PeerRequest request, CancellationToken cancel)
    {
        var key = ObjectKey.Of(what.Id, what.Incarnation);
        switch (request.WhatCase)
        {
            case PeerRequest.WhatOneofCase.Look:
                return new PeerAnswer { Machine = await Look(key, cancel) };
            case PeerRequest.WhatOneofCase.Prepare:
                return new PeerAnswer { Prepared = await Prepare(what, key, request.Prepare, cancel) };
            case PeerRequest.WhatOneofCase.Disk:
                await Write(folders.RootDisk(key), request.Disk, cancel);
                return new PeerAnswer();
            case PeerRequest.WhatOneofCase.Volume:
                await Write(VolumeOf(what, request.Volume.VolumeId), request.Volume.Data, cancel);
                return new PeerAnswer();
            case PeerRequest.WhatOneofCase.Console:
                await Write(folders.Console(key), request.Console, cancel);
                return new PeerAnswer();
            case PeerRequest.WhatOneofCase.Variables:
                await Write(folders.Variables(key), request.Variables, cancel);
                return new PeerAnswer();
            case PeerRequest.WhatOneofCase.Secure:
                MakeSure(what, key);
                return new PeerAnswer();
            case PeerRequest.WhatOneofCase.Arrive:
                MakeSure(what, key);
                var definition = Rewrite(request.Arrive.State.ToStringUtf8(), what, key);
                await link.Call(
                    connect =>
                    {
                        using var defined = Checked.Ok(Native.virDomainDefineXMLFlags(connect, definition, Validate));
                        return true;
                    },
                    cancel, key.Id);
                return new PeerAnswer { Machine = await Look(key, cancel) };
            default:
                throw new DriverException("invalid", $"A peer asked for {request.WhatCase}, which is not known here.", retryable: false);
        }
    }

    public Task<Stream> Reach(Arrival what, Channel channel, CancellationToken cancel) => Sockets(what).Reach(channel, cancel);

    private async Task<PeerPrepared> Prepare(Arrival what, ObjectKey key, PeerPrepare wanted, CancellationToken cancel)
    {
        await machines.Remove(key, cancel);
        await RemoveVolumes(what, cancel);
        var sockets = Sockets(what);
        sockets.Make();
        var spec = what.Spec.Clone();
        var disk = wanted.Disks.FirstOrDefault(known => known.VolumeId.Length == 0);
        // One in a shared pool is there, and the source may have it open. Else the root disk is an overlay where the source's is one, since then only that is copied; or it is empty, or
        // comes as a file.
        if (spec.Pool.Length > 0)
            spec.RootDiskBytes = 0;
        else if (disk is { Overlay: true })
            spec.RootDiskBytes = disk.VirtualSizeBytes;
        else
            spec.Image = null;
        await machines.EnsureFiles(key, spec, cancel);
        foreach (var empty in wanted.Disks.Where(known => !known.Overlay))
        {
            var path = empty.VolumeId.Length > 0 ? VolumeOf(what, empty.VolumeId) : folders.RootDisk(key);
            await link.Job(
                connect =>
                {
                    places.Own.Pool.Create(connect, path, empty.VirtualSizeBytes);
                    return true;
                },
                cancel);
        }
        return new PeerPrepared
        {
            Definition = wanted.Definition.Length > 0 ? Rewrite(wanted.Definition, what, key) : "",
            StoredDefinition = Rewrite(wanted.StoredDefinition, what, key),
            Directory = sockets.Seen,
        };
    }

    /// <summary>What an earlier attempt left.</summary>
    private Task<bool> RemoveVolumes(Arrival what, CancellationToken cancel) => link.Job(
        connect =>
        {
            foreach (var volume in what.Spec.Incoming.Volumes)
                places.Own.Pool.Delete(connect, PathOf(volume));
            return true;
        },
        cancel);

    /// <summary>All of a machine has come, and stays also if this host loses its power: soon there is no other copy.</summary>
    private void MakeSure(Arrival what, ObjectKey key)
    {
        var volumes = what.Spec.Incoming.Volumes.Select(PathOf).ToList();
        if (volumes.FirstOrDefault(path => !File.Exists(path)) is { } missing)
            throw new DriverException("not-moved", $"Volume {Path.GetFileName(missing)} of machine {key.Id} was to come with it, and has not.", retryable: false);
        foreach (var path in volumes.Append(folders.RootDisk(key)).Where(File.Exists))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);   // its QEMU may have it
            RandomAccess.FlushToDisk(file);
        }
    }

    private string Rewrite(string definition, Arrival what, ObjectKey key) => MovedXml.Rewrite(
        definition, key, folders, machines.RootDiskPath(key, what.Spec), link => what.Spec.Disks.FirstOrDefault(disk => disk.LinkId == link) is { } disk ? FileOf(what, disk.VolumeId) : null);

    /// <summary>Where a volume of the machine is: it has come along, or is in a shared pool.</summary>
    private string FileOf(Arrival what, string volume) =>
        what.Spec.Incoming.Volumes.Any(known => known.VolumeId == volume) ? VolumeOf(what, volume)
        : places.Find(volume)?.Path ?? throw new DriverException("no-volume", $"Volume {volume} is not on this host.", retryable: true);

    private string VolumeOf(Arrival what, string volume) => what.Spec.Incoming.Volumes.FirstOrDefault(known => known.VolumeId == volume) is { } moving
        ? PathOf(moving)
        : throw new DriverException("not-moved", $"Volume {volume} was not said to come with machine {what.Id}.", retryable: false);

    private string PathOf(MovingVolume volume) => places.Own.Volume(ObjectKey.Of(volume.VolumeId, volume.TargetIncarnation));

    private async Task<ObservedMachine> Look(ObjectKey key, CancellationToken cancel)
    {
        var machine = await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id);
        return machine?.Label?.Incarnation == key.Incarnation
            ? machine.Observe()
            : new ObservedMachine { Id = key.Id, Incarnation = key.Incarnation, Power = Power.Absent };
    }

    private static async Task Write(string path, PeerData piece, CancellationToken cancel)
    {
        await using var file = new FileStream(
            path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        file.Position = (long)piece.Offset;
        await file.WriteAsync(piece.Data.Memory, cancel);
    }

    private SocketFolder Sockets(Arrival what) => new(options.Socket, what.Incarnation);
}
