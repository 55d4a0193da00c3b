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
            case PeerRequest.WhatOneofCase.Console:
                await Write(folders.Console(key), request.Console, cancel);
                return new PeerAnswer();
            case PeerRequest.WhatOneofCase.Variables:
                await Write(folders.Variables(key), request.Variables, cancel);
                return new PeerAnswer();
            case PeerRequest.WhatOneofCase.Arrive:
                var definition = MovedXml.Rewrite(request.Arrive.State.ToStringUtf8(), key, folders);
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
        var sockets = Sockets(what);
        sockets.Make();
        // The root disk is an overlay where the source's is one, since then only that is copied; else it is empty, or comes as a file.
        var spec = what.Spec.Clone();
        var disk = wanted.Disks.FirstOrDefault(known => known.Device == MovedXml.RootTarget);
        if (disk is { Overlay: true })
            spec.RootDiskBytes = disk.VirtualSizeBytes;
        else
            spec.Image = null;
        await machines.EnsureFiles(key, spec, cancel);
        if (disk is { Overlay: false })
        {
            await link.Job(
                connect =>
                {
                    places.Own.Pool.Create(connect, folders.RootDisk(key), disk.VirtualSizeBytes);
                    return true;
                },
                cancel);
        }
        return new PeerPrepared
        {
            Definition = wanted.Definition.Length > 0 ? MovedXml.Rewrite(wanted.Definition, key, folders) : "",
            StoredDefinition = MovedXml.Rewrite(wanted.StoredDefinition, key, folders),
            Directory = sockets.Seen,
        };
    }

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
