using Controller.Contracts;
using Controller.Grains.Entities;
using Occi.Core;
using Model = Occi.Extension.Host;

namespace Controller.Grains.Hosts;

// The host as an OCCI entity: of no project, and for nobody below an operator.
internal sealed partial class HostGrain
{
    public Task<Outcome> Create(CreateEntity command) =>
        Task.FromResult(new Outcome(OutcomeKind.Forbidden, $"A host is not created by a request: {Model.Kind.ComesBy}."));

    public Task<EntityView?> View(Caller caller) => Task.FromResult(IsThere(caller) ? _record.View?.Entity ?? HostProjection.Entity(_record.Value!, _record.Version) : null);

    public async Task<Sight> Look(Caller caller, long known) => _sights.Of(await View(caller), known);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (Refusal(command) is { } refused)
            return refused;
        var outcome = await Configure(HostRules.Settings(_record.Value!.Settings, command), command.Attributes.Text(CoreKinds.Title));
        return Seen(outcome);
    }

    public async Task<Outcome> Invoke(InvokeAction command)
    {
        if (Refusal(command) is { } refused)
            return refused;
        var by = command.Caller.Principal;
        return Seen(
            command.Action == Model.Approve.ToString() ? await Approve(by)
            : command.Action == Model.Undrain.ToString() ? await Undrain(by)
            : await Drain(new(
                command.Attributes.Text(Model.DrainMethod) switch { "live" => DrainMethod.Live, "cold" => DrainMethod.Cold, _ => DrainMethod.Auto },
                command.Attributes.Text(Model.DrainStop) switch { "graceful" => DrainStop.Graceful, "poweroff" => DrainStop.PowerOff, _ => DrainStop.Never },
                by)));
    }

    public async Task<Outcome> Delete(DeleteEntity command) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? await Discard(force: false, command.Caller.Principal);

    public async Task<Outcome> MayUpdate(UpdateEntity command) =>
        Refusal(command) ?? (HostRules.Refusal(HostRules.Settings(_record.Value!.Settings, command), _record.Value) is { } invalid
            ? new(OutcomeKind.Invalid, invalid)
            : await Bound(HostRules.Settings(_record.Value.Settings, command)) ?? new Outcome(OutcomeKind.Done));

    public Task<Outcome> MayInvoke(InvokeAction command) => Task.FromResult(Refusal(command) ?? new Outcome(OutcomeKind.Done));

    public async Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? await StandsInTheWay(force: false) ?? new Outcome(OutcomeKind.Done);

    /// <summary>Does the next step of a removal or a drain.</summary>
    public async Task Reconcile()
    {
        if (_record.Value is not { Due: not null } present)
            return;
        if (present.Removing)
        {
            await _record.Write(present with { Due = _time.GetUtcNow() + RemovalRetry });
            await FinishRemoval();
        }
        else
        {
            await ContinueDrain();
        }
    }

    private bool IsThere(Caller caller) => caller.Role >= Role.Operator && _record.Value is { Removing: false };

    private Outcome Seen(Outcome outcome) => outcome.Ok && _record.Value is { } present ? outcome with { View = HostProjection.Entity(present, _record.Version) } : outcome;

    private Outcome? Refusal(UpdateEntity command) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) is { } moved ? moved
        : command.Mixins.Length > 0 ? new(OutcomeKind.Invalid, $"A host has no mixins; found {command.Mixins[0]}.")
        : command.Links.Length > 0 ? new(OutcomeKind.Invalid, "A host has no links.")
        : command.Attributes.ContainsKey(CoreKinds.Summary.Name) ? new(OutcomeKind.Invalid, $"A host has no {CoreKinds.Summary.Name}.")
        : null;

    private Outcome? Refusal(InvokeAction command) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) is { } moved ? moved
        : command.Action != Model.Approve.ToString() && command.Action != Model.Undrain.ToString() && command.Action != Model.Drain.ToString()
            ? new(OutcomeKind.NotImplemented, $"{command.Action} is not offered here.")
        : null;
}
