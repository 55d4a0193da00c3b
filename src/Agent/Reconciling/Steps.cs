using System.Collections.Concurrent;
using Controller.Agent.Drivers;
using Controller.Agent.Images;
using Controller.Agent.Leases;
using Controller.Agent.Ledger;
using Controller.Agent.Observing;
using Controller.Agent.Operations;
using Controller.Agent.Protocol;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Reconciling;

/// <summary>One step of one object: compare what is wanted with what is there and, where they differ, ask the driver once.</summary>
internal sealed partial class Steps(
    HostLedger ledger, Observations observations, Dependencies dependencies, ImageStore images, ActiveDriver active, HostLife life,
    MachineWatch watch, Departures departures, Lease lease, IOptions<AgentOptions> options, ILogger<Steps> log) : IDisposable
{
    private readonly SemaphoreSlim _builds = new(options.Value.ParallelBuilds);
    private readonly ConcurrentDictionary<ObjectKey, ulong> _guarded = [];   // machines on their way, and for which generation

    /// <summary>Takes the step, or only looks where <paramref name="mayAct"/> is false. Returns why it is not as wanted, null when it is.</summary>
    public async Task<Failure?> Take(LedgerObject entry, Inventory inventory, bool mayAct, CancellationToken cancel)
    {
        var seen = Look(entry, inventory);
        if (IsMoving(entry.Desired))
        {
            if (entry.Desired.Machine is { Leased: true, Incoming: not null }) lease.Cover();   // it comes running
            var unguarded = entry.Desired.Machine.Outgoing is null ? null : await Guard(entry, mayAct, cancel);
            observations.Note(unguarded is null ? seen : seen.With(seen.Generation, unguarded));
            return unguarded;
        }
        _guarded.TryRemove(ObjectKey.Of(entry.Desired), out _);
        if (entry.Desired.Kind == ObjectKind.ObjectMachine) await departures.End(ObjectKey.Of(entry.Desired), cancel);
        if (entry.Desired.Absent || entry.Desired.Volume is { Released: true }) return await Remove(entry, seen, mayAct, cancel);

        var hostLife = life.Now;
        var key = ObjectKey.Of(entry.Desired);
        if (seen.Machine is { } machine)
        {
            var verdict = Verdict(entry, machine);
            if (verdict == PowerVerdict.StoppedNow)
            {
                LogStoppedByItself(key.Id, key.Incarnation, machine.Power);
                var stopped = new StoppedByItself { Generation = entry.Desired.Generation, HostLife = hostLife };
                ledger.Update(key, entry.Desired.Generation, known => known.Stopped = stopped);
            }
            if (verdict == PowerVerdict.Fenced)
            {
                watch.Forget(key);
                observations.Note(seen);
                return null;
            }
            if (verdict != PowerVerdict.Converge)
            {
                observations.Note(seen);
                return null;
            }
            if (machine.Power is Power.Running or Power.Paused && seen.Generation == entry.Desired.Generation)
                watch.SawRunning(key, entry.Desired.Generation, hostLife);
        }
        if (Settled.Is(entry.Desired, seen))
        {
            observations.Note(seen);
            return null;
        }
        if (!mayAct)
        {
            observations.Note(seen.With(seen.Generation, LastFailure(entry)));
            return LastFailure(entry);
        }
        return await Bring(entry, seen, cancel);
    }

    /// <summary>A machine that leaves runs here until it has left: rules that change meanwhile are in force at once. Once for a generation.</summary>
    private async Task<Failure?> Guard(LedgerObject entry, bool mayAct, CancellationToken cancel)
    {
        var (key, generation) = (ObjectKey.Of(entry.Desired), entry.Desired.Generation);
        if (_guarded.TryGetValue(key, out var last) && last == generation) return null;
        if (!mayAct) return LastFailure(entry);
        var failure = await Attempt(entry, () => active.Driver.GuardMachine(key.Id, key.Incarnation, entry.Desired.Machine, cancel), cancel);
        if (failure is null) _guarded[key] = generation;
        return failure;
    }

    /// <summary>
    /// What the inventory says of a ledger entry, with the generation that is known to be applied in full: none for a machine that is off against what is wanted and will be
    /// started. Nobody may take its "off" for the guest's own decision.
    /// </summary>
    public Sighting Look(LedgerObject entry, Inventory inventory)
    {
        var seen = See(entry, inventory);
        if (IsMoving(entry.Desired)) return seen.Moving(Transfer(entry.Desired, seen.Machine!));
        if (seen.Machine is not { } machine) return seen;
        return Verdict(entry, machine) switch
        {
            PowerVerdict.Fenced => seen.AsFenced(),
            PowerVerdict.Converge when PowerRule.IsDown(entry, machine.Power) => seen.With(0, seen.Failure),
            _ => seen,
        };
    }

    /// <summary>On its way from one host to another: it is looked at and, but for its guards, left alone.</summary>
    private static bool IsMoving(DesiredObject wanted) => wanted is { Absent: false, Machine: { } machine } && (machine.Incoming ?? (object?)machine.Outgoing) is not null;

    private MachineTransfer Transfer(DesiredObject wanted, ObservedMachine seen)
    {
        var underWay = seen.Transfer?.State == MachineTransfer.Types.State.UnderWay;
        return wanted.Machine.Incoming is { } incoming
            ? new()
            {
                MigrationId = incoming.MigrationId,
                State = underWay ? MachineTransfer.Types.State.UnderWay
                    : seen.Power == Power.Absent ? MachineTransfer.Types.State.Waiting
                    : MachineTransfer.Types.State.Arrived,
            }
            : new()
            {
                MigrationId = wanted.Machine.Outgoing.MigrationId,
                State = underWay || departures.IsUnderWay(ObjectKey.Of(wanted)) ? MachineTransfer.Types.State.UnderWay : MachineTransfer.Types.State.Waiting,
            };
    }

    private PowerVerdict Verdict(LedgerObject entry, ObservedMachine machine)
    {
        var key = ObjectKey.Of(entry.Desired);
        return PowerRule.Decide(entry, machine.Power, life.Now, watch.WatchedItRun(key, entry.Desired.Generation, life.Now), watch.StopWasAsked(key),
            lease.IsValid);
    }

    private static Sighting See(LedgerObject entry, Inventory inventory)
    {
        var key = ObjectKey.Of(entry.Desired);
        var found = entry.Desired.Kind switch
        {
            ObjectKind.ObjectMachine => inventory.Machines.Where(o => o.Id == key.Id && o.Incarnation == key.Incarnation).Select(o => new Sighting(o)),
            ObjectKind.ObjectVolume => inventory.Volumes.Where(o => o.Id == key.Id && o.Incarnation == key.Incarnation).Select(o => new Sighting(o)),
            _ => inventory.Networks.Where(o => o.Id == key.Id && o.Incarnation == key.Incarnation).Select(o => new Sighting(o)),
        };
        var seen = found.FirstOrDefault();
        // What is in a pool that is not mounted is not seen either: it is gone once the driver has removed it.
        if (seen is not { IsPresent: true })
            return Sighting.Nothing(entry.Desired.Kind, key, entry.Removed ? entry.Desired.Generation : 0);
        var applied = seen.Generation == 0 ? entry.Applied : Math.Min(entry.Applied, seen.Generation);
        return seen.With(applied, seen.Failure);
    }

    /// <summary>The failure that was reported for what is wanted now.</summary>
    public Failure? LastFailure(LedgerObject entry) =>
        observations.Find(ObjectKey.Of(entry.Desired))?.Failure is { } failure && failure.Generation == entry.Desired.Generation ? failure : null;

    private async Task<Failure?> Remove(LedgerObject entry, Sighting seen, bool mayAct, CancellationToken cancel)
    {
        var key = ObjectKey.Of(entry.Desired);
        if (entry.Removed && !seen.IsPresent)
        {
            observations.Note(seen);
            return null;
        }
        var failure = dependencies.Missing(entry);
        if (failure is null && !mayAct) failure = LastFailure(entry);
        if (failure is null && mayAct)
        {
            failure = await Attempt(entry, async () =>
            {
                await (entry.Desired.Kind switch
                {
                    ObjectKind.ObjectMachine => RemoveMachine(key, entry.Desired.Machine, cancel),
                    ObjectKind.ObjectVolume => RemoveVolume(key, entry.Desired, cancel),
                    _ => active.Driver.RemoveNetwork(key.Id, key.Incarnation, cancel),
                });
                LogRemoved(entry.Desired.Kind, key.Id, key.Incarnation);
                watch.Forget(key);
                ledger.Update(key, entry.Desired.Generation, known => known.Removed = true);
                seen = Sighting.Nothing(entry.Desired.Kind, key, entry.Desired.Generation);
            }, cancel);
        }
        if (active.Health.Healthy) observations.Note(seen.With(seen.IsPresent ? 0 : seen.Generation, failure));
        return failure;
    }

    private async Task RemoveMachine(ObjectKey key, MachineSpec? gone, CancellationToken cancel)
    {
        await active.Driver.RemoveMachine(key.Id, key.Incarnation, cancel);
        if (gone is { Pool.Length: > 0, RootDisk.Length: > 0 }) await active.Driver.RemoveRootDisk(key.Id, gone.Pool, gone.RootDisk, cancel);
    }

    private async Task RemoveVolume(ObjectKey key, DesiredObject desired, CancellationToken cancel)
    {
        if (!desired.Absent)
        {
            await active.Driver.ReleaseVolume(key.Id, key.Incarnation, cancel);
            return;
        }
        var pool = desired.Volume?.Pool ?? "";
        if (desired.Volume is { Wipe: true }) await active.Driver.WipeVolume(key.Id, key.Incarnation, pool, cancel);
        await active.Driver.RemoveVolume(key.Id, key.Incarnation, pool, cancel);
    }

    private async Task<Failure?> Bring(LedgerObject entry, Sighting seen, CancellationToken cancel)
    {
        var failure = await Attempt(entry, async () => seen = await Ensure(entry, seen, cancel), cancel);
        // A driver may also return what went wrong, having done the rest.
        failure ??= seen.Failure ?? AttachmentFailure(seen);
        if (failure is not null && failure.Generation == 0)
        {
            failure = failure.Clone();
            failure.Generation = entry.Desired.Generation;
        }
        if (failure is null && seen.Generation != entry.Desired.Generation)
        {
            var message = $"Generation {entry.Desired.Generation} was to be applied, the driver came to {seen.Generation}.";
            failure = new Failure { Code = "incomplete", Message = message, Retryable = true, Generation = entry.Desired.Generation };
        }
        if (failure is null) Applied(entry, seen);
        else if (!active.Health.Healthy) return failure; // nothing that it says now is news of the object
        observations.Note(seen.With(failure is null ? entry.Desired.Generation : Math.Min(seen.Generation, entry.Applied), failure));
        return failure;
    }

    private async Task<Sighting> Ensure(LedgerObject entry, Sighting seen, CancellationToken cancel)
    {
        var (id, incarnation, generation) = (entry.Desired.Id, entry.Desired.Incarnation, entry.Desired.Generation);
        var key = ObjectKey.Of(entry.Desired);
        var builds = entry.Desired.Machine is not { } wanted
            || (wanted.Power is Power.Running or Power.Paused && seen.Machine!.Power is not (Power.Running or Power.Paused));
        // Stopping a machine never queues behind others being built.
        if (builds) await _builds.WaitAsync(cancel);
        try
        {
            switch (entry.Desired.SpecCase)
            {
                case DesiredObject.SpecOneofCase.Volume:
                    if (entry.Desired.Volume is { Image: { } content, Existing: false } && entry.Applied == 0) await images.Ensure(content, cancel);
                    return new(await active.Driver.EnsureVolume(id, incarnation, generation, entry.Desired.Volume, cancel));
                case DesiredObject.SpecOneofCase.Network:
                    return new(await active.Driver.EnsureNetwork(id, incarnation, generation, entry.Desired.Network, cancel));
                default:
                    var machine = entry.Desired.Machine;
                    if (machine.Image is { } image && entry.Applied == 0) await images.Ensure(image, cancel);
                    if (dependencies.Missing(entry) is { } missing) throw new DriverException(missing.Code, missing.Message, missing.Retryable);
                    if (machine.Leased && builds)
                    {
                        lease.Cover();
                        // Images take their time; this is the last look before it runs.
                        if (!lease.IsValid) throw new DriverException("no-lease", "The host's lease ran out while the machine was being built.", retryable: true);
                    }
                    if (builds) watch.Starts(key);
                    else if (machine.Power == Power.Off) watch.StopAsked(key);
                    return new(await active.Driver.EnsureMachine(id, incarnation, generation, machine, cancel));
            }
        }
        finally
        {
            if (builds) _builds.Release();
        }
    }

    private void Applied(LedgerObject entry, Sighting seen)
    {
        var key = ObjectKey.Of(entry.Desired);
        ledger.Update(key, entry.Desired.Generation, known =>
        {
            known.Applied = entry.Desired.Generation;
            known.Stopped = null;
        });
        // Also when it is off already: then it ran, and stopped before we could look.
        if (entry.Desired.Machine?.Power is Power.Running or Power.Paused) watch.SawRunning(key, entry.Desired.Generation, life.Now);
        LogApplied(entry.Desired.Kind, key.Id, key.Incarnation, entry.Desired.Generation, seen.Machine?.Power);
    }

    private async Task<Failure?> Attempt(LedgerObject entry, Func<Task> attempt, CancellationToken cancel)
    {
        try
        {
            await attempt();
            return null;
        }
        catch (DriverException expected)
        {
            return new Failure { Code = expected.Code, Message = expected.Message, Retryable = expected.Retryable, Generation = entry.Desired.Generation };
        }
#pragma warning disable CA1031 // A bug in one object's step must not take the other objects' steps with it: it is reported as what it is.
        catch (Exception bug) when (!cancel.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogBug(entry.Desired.Id, bug);
            return new Failure { Code = "unexpected", Message = $"{bug.GetType().Name}: {bug.Message}", Retryable = true, Generation = entry.Desired.Generation };
        }
    }

    private static Failure? AttachmentFailure(Sighting seen) =>
        seen.Machine?.Attachments.Select(attachment => attachment.Failure).FirstOrDefault(failure => failure is not null);

    public void Dispose() => _builds.Dispose();

    [LoggerMessage(Level = LogLevel.Information, Message = "Machine {Id} incarnation {Incarnation} stopped by itself and is {Power}; it stays so until the control plane says otherwise")]
    private partial void LogStoppedByItself(string id, string incarnation, Power power);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Kind} {Id} incarnation {Incarnation} is gone")]
    private partial void LogRemoved(ObjectKind kind, string id, string incarnation);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Kind} {Id} incarnation {Incarnation}: generation {Generation} applied, power {Power}")]
    private partial void LogApplied(ObjectKind kind, string id, string incarnation, ulong generation, Power? power);

    [LoggerMessage(Level = LogLevel.Error, Message = "A step of {Id} failed in a way nobody expects")]
    private partial void LogBug(string id, Exception bug);
}
