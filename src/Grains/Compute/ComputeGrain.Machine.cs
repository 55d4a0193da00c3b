using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Placement;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Compute;

// What the host is told, and what its news means.
internal sealed partial class ComputeGrain
{
    /// <summary>Tells the host what is wanted now. If it is not connected it will get everything when it is.</summary>
    private async Task Tell()
    {
        var present = _record.Value!;
        if (present.Host is not { } host)
        {
            if (present.Phase == ComputePhase.Deleting)
                await Release();   // no host has anything of it
            return;
        }
        if (present.Recovery is { State: RecoveryState.Placing })
            return;   // not yet anywhere else
        if (!await MayTell(present))
            return;
        var machine = await Desired(present);
        if (!machine.Absent)
        {
            await Task.WhenAll(machine.Nics.SelectMany(n => n.Floating.Select(f => f.Network).Prepend(n.Network)).Distinct().Select(n => _links.Network(n).EnsureOn(host)));
            await Task.WhenAll(machine.Disks.Select(d => _links.Storage(d.Volume).UseOn(d.Link, host)));
        }
        await HostOf(host).Send([machine]);
        if (present.Migration is { Phase: MigrationPhase.Moving, Target.Host: { } target } && !machine.Absent)
        {
            await Task.WhenAll(machine.Nics.SelectMany(n => n.Floating.Select(f => f.Network).Prepend(n.Network)).Distinct().Select(n => _links.Network(n).EnsureOn(target)));
            await HostOf(target).Send([await Incoming(present)]);
        }
    }

    private async Task Reboot()
    {
        var present = _record.Value!;
        await GrainFactory.Host(present.Host!.Value)
            .Reboot(present.Operation!.Id, Id, present.Incarnation, present.Reboot, StopGrace);
    }

    private async Task<DesiredMachine> Desired(ComputeRecord present)
    {
        var bare = new DesiredMachine
        {
            Id = Id,
            Incarnation = present.Incarnation,
            Generation = present.Generation,
            Absent = present.Phase == ComputePhase.Deleting,
            Pool = present.Pool,
            RootDisk = present.RootDisk,
            Outgoing = present.Migration is { Phase: MigrationPhase.Moving } migration ? migration.Id : null,
        };
        if (bare.Absent)
            return bare;
        var attachments = await _links.Attachments(present.Links);
        return Own(bare, present) with
        {
            Disks = [.. attachments.Where(a => a.Disk is not null).Select(a => a.Disk!)],
            Nics = [.. attachments.Where(a => a.Nic is not null).Select(a => ComputeLinks.Completed(a.Nic!, attachments))],
            NetworkConfig = GuestNetwork.Config([.. attachments.Where(a => a.Nic is not null).Select(a => a.Nic!)]),
        };
    }

    /// <summary>What a machine is by its own record, without its links.</summary>
    private DesiredMachine Own(DesiredMachine bare, ComputeRecord present) => bare with
    {
        Name = present.Attributes.Text(Occi.Core.CoreKinds.Title) ?? "",
        Hostname = ComputeSizes.Hostname(present),
        Cores = ComputeSizes.Cores(present.Attributes),
        MemoryBytes = ComputeSizes.MemoryBytes(present.Attributes),
        Leased = ComputeAvailability.IsWanted(present.Mixins),
        CpuShares = (int)(Patch.Number(present.Attributes, Occi.Infrastructure.Compute.Share) ?? 0),
        Architecture = ComputeSizes.Architecture(present.Attributes),
        Power = present.Power,
        Stop = present.Stop,
        StopGrace = present.Stop == StopMethod.Graceful ? StopGrace : TimeSpan.Zero,
        Image = present.Image,
        RootDiskBytes = present.RootDiskBytes,
        RootDiskUnmade = present.RootDiskUnmade,
        Existing = IsExisting(present),
        SshKeys = GuestData.SshKeys(present.Attributes),
        UserData = GuestData.UserData(present.Attributes),
        Firmware = ComputeHardware.Firmware(present.Attributes),
        MachineType = ComputeHardware.Board(present.Attributes),
    };

    /// <summary>Whether a host would do anything for it: of a summary, a tag or a mixin of the user's own it knows nothing.</summary>
    private bool IsAnotherMachine(ComputeRecord before, ComputeRecord after)
    {
        var none = new DesiredMachine { Id = Id, Incarnation = before.Incarnation, Generation = 0 };
        var (one, other) = (Own(none, before), Own(none, after));
        return !one.SshKeys.SequenceEqual(other.SshKeys) || !one.UserData.SequenceEqual(other.UserData)
            || (one with { SshKeys = [], UserData = [] }) != (other with { SshKeys = [], UserData = [] });
    }

    private PlacementRequest Request(ComputeRecord present, Guid? near, params Guid[] pools) => new(
        "compute", Id, present.Incarnation, present.Project, Claimed(present).Cores, Claimed(present).MemoryBytes,
        present.RootDiskBytes, ComputeSizes.Architecture(present.Attributes), near)
    {
        Version = _record.Version,
        Pool = ComputeDisks.PoolName(present), SeesPools = present.Pool is { } own ? [.. pools, own] : pools,
        Zone = PlacementWishes.Zone(present.Mixins),
        Group = PlacementWishes.Group(present),
        Image = present.Image?.Sha256,
        Features = [.. ComputeHardware.Features(present.Attributes), .. ComputeHardware.Features(present.Links)],
    };

    /// <summary>Of a host that it is not on yet: which has the physical networks, too, that its networks lead to.</summary>
    private async Task<PlacementRequest> Seeking(ComputeRecord present, Guid? near, params Guid[] pools)
    {
        var request = Request(present, near, pools);
        return request with { Features = [.. request.Features, .. (await _links.PhysicalNetworks(present)).Select(ComputeHardware.PhysicalNetwork)] };
    }

    /// <summary>Keeps what was seen, where it says something new.</summary>
    private async Task Note(ObservedMachine machine)
    {
        var present = _record.Value!;
        var next = Seen(present, machine) with { Operation = present.Operation is { } operation ? operation with { LastError = TroubleSeen(present, machine) } : null };
        if (next != present)
            await _record.Write(next);
    }

    private static ComputeRecord Seen(ComputeRecord record, ObservedMachine machine) => record with
    {
        // Of what is not there the generation says only that it was removed: nothing was ever made of what never was.
        ObservedGeneration = machine.Power == Power.Absent ? record.ObservedGeneration : Math.Max(record.ObservedGeneration, machine.Generation),
        RootDiskUnmade = record.RootDiskUnmade && (machine.Power == Power.Absent || machine.Generation == 0),
        RestartPending = machine.RestartPending,
        AgentConnected = machine.AgentConnected,
        Mixins = machine.AgentConnected && !record.Mixins.Contains(ComputeHardware.Mixin) ? [.. record.Mixins, ComputeHardware.Mixin] : record.Mixins,
    };

    /// <summary>What its operation's last attempt failed with; null: nothing that is known.</summary>
    private static string? TroubleSeen(ComputeRecord present, ObservedMachine machine) =>
        present.Operation is not null && machine.Failure is { } failure && failure.Generation >= present.Generation ? failure.Message : null;

    /// <summary>News from before the last change of the wanted power state says nothing of it.</summary>
    internal static ComputeTrigger? TriggerOf(ObservedMachine machine, ComputeRecord present)
    {
        // A machine that is not there may have a disk in a pool that is not mounted: it is gone when all of it was removed. Otherwise the agent makes it again by itself, or says that it cannot.
        if (machine.Power == Power.Absent && (present.Phase == ComputePhase.Deleting || machine.Failure is not { Retryable: false }))
            return present.Phase == ComputePhase.Deleting && machine.Failure is null && machine.Generation >= present.Generation ? ComputeTrigger.SawAbsent : null;
        if (machine.Failure is { Retryable: false } failure && failure.Generation >= present.PowerGeneration)
            return machine.Power == Power.Absent ? ComputeTrigger.SawMissing : ComputeTrigger.SawFailure;
        if (machine.Generation < present.PowerGeneration || machine.Failure is { Retryable: true })
            return null;   // not there yet: the agent is still at it
        if (machine is { Unapplied: true, Power: Power.Off or Power.Crashed })
            return null;   // its agent will start it, or may not: its guest has decided nothing
        return machine.Power switch
        {
            Power.Running => ComputeTrigger.SawRunning,
            Power.Off => ComputeTrigger.SawOff,
            Power.Paused or Power.Saved => ComputeTrigger.SawSuspended,
            Power.Crashed => ComputeTrigger.SawCrashed,
            _ => null,
        };
    }

    private async Task TellLinks(ObservedMachine machine)
    {
        if (_record.Value is not { } present)
            return;
        var active = machine.Power is Power.Running or Power.Paused;
        foreach (var attachment in machine.Attachments)
        {
            if (present.Links.FirstOrDefault(l => l.Id == attachment.Link) is { } link)
                await _links.Of(link).Observed(attachment with { Addresses = [.. machine.Addresses.Where(a => a.Link == link.Id).Select(a => a.Address)] }, active);
        }
        if (machine is { Power: Power.Absent, Failure.Retryable: false })
        {
            // Nothing can be attached to what is not there and cannot be made. A start begins with it anew.
            foreach (var link in present.Links.Where(l => machine.Attachments.All(a => a.Link != l.Id)))
                await _links.Of(link).Observed(new(link.Id, false, "", null), machineActive: false);
        }
        // These are in force as soon as the host has done all that it was told, whatever the machine does.
        foreach (var group in present.Links.Where(l => ComputeLinks.IsNoDevice(l) && machine.Generation >= present.Generation))
            await _links.Of(group).Observed(new(group.Id, true, "", null), machineActive: true);
        await ReleaseLeaving(present, machine.Generation);
    }

    /// <summary>Links taken away are let go once the machine is seen without them.</summary>
    private async Task ReleaseLeaving(ComputeRecord present, long generation)
    {
        var free = present.LeavingLinks.Where(l => l.Generation <= generation).ToArray();
        if (free.Length == 0)
            return;
        await _record.Write(present with { LeavingLinks = [.. present.LeavingLinks.Except(free)] });
        foreach (var link in free)
            await _links.Of(link).Observed(null, present.Phase == ComputePhase.Active);
    }

    /// <summary>Makes an update's new links: all of them, or none and why.</summary>
    private async Task<Outcome?> AddInline(UpdateEntity update)
    {
        foreach (var link in update.Links)
        {
            var accepted = await LinkAdded(link.Id, ComputeLinks.Of(link, 0).Floating ? Occi.Infrastructure.IpReservation.Kind.Id.Term : ComputeLinks.TermOf(link.Kind), null);
            var made = accepted.Outcome.Ok ? await _links.Make(link with { Caller = update.Caller }, _record.Value!) : new(accepted.Outcome, null);
            var elsewhere = made.Outcome.Ok && made.Host is { } host && _record.Value!.Host is { } here && host != here
                ? new Outcome(OutcomeKind.Conflict, $"The storage is on host {host}, the compute on host {here}: a local disk cannot be linked across hosts.")
                : made is { Outcome.Ok: true, Host: not null } && ComputeAvailability.IsWanted(Patch.Mixins(_record.Value!.Mixins, update)) ? new(OutcomeKind.Conflict, ComputeAvailability.LocalVolume)
                : made is { Outcome.Ok: true, Pool: { } pool } && await SeesPool(pool) is { Ok: false } unseen ? unseen
                : null;
            if (made.Outcome.Ok && elsewhere is null)
                continue;
            await TakeBack(update.Links);
            return elsewhere ?? made.Outcome;
        }
        return null;
    }

    /// <summary>Unmakes links that the host was not told of yet.</summary>
    private async Task TakeBack(CreateEntity[] links)
    {
        var present = _record.Value!;
        var ids = links.Select(l => l.Id).ToHashSet();
        var taken = present.Links.Where(l => ids.Contains(l.Id)).ToArray();
        if (taken.Length == 0)
            return;
        await _record.Write(present with { Links = [.. present.Links.Except(taken)] });
        await Task.WhenAll(taken.Select(_links.SourceGone));
    }

    private static Power PowerIn(ComputePhase phase, Power present) => phase switch
    {
        ComputePhase.Starting or ComputePhase.Active or ComputePhase.Restarting or ComputePhase.Saving or ComputePhase.Placing => Power.Running,
        ComputePhase.Suspending or ComputePhase.Suspended => present,   // paused or saved, as the action said
        _ => Power.Off,
    };

    private static StopMethod StopMethodOf(string? method) => method switch
    {
        "graceful" => StopMethod.Graceful,
        "acpioff" => StopMethod.AcpiOff,
        _ => StopMethod.PowerOff,
    };

    private static RebootMethod RebootMethodOf(string? method) => method switch
    {
        "graceful" => RebootMethod.Graceful,
        "warm" => RebootMethod.Warm,
        _ => RebootMethod.Cold,
    };

    private const string NotAsleep = "It was to be suspended and is off: its guest ended first, its host was started anew, or the host's lease was over. What was in its memory is lost.";

    private static string Words(ObservedMachine machine) =>
        machine.Failure?.Message ?? (machine.Power == Power.Crashed ? "The hypervisor's process of the machine died." : "The host could not do it.");

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} is placed on host {Host} as incarnation {Incarnation}")]
    private partial void LogPlaced(Guid compute, Guid host, Guid incarnation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute}: {From} to {To} on {Trigger}, operation {Operation}")]
    private partial void LogMoved(Guid compute, ComputePhase from, ComputePhase to, ComputeTrigger trigger, Guid? operation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} was not created: {Why}")]
    private partial void LogAbandoned(Guid compute, string? why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} is gone, and everything that it held with it")]
    private partial void LogDeleted(Guid compute);
}
