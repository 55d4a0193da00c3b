using Controller.Contracts;
using Controller.Grains.Restoring;
using Microsoft.Extensions.Logging;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Compute;

// The database was restored to an earlier state. What its host has counts, not what was wanted then: nobody is started, stopped or changed because of it. And a machine that is on a host and of
// which nothing is known any more can be taken over.
internal sealed partial class ComputeGrain
{
    /// <summary>What an agent must know to be told of a machine that was made before.</summary>
    private const string KnowsExisting = "existing";

    private const string Untold = "Nothing more is asked of its host, which must not make the machine a new root disk. ";

    private readonly Restoration _restoration;
    private readonly IUnmanagedMachines _unmanaged;

    /// <summary>Whether its record is from before the restore, and its host has not been asked yet what it has.</summary>
    private bool IsUncompared(ComputeRecord record) => record.Host is not null && record.Era != _restoration.Era && _restoration.IsBefore(record.Created);

    /// <summary>Whether nobody has asked for anything since its record was restored, or it was adopted: then its host is told nothing of it.</summary>
    private static bool IsQuiet(ComputeRecord record) => record.QuietAt == record.Generation;

    /// <summary>Why its host must not be told what is wanted of it: an agent that does not know of machines that were made before would make it a new root disk. Null: it may.</summary>
    private async Task<string?> WhyUntold(ComputeRecord present) =>
        present.Phase != ComputePhase.Deleting && IsExisting(present) && await HostLacks(present, [KnowsExisting]) is { Why: var lacking } ? Untold + lacking : null;

    /// <summary>Whether its host may be told what is wanted of it; the compute says so while it may not.</summary>
    private async Task<bool> MayTell(ComputeRecord present)
    {
        if (IsUncompared(present) || IsQuiet(present))
            return false;   // nobody has asked for anything since its record was restored
        var why = await WhyUntold(present);
        var message = why ?? (present.Message?.StartsWith(Untold, StringComparison.Ordinal) == true ? null : present.Message);
        if (message != present.Message)
            await _record.Write(_record.Value! with { Message = message });
        return why is null;
    }

    /// <summary>The record of something more that is asked for.</summary>
    private ComputeRecord Asked(ComputeRecord next) =>
        next with { Generation = next.Generation + 1, AskedIn = IsUncompared(next) ? _restoration.Era : next.AskedIn };

    /// <summary>Whether its root disk must be there already.</summary>
    private bool IsExisting(ComputeRecord record) => record.MadeBefore == record.Incarnation || IsUncompared(record);

    public async Task Compared(Guid host, Guid incarnation, ObservedMachine? seen)
    {
        if (_record.Value is not { } present || present.Host != host || present.Incarnation != incarnation || !IsUncompared(present))
            return;
        if (present.Phase == ComputePhase.Deleting)
        {
            await _record.Write(present with { Era = _restoration.Era, MadeBefore = incarnation });   // it was ordered, and that is not taken back
            return;
        }
        if (present.Save is { } save)
            await _templates.Image(save.Term).Fail(save.Id, "The save was given up: the database was restored to an earlier state.");
        if (present.Recovery is { State: RecoveryState.Placing } recovery)
            await _claims.ReleaseIncarnation(Id, recovery.Next);
        if (present.Migration is { UnderWay: true } migration)
            await _claims.ReleaseIncarnation(Id, migration.Target.Incarnation);
        var name = (await HostOf(host).View())?.Name ?? host.ToString();
        await _record.Write(AsSeen(present, seen, name));
        await Tell();   // what was asked for meanwhile
        if (seen is null)
        {
            foreach (var link in present.Links)
                await _links.Of(link).Observed(new(link.Id, false, "", null), machineActive: false);
        }
        LogCompared(Id, name, present.Phase, _record.Value!.Phase, seen?.Power);
    }

    private ComputeRecord AsSeen(ComputeRecord present, ObservedMachine? seen, string host)
    {
        var next = present with
        {
            Era = _restoration.Era,
            MadeBefore = present.Incarnation,
            Operation = null,
            Save = null,
            Recovery = present.Recovery is { State: RecoveryState.Placing } ? null : present.Recovery,
            Migration = present.Migration is { UnderWay: true } ? null : present.Migration,   // neither end is told that it lost: the machine may be on either
            Message = null,
            QuietAt = present.AskedIn == _restoration.Era ? null : present.Generation,   // its power is what it is; what else was asked for meanwhile was promised
            PowerGeneration = 0,   // what its host tells of generations of before is news all the same
        };
        if (seen is null)
        {
            return next with
            {
                Phase = ComputePhase.Failed, Power = Power.Off, Stop = StopMethod.PowerOff, QuietAt = present.Generation,
                Message = $"The database was restored to an earlier state, and the machine is not on host {host} any more. It can be started from its disk, if that is there, or deleted.",
            };
        }
        // Its lease is over, or it was lost with its host and goes on elsewhere as an incarnation that nobody knows of any more.
        if (seen is { Power: Power.Off } or { Power: Power.Crashed, Unapplied: true } && ComputeAvailability.IsWanted(present.Mixins) && ComputeAvailability.RunsIn(present.Phase))
        {
            return WithPower(next, Power.Off) with
            {
                Message = $"The database was restored to an earlier state, and the machine is off on host {host}. Since it may have been started on another host meanwhile, it is not started by itself: start it.",
            };
        }
        return WithPower(next, seen is { Unapplied: true, Power: Power.Off or Power.Crashed } ? Settled(present) : seen.Power);
    }

    /// <summary>What it is, going by its record, when nothing is under way: of a machine whose host says only that it is not yet as it was wanted.</summary>
    private static Power Settled(ComputeRecord present) => present.Phase switch
    {
        _ when ComputeAvailability.RunsIn(present.Phase) => Power.Running,
        ComputePhase.Suspending or ComputePhase.Suspended => present.Power,
        _ => Power.Off,
    };

    private static ComputeRecord WithPower(ComputeRecord record, Power seen) => seen switch
    {
        Power.Running => record with { Phase = ComputePhase.Active, Power = Power.Running },
        Power.Paused or Power.Saved => record with { Phase = ComputePhase.Suspended, Power = seen },
        Power.Crashed => record with { Phase = ComputePhase.Failed, Power = Power.Off, Stop = StopMethod.PowerOff, Message = "The hypervisor's process of the machine died." },
        _ => record with { Phase = ComputePhase.Inactive, Power = Power.Off },
    };

    /// <summary>Whether it is one of before the restore whose placement, or its host's answer, is not known. Nothing that is under way with it goes on.</summary>
    private async Task<bool> WaitsForComparison()
    {
        var present = _record.Value!;
        if (present.Phase == ComputePhase.Placing && _restoration.IsBefore(present.Created))
        {
            // Nobody was told that it exists before the backup, and where it came to be after that is not known: if it did, its host says so.
            await Abandon(new(OutcomeKind.Unavailable, "The database was restored to an earlier state while it was being created."));
            return true;
        }
        if (!IsUncompared(present))
            return false;
        var now = _time.GetUtcNow();
        const string Why = "The database was restored to an earlier state: waiting for its host to say what it has.";
        await _record.Write(present with
        {
            Operation = present.Operation?.Again(now, Why),
            Migration = present.Migration is { } migration ? migration with { Operation = migration.Operation.Again(now, Why) } : null,
            Recovery = present.Recovery is { } recovery ? recovery with { Operation = recovery.Operation.Again(now, Why) } : null,
        });
        return true;
    }

    /// <summary>Why one of before the restore cannot be started; null: it can.</summary>
    private async Task<Outcome?> CannotStart()
    {
        if (_record.Value is not { Host: not null } present || !IsExisting(present) || ComputeAvailability.RunsIn(present.Phase))
            return null;
        // Its disk, or an image to start afresh from, is within other hosts' reach: then each of them may have it.
        var anywhere = present.Pool is not null || ComputeAvailability.IsWanted(present.Mixins);
        return await _unmanaged.Having(Id, anywhere ? _restoration.Era : null) is { } why ? new(OutcomeKind.Conflict, why) : await HostLacks(present, [KnowsExisting]);
    }

    // ---------------------------------------------------------------- adoption

    public async Task<Outcome> Adopt(AdoptMachine order)
    {
        var machine = order.Machine;
        if (_record.Value is { } known)
        {
            if (known.Project != order.Caller.Project)
                return new(OutcomeKind.Conflict, $"Compute {Id} is of another project ({known.Project}).");
            if (known.Host == order.Host && known.Incarnation == machine.Incarnation)
            {
                await MakeAdoptedLinks(order);   // an attempt of before may have ended half-way
                return new(OutcomeKind.AlreadyDone, View: await View(order.Caller));
            }
            if (known is not { Phase: ComputePhase.Failed or ComputePhase.Inactive, QuietAt: not null } || !IsQuiet(known))
                return new(OutcomeKind.Conflict, $"Compute {Id} is on host {known.Host} as incarnation {known.Incarnation}: {ComputeLifecycle.Words(known.Phase)}. Of one that is missing or off there, and was not changed since the restore, another can be adopted.");
        }
        var host = (await HostOf(order.Host).View())!;   // its caller has asked it already
        if (machine.Pool is { } pool && host.Capabilities!.Pools.All(p => p.Id != pool))
            return new(OutcomeKind.Conflict, $"Its root disk is in the shared pool {pool}, which host {host.Name} does not see now.");
        var record = Adopted(order, host);
        // No version: there may be no row yet. Its links take their addresses one by one: one that another has meanwhile keeps nobody from adopting the rest.
        var placed = await _claims.Place(Request(record, order.Host) with { Version = null });
        if (placed.Host != order.Host)
            return new(placed.Host is null ? placed.Kind : OutcomeKind.Conflict, placed.Why ?? $"Compute {Id} has a claim of host {placed.Host}.");
        await _record.Write(record);
        foreach (var other in await _claims.Of(Id))
        {
            if (other.Incarnation != record.Incarnation)
                await _claims.ReleaseIncarnation(Id, other.Incarnation);
        }
        await MakeAdoptedLinks(order);
        LogAdopted(Id, host.Name, machine.Incarnation, order.Caller.Principal, record.Project);
        return new(OutcomeKind.Created, View: await View(order.Caller));
    }

    private ComputeRecord Adopted(AdoptMachine order, HostView host)
    {
        var (machine, now) = (order.Machine, _time.GetUtcNow());
        var inline = InlineOf(order);
        var record = _record.Value ?? new()
        {
            Id = Id,
            Project = order.Caller.Project,
            CreatedBy = order.Caller.Principal,
            Created = now,
            Generation = 1,
            Attributes = AttributesOf(machine, host),
            Mixins = MixinsOf(machine),
            Links = ComputeLinks.Number(inline),
        };
        return WithPower(
            record with
            {
                Host = order.Host, Incarnation = machine.Incarnation, Image = machine.Image, RootDiskBytes = machine.RootDiskBytes, Pool = machine.Pool, RootDisk = machine.RootDisk,
                Era = _restoration.Era, MadeBefore = machine.Incarnation, QuietAt = record.Generation, PowerGeneration = 0, Operation = null, Recovery = null, Migration = null, Message = null,
            },
            order.Power);
    }

    private static Dictionary<string, AttributeValue> AttributesOf(DesiredMachine machine, HostView host)
    {
        var attributes = new Dictionary<string, AttributeValue>
        {
            [Model.Compute.Cores.Name] = AttributeValue.Of(machine.Cores),
            [Model.Compute.Memory.Name] = AttributeValue.Of(machine.MemoryBytes / (decimal)(1L << 30)),
            [Model.Compute.Architecture.Name] = AttributeValue.Of(machine.Architecture),
        };
        if (machine.Name.Length > 0)
            attributes[CoreKinds.Title.Name] = AttributeValue.Of(machine.Name);
        if (machine.Hostname.Length > 0)
            attributes[Model.Compute.Hostname.Name] = AttributeValue.Of(machine.Hostname);
        if (machine.CpuShares > 0)
            attributes[Model.Compute.Share.Name] = AttributeValue.Of(machine.CpuShares);
        if (machine.Firmware == Firmware.Uefi)
            attributes[Machine.Firmware.Name] = AttributeValue.Of("uefi");
        if (machine.MachineType == MachineType.Pc)
            attributes[Machine.Board.Name] = AttributeValue.Of("pc");
        if (host.Capabilities!.Pools.FirstOrDefault(p => p.Id == machine.Pool) is { } pool)
            attributes[Pools.OfCompute.Name] = AttributeValue.Of(pool.Name);
        return attributes;
    }

    private static string[] MixinsOf(DesiredMachine machine) =>
    [
        .. machine.Pool is null ? [] : (string[])[Pools.Compute.Id.ToString()],
        .. machine is { Firmware: Firmware.Bios, MachineType: MachineType.Q35 } ? [] : (string[])[ComputeHardware.Mixin],
    ];

    /// <summary>Its NICs and disks as a client would ask for them.</summary>
    private CreateEntity[] InlineOf(AdoptMachine order) =>
    [
        .. order.Machine.Nics.Select(nic => Nic(order, nic)),
        .. order.Machine.Disks.Select(disk => Link(order, disk.Link, Model.StorageLink.Kind, Model.Storage.Kind, disk.Volume)),
    ];

    private CreateEntity Nic(AdoptMachine order, DesiredNic nic)
    {
        var link = Link(order, nic.Link, Model.NetworkInterface.Kind, Model.Network.Kind, nic.Network);
        link.Attributes[Model.NetworkInterface.Mac.Name] = AttributeValue.Of(nic.Mac);
        if (nic.Address is { } address)
            link.Attributes[Model.IpNetworkInterface.Address.Name] = AttributeValue.Of(address);
        return nic.Address is null ? link : link with { Mixins = [Model.IpNetworkInterface.Mixin.Id.ToString()] };
    }

    private CreateEntity Link(AdoptMachine order, Guid id, Kind kind, Kind target, Guid to) => new()
    {
        Caller = order.Caller,
        Id = id,
        Kind = kind.Id.ToString(),
        Attributes = new()
        {
            [CoreKinds.Source.Name] = AttributeValue.Of(Model.Compute.Kind.Location + Id.ToString("D")),
            [CoreKinds.Target.Name] = AttributeValue.Of(target.Location + to.ToString("D")),
        },
    };

    /// <summary>Links that cannot be are left out, and the compute says so: its machine has them until somebody changes it.</summary>
    private async Task MakeAdoptedLinks(AdoptMachine order)
    {
        var refused = new List<string>();
        foreach (var link in InlineOf(order))
        {
            if (_record.Value!.Links.FirstOrDefault(l => l.Id == link.Id) is not { } known || await _links.Of(known).View(order.Caller) is not null)
                continue;
            var made = await _links.Make(link, _record.Value!);
            if (made.Outcome.Ok)
                continue;
            refused.Add($"{known.Term} {link.Id}: {made.Outcome.Why}");
            await _record.Write(_record.Value! with { Links = [.. _record.Value!.Links.Where(l => l.Id != link.Id)] });
        }
        if (refused.Count > 0)
            await _record.Write(_record.Value! with { Message = $"Adopted without what its machine has until it is changed: {string.Join(' ', refused)}" });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} on host {Host}, after the restore: it was {Before}, it is {After}; its host sees {Power}")]
    private partial void LogCompared(Guid compute, string host, ComputePhase before, ComputePhase after, Power? power);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} was adopted on host {Host} as incarnation {Incarnation}, by {By}, for project {Project}")]
    private partial void LogAdopted(Guid compute, string host, Guid incarnation, string by, Guid project);
}
