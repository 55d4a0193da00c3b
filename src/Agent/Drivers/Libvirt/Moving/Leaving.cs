using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Drivers.Libvirt.Storage;
using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;
using Google.Protobuf;

namespace Controller.Agent.Drivers.Libvirt.Moving;

/// <summary>
/// Brings a domain to another host: live by libvirt's own migration, tunnelled through the two agents, or cold as a copy of its disks. Disks in pools that both hosts see are not copied. libvirt is asked to leave the machine suspended on
/// the target: when its last word is lost it resumes the source, and would have both run.
/// </summary>
internal sealed class Leaving(LibvirtOptions options, Folders folders, Places places, Link link, PowerSwitch power, DiskCopying copying, TimeProvider time)
{
    private const uint Migratable = 8;
    private const long MostConsole = 1 << 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(1);

    public async Task Send(Departure what, IPeer peer, Action<MoveProgress> progress, CancellationToken cancel)
    {
        var key = ObjectKey.Of(what.Id, what.Incarnation);
        await EndLeftover(key, cancel);
        var machine = await Find(key, cancel);
        var there = (await peer.Ask(new() { Look = new() }, cancel)).Machine;
        var arrived = there is { Power: not Power.Absent, Transfer: null };
        if (arrived && (machine.Power != Power.Running))
        {
            // An earlier call came so far and could not say so: memory is there, or what was off has its disk there.
            await Secure(key, peer, cancel);
            await Try(() => SendConsole(key, peer, cancel));
            return;
        }
        if (what.Order.Method == MigrateMethod.MigrateCold)
            await Cold(what, key, peer, progress, cancel);
        else if (machine.Active)
            await Live(what, key, machine, peer, progress, cancel);
        else
            throw new DriverException("not-running", $"Machine {key.Id} was to be moved while it runs, and is {machine.Power}.", retryable: false);
    }

    private async Task Live(Departure what, ObjectKey key, MachineView machine, IPeer peer, Action<MoveProgress> progress, CancellationToken cancel)
    {
        var disks = LeavingDisks.Of(machine.Running!, key, what, folders, places);
        var prepare = new PeerPrepare
        {
            Driver = "libvirt",
            Definition = await link.Call(connect => Xml(connect, key.Id), cancel, key.Id),
            StoredDefinition = machine.Stored.ToString(),
            Disks = { disks.Copied },
        };
        var prepared = (await peer.Ask(new() { Prepare = prepare }, cancel)).Prepared;
        await new Freight(peer, what.Order.BandwidthMib, time, progress).Send(disks.Files, cancel);
        await SendConsole(key, peer, cancel);

        var sockets = new SocketFolder(options.Socket, what.Order.TargetIncarnation);
        await using (sockets.Serve(peer))
        {
            var wish = new MigrationJob.Wish(
                prepared.Definition, prepared.StoredDefinition, sockets.Seen, [.. disks.Copied.Select(disk => disk.Device)], disks.Copied.Any(disk => disk.Overlay), disks.Stay,
                what.Order.BandwidthMib, what.Order.AutoConverge);
            await Follow(key, OnOwnConnection(key.Id, domain => MigrationJob.Run(domain, wish)), progress, cancel);
        }
        var after = await link.Call(connect => MachineView.Find(connect, key.Id), CancellationToken.None, key.Id);
        if (after is { Active: true })
            throw new DriverException("not-moved", $"libvirt says that machine {key.Id} was moved, and it is {after.Power} here.", retryable: false);
        await Secure(key, peer, CancellationToken.None);
        // It has moved: that the log's last lines could not follow it does not undo that.
        await Try(() => SendConsole(key, peer, CancellationToken.None));
    }

    /// <summary>Before this end says that it has handed over, and loses what it has. Code <c>not-secured</c>, retryable: the next attempt finds the machine there, and asks again.</summary>
    private static async Task Secure(ObjectKey key, IPeer peer, CancellationToken cancel)
    {
        try
        {
            await peer.Ask(new() { Secure = new() }, cancel);
        }
        catch (DriverException failed)
        {
            throw new DriverException("not-secured", $"Machine {key.Id} has moved, and whether its disks are safe there is not known yet: {failed.Message}", retryable: true, failed);
        }
    }

    /// <summary>Waits for libvirt, tells how far it is, and passes a cancellation on. When libvirt ends the machine is as it says, cancelled or not.</summary>
    private async Task Follow(ObjectKey key, Task migration, Action<MoveProgress> progress, CancellationToken cancel)
    {
        while (true)
        {
            await Task.WhenAny(migration, Task.Delay(LookEvery, time, cancel));
            if (migration.IsCompleted)
                break;
            if (cancel.IsCancellationRequested)
            {
                await EndJob(key, CancellationToken.None);
                await migration.WaitAsync(EndsWithin, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            }
            if (await Try(() => link.Call(connect => OfDomain(connect, key.Id, MigrationJob.Look), cancel, key.Id)) is { } now)
                progress(now);
        }
        try
        {
            await migration.WaitAsync(TimeSpan.Zero, time, CancellationToken.None);
        }
        catch (Exception failed) when (failed is LibvirtException or TimeoutException)
        {
            cancel.ThrowIfCancellationRequested();
            throw new DriverException("not-moved", $"libvirt could not migrate machine {key.Id}: {failed.Message}", retryable: false, failed);
        }
        if (await Try(() => link.Call(connect => OfDomain(connect, key.Id, MigrationJob.LookBack), CancellationToken.None, key.Id)) is { } end)
            progress(end);
    }

    private async Task Cold(Departure what, ObjectKey key, IPeer peer, Action<MoveProgress> progress, CancellationToken cancel)
    {
        var off = what.Spec.Clone();
        (off.Power, off.Stop, off.StopGraceSeconds) = (Power.Off, StopMethod.StopGraceful, what.Order.GraceSeconds);
        await power.Fit(key.Id, off, cancel);
        var machine = await Find(key, cancel);
        var prepare = new PeerPrepare { Driver = "libvirt", StoredDefinition = machine.Stored.ToString() };
        await peer.Ask(new() { Prepare = prepare }, cancel);
        var freight = new Freight(peer, what.Order.BandwidthMib, time, progress);
        var volumes = LeavingDisks.FilesOf(what, places);
        if (File.Exists(folders.RootDisk(key)))
        {
            await using var disk = await copying.Copy(key, cancel);
            freight.Add(volumes);
            await freight.Send(disk.Content, data => new() { Disk = data }, cancel);
        }
        await freight.Send(volumes, cancel);
        // Live, it goes with the memory.
        if (File.Exists(folders.Variables(key)))
            await peer.Ask(new() { Variables = new() { Data = ByteString.CopyFrom(await File.ReadAllBytesAsync(folders.Variables(key), cancel)) } }, cancel);
        await SendConsole(key, peer, cancel);
        await peer.Ask(new() { Arrive = new() { State = ByteString.CopyFromUtf8(prepare.StoredDefinition) } }, cancel);
    }

    /// <summary>The serial log's end: who reads it goes on where he was, and finds what was written meanwhile.</summary>
    private async Task SendConsole(ObjectKey key, IPeer peer, CancellationToken cancel)
    {
        var path = folders.Console(key);
        if (!File.Exists(path))
            return;
        await using var log = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        log.Position = Math.Max(0, log.Length - MostConsole);
        var text = new byte[Math.Min(MostConsole, log.Length - log.Position)];
        var offset = (ulong)log.Position;
        await log.ReadExactlyAsync(text, cancel);
        await peer.Ask(new() { Console = new() { Offset = offset, Data = ByteString.CopyFrom(text) } }, cancel);
    }

    /// <summary>What a process of before had begun: without it there is no tunnel, and libvirt will give up. Then it is known where the machine is.</summary>
    private async Task EndLeftover(ObjectKey key, CancellationToken cancel)
    {
        if (await link.Call(connect => OfDomain(connect, key.Id, MigrationJob.Look), cancel, key.Id) is null)
            return;
        if (!await link.Call(connect => OfDomain(connect, key.Id, MigrationJob.IsLeaving), cancel, key.Id))
            throw new DriverException("busy", $"Something else is under way with machine {key.Id}, as a copy of a disk of its: it moves when that has ended.", retryable: true);
        await EndJob(key, cancel);
        if (!await link.Until(connect => OfDomain(connect, key.Id, MigrationJob.Look) is null, EndsWithin, cancel))
            throw new DriverException("busy", $"Another job of machine {key.Id} does not end.", retryable: true);
    }

    private Task<bool> EndJob(ObjectKey key, CancellationToken cancel) => Try(() => link.Call(
        connect => OfDomain(connect, key.Id, domain => Native.virDomainAbortJob(domain) == 0), cancel, key.Id));

    private async Task<MachineView> Find(ObjectKey key, CancellationToken cancel)
    {
        var machine = await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id);
        return machine?.Label?.Incarnation == key.Incarnation
            ? machine
            : throw new DriverException("no-such-machine", $"Incarnation {key.Incarnation} of machine {key.Id} is not on this host.", retryable: false);
    }

    private static string Xml(ConnectHandle connect, string id) => OfDomain(connect, id, domain => Checked.Ok(Native.virDomainGetXMLDesc(domain, Migratable)))!;

    private static T? OfDomain<T>(ConnectHandle connect, string id, Func<DomainHandle, T> ask)
    {
        using var domain = Checked.OrNone(Native.virDomainLookupByUUIDString(connect, id), LibvirtError.NoDomain);
        return domain is null ? default : ask(domain);
    }

    /// <summary>It lasts as long as it lasts, so it has a thread and a connection of its own, which a keepalive ends with libvirtd.</summary>
    private Task OnOwnConnection(string id, Func<DomainHandle, int> call) => Task.Factory.StartNew(
        () =>
        {
            using var connect = Checked.Ok(Native.virConnectOpen(options.Uri));
            _ = Native.virConnectSetKeepAlive(connect, 5, 6);
            using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, id));
            call(domain);
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<bool> Try(Func<Task> act) => Try(async () =>
    {
        await act();
        return true;
    });

    private static async Task<T?> Try<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception unable) when (unable is LibvirtException or DriverException or IOException or OperationCanceledException)
        {
            return default;
        }
    }
}
