using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;
using Google.Protobuf;

namespace Controller.Agent.Drivers.Simulated;

// A simulated machine moves as what is known of it, once the time that a real one's memory takes is over.
internal sealed partial class SimulatedDriver
{
    private const int Steps = 20;

    public async Task SendAway(Departure what, IPeer peer, Action<MoveProgress> progress, CancellationToken cancel)
    {
        await Begin(nameof(SendAway), cancel);
        var machine = _store.Read(host => Find(host, what.Id, what.Incarnation)?.Clone())
            ?? throw new DriverException("no-such-machine", $"Incarnation {what.Incarnation} of machine {what.Id} is not on this host.", retryable: false);
        var live = what.Order.Method == MigrateMethod.MigrateLive;
        if ((await peer.Ask(new() { Look = new() }, cancel)).Machine is { Power: not Power.Absent } && machine.Power != Power.Running)
        {
            Leave(what);   // an earlier call came so far and could not say so
            return;
        }
        if (live && machine.Power is Power.Off or Power.Crashed or Power.Saved)
            throw new DriverException("not-running", $"Machine {what.Id} was to be moved while it runs, and is {machine.Power}.", retryable: false);
        if (!live)
        {
            var off = what.Spec.Clone();
            (off.Power, off.Stop, off.StopGraceSeconds) = (Power.Off, StopMethod.StopGraceful, what.Order.GraceSeconds);
            await BringPower(what.Id, what.Incarnation, off, cancel);
        }
        await peer.Ask(new() { Prepare = new() { Driver = "simulated" } }, cancel);
        await Copy(machine, what.Order, progress, cancel);
        await Begin("HandOver", cancel);
        // From here on it stands still: what arrives is all of it.
        var (state, volumes) = _store.Change(host =>
        {
            var going = Find(host, what.Id, what.Incarnation) ?? throw Vanished(what.Id);
            if (live && going.Power is not (Power.Running or Power.Paused))
                throw new DriverException("not-running", $"Machine {what.Id} stopped while it was being moved.", retryable: false);
            if (live) going.Power = Power.Paused;
            return (going.ToByteString(), what.Order.Volumes.Select(along => (along.VolumeId, OwnVolume(host, along).ToByteString())).ToList());
        });
        try
        {
            foreach (var (id, content) in volumes) await peer.Ask(new() { Volume = new() { VolumeId = id, Data = new() { Data = content } } }, cancel);
            await peer.Ask(new() { Arrive = new() { State = state } }, cancel);
        }
        catch
        {
            // Whether the peer has it or not, it does not run there.
            if (live) _store.Change(host => Find(host, what.Id, what.Incarnation) is { Power: Power.Paused } stays && (stays.Power = Power.Running) == Power.Running);
            throw;
        }
        Leave(what);
    }

    public async Task<PeerAnswer> Receive(Arrival what, PeerRequest request, CancellationToken cancel)
    {
        await Begin(nameof(Receive), cancel);
        return request.WhatCase switch
        {
            PeerRequest.WhatOneofCase.Look => new PeerAnswer { Machine = Look(what) },
            PeerRequest.WhatOneofCase.Prepare => _store.Change(host =>
            {
                if (Find(host, what.Id, what.Incarnation) is { } earlier) host.Machines.Remove(earlier);
                foreach (var along in what.Spec.Incoming.Volumes)
                {
                    if (FindVolume(host, along.VolumeId, along.TargetIncarnation) is { } left) host.Volumes.Remove(left);
                }
                if (_faults.DiskFull) throw new DriverException("no-space", $"There is no room for the root disk of machine {what.Id}.", retryable: false);
                return new PeerAnswer { Prepared = new() };
            }),
            PeerRequest.WhatOneofCase.Volume => _store.Change(host =>
            {
                var along = what.Spec.Incoming.Volumes.FirstOrDefault(known => known.VolumeId == request.Volume.VolumeId)
                    ?? throw new DriverException("not-moved", $"Volume {request.Volume.VolumeId} was not said to come with machine {what.Id}.", retryable: false);
                if (FindVolume(host, along.VolumeId, along.TargetIncarnation) is { } left) host.Volumes.Remove(left);
                var volume = SimulatedVolume.Parser.ParseFrom(request.Volume.Data.Data);
                (volume.Id, volume.Incarnation, volume.Generation) = (along.VolumeId, along.TargetIncarnation, 0);
                Reserve(host, volume.SizeBytes);
                host.Volumes.Add(volume);
                return new PeerAnswer();
            }),
            PeerRequest.WhatOneofCase.Arrive => _store.Change(host =>
            {
                if (what.Spec.Incoming.Volumes.FirstOrDefault(along => FindVolume(host, along.VolumeId, along.TargetIncarnation) is null) is { } missing)
                    throw new DriverException("not-moved", $"Volume {missing.VolumeId} of machine {what.Id} was to come with it, and has not.", retryable: false);
                var machine = SimulatedMachine.Parser.ParseFrom(request.Arrive.State);
                if (machine.Id != what.Id) throw new DriverException("not-moved", $"Machine {what.Id} was to come, and what came is {machine.Id}.", retryable: false);
                if (host.Machines.FirstOrDefault(known => known.Id == what.Id && known.Incarnation != what.Incarnation) is { } other)
                    throw OtherIncarnation("machine", what.Id, other.Incarnation, what.Incarnation);
                (machine.Incarnation, machine.Generation) = (what.Incarnation, 0);
                host.Machines.Add(machine);
                return new PeerAnswer { Machine = Observe(machine) };
            }),
            _ => throw new DriverException("invalid", $"A peer asked for {request.WhatCase}, which is not known here.", retryable: false),
        };
    }

    public Task<Stream> Reach(Arrival what, Channel channel, CancellationToken cancel) =>
        throw new DriverException("no-such-channel", $"A simulated machine needs no channel {channel}.", retryable: false);

    private static SimulatedVolume OwnVolume(SimulatedHost host, MovingVolume along) => FindVolume(host, along.VolumeId, along.Incarnation)
        ?? throw new DriverException("not-moved", $"Volume {along.VolumeId} was to go along, and is not on this host.", retryable: false);

    private static SimulatedVolume? FindVolume(SimulatedHost host, string id, string incarnation) =>
        host.Volumes.FirstOrDefault(known => known.Id == id && known.Incarnation == incarnation);

    private ObservedMachine Look(Arrival what) => _store.Read(host => Find(host, what.Id, what.Incarnation) is { } machine
        ? Observe(machine)
        : new ObservedMachine { Id = what.Id, Incarnation = what.Incarnation, Power = Power.Absent });

    private async Task Copy(SimulatedMachine machine, Migrate order, Action<MoveProgress> progress, CancellationToken cancel)
    {
        var total = machine.Spec.MemoryBytes;
        var takes = order.BandwidthMib > 0 ? TimeSpan.FromSeconds((double)total / (order.BandwidthMib << 20)) : _options.MigrationTime;
        progress(new(total, 0, total, 0));
        for (var step = 1UL; step <= Steps; step++)
        {
            await Wait(takes / Steps, cancel);
            progress(new(total, total * step / Steps, total - (total * step / Steps), 0));
        }
    }

    private void Leave(Departure what) => _store.Change(host =>
    {
        if (Find(host, what.Id, what.Incarnation) is { } gone) (gone.Power, gone.Running) = (Power.Off, null);
        return true;
    });
}
