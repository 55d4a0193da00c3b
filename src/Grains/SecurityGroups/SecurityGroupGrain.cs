using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Links;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Occi.Extension;

namespace Controller.Grains.SecurityGroups;

/// <summary>
/// A security group. Its links have its rules in their own records, so that a machine can be composed without it; a change is written here first and told to each link until
/// that says that it has it. Group and links never wait for each other in both directions: what the group says to links are signals.
/// </summary>
[GrainType("securitygroup")]
internal sealed partial class SecurityGroupGrain : Grain, ISecurityGroupGrain
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Record<SecurityGroupRecord, EntityView> _record;
    private readonly Sights _sights = new();
    private readonly TimeProvider _time;
    private readonly ILogger<SecurityGroupGrain> _logger;

    public SecurityGroupGrain(
        [PersistentState("securitygroup", "entities")] IPersistentState<Stored<SecurityGroupRecord, EntityView>> state, TimeProvider time, ILogger<SecurityGroupGrain> logger)
    {
        _record = new(state, SecurityGroupProjection.View, SecurityGroupProjection.Index, time);
        (_time, _logger) = (time, logger);
    }

    private Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (_record.Value is { } present)
            return Repeated.Create(command, present.Project, _record.View);
        if (command.Links.Length > 0)
            return new(OutcomeKind.Invalid, "Links that start at a security group are not possible: securitygrouplink goes from a compute to a security group.");
        var (rules, why) = SecurityRules.Read(command.Attributes);
        if (why is not null)
            return new(OutcomeKind.Invalid, why);
        await _record.Write(new()
        {
            Id = Id,
            Project = command.Caller.Project,
            CreatedBy = command.Caller.Principal,
            Created = _time.GetUtcNow(),
            Mixins = command.Mixins,
            Attributes = command.Attributes,
            Rules = rules,
        });
        return new(OutcomeKind.Created, View: _record.View);
    }

    public Task<EntityView?> View(Caller caller) => Task.FromResult(IsThere(caller) ? _record.View : null);

    public async Task<Sight> Look(Caller caller, long known) => _sights.Of(await View(caller), known);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (!IsThere(command.Caller))
            return new(OutcomeKind.NotFound);
        var (next, refused) = Next(command);
        if (refused is not null)
            return refused;
        await _record.Write(next);
        Tell();
        return new(OutcomeKind.Done, View: _record.View);
    }

    public Task<Outcome> Invoke(InvokeAction command) => Task.FromResult(
        IsThere(command.Caller) ? new Outcome(OutcomeKind.NotImplemented, $"{command.Action} is not offered here.", _record.View) : new(OutcomeKind.NotFound));

    public async Task<Outcome> Delete(DeleteEntity command)
    {
        var may = await MayDelete(command, []);
        if (!may.Ok)
            return may;
        await _record.Clear();
        LogDeleted(Id);
        DeactivateOnIdle();
        return may;
    }

    public Task<Outcome> MayUpdate(UpdateEntity command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound) : Next(command).Refused ?? new Outcome(OutcomeKind.Done));

    public Task<Outcome> MayInvoke(InvokeAction command) => Invoke(command);

    public async Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) is { } moved ? moved
        : _record.Value!.Users.Select(u => u.Link).Except([.. going, .. await Going()]).ToArray() is [var first, ..] users
            ? new(OutcomeKind.Conflict, $"{users.Length} link(s) of computes lead to this security group, the first is {first}: delete them first. Without them the machines would be open.")
        : new Outcome(OutcomeKind.Done);

    private Task<Guid[]> Going() => new GoingLinks(GrainFactory).Of(SecurityGroupLink.Kind.Id.Term, _record.Value!.Users.Select(u => u.Link));

    // ---------------------------------------------------------------- links

    public async Task<GroupRules> Attach(Caller caller, Guid link)
    {
        if (!IsThere(caller))
            return new(new(OutcomeKind.Invalid, $"There is no security group {Id}."), 0, []);
        var present = _record.Value!;
        if (present.Users.All(u => u.Link != link))
            await _record.Write(present with { Users = [.. present.Users, new(link, present.RulesVersion)] });
        return new(new(OutcomeKind.Done), present.RulesVersion, present.Rules);
    }

    public async Task Detached(Guid link)
    {
        if (_record.Value is { } present && present.Users.Any(u => u.Link == link))
            await _record.Write(Concluded(present with { Users = [.. present.Users.Where(u => u.Link != link)] }));
    }

    public async Task Taken(Guid link, long version)
    {
        if (_record.Value is not { } present)
            return;
        var next = Concluded(present with { Users = [.. present.Users.Select(u => u.Link == link && u.Version < version ? u with { Version = version } : u)] });
        if (!next.Users.SequenceEqual(present.Users) || next.Operation != present.Operation)
            await _record.Write(next);
    }

    public async Task Reconcile()
    {
        if (_record.Value is not { Operation: { } operation } present)
            return;
        await _record.Write(Concluded(present with { Operation = operation.Again(_time.GetUtcNow()) }));
        Tell();
    }

    private bool IsThere(Caller caller) => _record.View is { } view && caller.Sees(view.Project);

    private (SecurityGroupRecord Record, Outcome? Refused) Next(UpdateEntity command)
    {
        var present = _record.Value!;
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return (present, moved);
        var next = present with { Attributes = Patch.Attributes(present.Attributes, command), Mixins = Patch.Mixins(present.Mixins, command) };
        var (rules, why) = SecurityRules.Read(next.Attributes);
        if (why is not null)
            return (present, new(OutcomeKind.Invalid, why));
        return rules.SequenceEqual(present.Rules)
            ? (next, null)
            : (Concluded(next with { Rules = rules, RulesVersion = present.RulesVersion + 1, Operation = Operation.Begin("tell machines", _time.GetUtcNow(), Limit) }), null);
    }

    private static SecurityGroupRecord Concluded(SecurityGroupRecord record) =>
        record.Users.All(u => u.Version >= record.RulesVersion) ? record with { Operation = null } : record;

    private void Tell()
    {
        var present = _record.Value!;
        foreach (var user in present.Users.Where(u => u.Version < present.RulesVersion))
        {
            var term = SecurityGroupLink.Kind.Id.Term;
            GrainFactory.At<ISecurityGroupLinkGrain>(GrainId.Create(term, GrainKeys.Of(term, user.Link))).RulesChanged(present.RulesVersion, present.Rules).Ignore();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Security group {Group} is gone")]
    private partial void LogDeleted(Guid group);
}
