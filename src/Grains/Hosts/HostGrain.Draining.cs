using Controller.Contracts;
using Controller.Grains.Entities;
using Microsoft.Extensions.Logging;
using Occi.Core;
using Occi.Extension;

namespace Controller.Grains.Hosts;

// A drain: machines leave, are stopped or are left, one by one. It is in the record with the outcome of each, so that whoever wakes this grain goes on with it; nothing is
// ever removed.
internal sealed partial class HostGrain
{
    private static readonly TimeSpan DrainEvery = TimeSpan.FromSeconds(2);

    public async Task<Outcome> Drain(DrainOrder order)
    {
        if (_record.Value is not { Removing: false } present)
            return new(OutcomeKind.NotFound);
        if (present.Admission == HostAdmission.Pending)
            return new(OutcomeKind.Conflict, "The host waits for approval: nothing is placed on it.");
        if (present.Drain is { Finished: null } running && (running.Method, running.Stop) == (order.Method, order.Stop))
            return new(OutcomeKind.AlreadyDone);
        var now = _time.GetUtcNow();
        await _record.Write(present with
        {
            Drain = new() { Id = Guid.NewGuid(), Method = order.Method, Stop = order.Stop, By = order.By, Since = now },
            Due = now + DrainEvery,
        });
        LogDraining(Id, present.Name, order.Method, order.Stop, order.By);
        await ContinueDrain();
        return new(OutcomeKind.Done);
    }

    public async Task<Outcome> Undrain(string by)
    {
        if (_record.Value is not { Removing: false } present)
            return new(OutcomeKind.NotFound);
        if (present.Drain is null)
            return new(OutcomeKind.AlreadyDone);
        await _record.Write(present with { Drain = null, Due = null });
        LogUndrained(Id, present.Name, by);
        return new(OutcomeKind.Done);
    }

    /// <summary>The drain's next step: looks at what is here, does one thing for each whose turn it is, and writes down what became of it.</summary>
    private async Task ContinueDrain()
    {
        if (_record.Value is not { Drain: { Finished: null } drain } present)
            return;
        if (present.Status != HostStatus.Up)
        {
            // Unknown is not failed: nothing is stopped or given up for want of a host that may be lost, whose machines are then recovered.
            await _record.Write(present with { Due = _time.GetUtcNow() + DrainEvery });
            return;
        }
        await _claims.Barrier(Id);   // who was being placed here when the drain began is here now
        var now = _time.GetUtcNow();
        var here = (await _claims.OnHost(Id)).Where(p => p.Term != "network").ToList();
        var known = drain.Objects.ToDictionary(o => o.Id);
        var objects = drain.Objects.Concat(here.Where(p => !known.ContainsKey(p.Consumer)).Select(p => new DrainedObject(p.Term, p.Consumer) { At = now })).ToArray();
        var moving = objects.Count(o => o.State == DrainState.Moving);
        for (var i = 0; i < objects.Length; i++)
        {
            // What went and is not here has no more steps, and neither has what stays and is here.
            if (DrainSteps.IsEnd(objects[i].State) && here.Any(p => p.Consumer == objects[i].Id) != (objects[i].State is DrainState.Moved or DrainState.Gone))
                continue;
            var machinesAreDone = objects.All(o => o.Term != "compute" || DrainSteps.IsEnd(o.State));
            var next = await StepOf(objects[i], drain, moving < DrainSteps.MovesAtOnce, machinesAreDone);
            moving += (next.State == DrainState.Moving ? 1 : 0) - (objects[i].State == DrainState.Moving ? 1 : 0);
            if (next.State != objects[i].State)
            {
                LogDrained(Id, next.Term, next.Id, next.State, next.Why);
                next = next with { At = now };
            }
            objects[i] = next;
        }
        var finished = objects.All(o => DrainSteps.IsEnd(o.State));
        var after = drain with { Objects = objects, Finished = finished ? now : null };
        await _record.Write(_record.Value! with { Drain = after, Due = finished ? null : now + DrainEvery });
        if (finished)
            LogDrainFinished(Id, present.Name, HostProjection.Summary(after) ?? "nothing was on it.");
    }

    private async Task<DrainedObject> StepOf(DrainedObject at, HostDrain drain, bool mayMove, bool machinesAreDone)
    {
        try
        {
            if (at.Term != "compute")
                return await StepOfStorage(at, machinesAreDone);
            return await DrainSteps.Next(new DrainedMachine(GrainFactory, Id, at.Id, $"the drain of host {_record.Value!.Name}, ordered by {drain.By}"), at, drain, mayMove, _time.GetUtcNow());
        }
        catch (Exception e)
        {
            // One machine's trouble is not the others'; it is looked at again.
            LogNotDrained(e, Id, at.Term, at.Id);
            return at with { Why = e.Message };
        }
    }

    /// <summary>Volumes go with the machines that have them.</summary>
    private async Task<DrainedObject> StepOfStorage(DrainedObject at, bool machinesAreDone)
    {
        var entity = Entity<IEntityGrain>(at.Term, at.Id);
        if (await entity.View(DrainedMachine.Anyone) is not { } view)
            return at with { State = DrainState.Gone, Why = null };
        at = at with { Title = view.Attributes.Text(CoreKinds.Title) };
        if ((await entity.AsReference<IExplainedGrain>().Explain())?.Host is { } there && there != Id)
            return at with { State = DrainState.Moved, To = there, Why = null };
        return !machinesAreDone ? at with { State = DrainState.Waiting }
            : at with { State = DrainState.Left, Why = view.Attributes.ContainsKey(Pools.OfStorage.Name)
                ? "It is in a shared pool: it goes with the next machine on another host that it is linked to."
                : "Its data is in this host's own pool, and no machine has taken it along." };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) is being drained: {Method}, stop {Stop}, by {By}")]
    private partial void LogDraining(Guid host, string name, DrainMethod method, DrainStop stop, string by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) takes machines again, by {By}")]
    private partial void LogUndrained(Guid host, string name, string by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host}: {Term} {Entity} is {State} in the drain: {Why}")]
    private partial void LogDrained(Guid host, string term, Guid entity, DrainState state, string? why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) is drained: {Summary}")]
    private partial void LogDrainFinished(Guid host, string name, string summary);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host}: {Term} {Entity} could not be looked at for the drain; it is tried again")]
    private partial void LogNotDrained(Exception cause, Guid host, string term, Guid entity);
}
