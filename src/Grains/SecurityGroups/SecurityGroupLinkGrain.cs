using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Links;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Occi;
using Occi.Extension;

namespace Controller.Grains.SecurityGroups;

/// <summary>A compute in a security group, with all of its NICs or with one.</summary>
[GrainType("securitygrouplink")]
internal sealed class SecurityGroupLinkGrain(
    [PersistentState("securitygrouplink", "entities")] IPersistentState<Stored<LinkRecord, EntityView>> state, TimeProvider time, ILogger<SecurityGroupLinkGrain> logger)
    : LinkGrain(state, time, logger), ISecurityGroupLinkGrain
{
    private const string NicTerm = "networkinterface";

    protected override Kind TargetKind => SecurityGroup.Kind;

    protected override EntityView? Project(LinkRecord record, long version) => LinkProjection.View(
        record, version, SecurityGroupLink.Kind, SecurityGroup.Kind, SecurityGroupLink.State, SecurityGroupLink.StateMessage, (_, _) => { });

    protected override (LinkRecord Record, string? Why) Complete(LinkRecord record) => record.Attributes.Text(SecurityGroupLink.Nic) is not { } meant ? (record, null)
        : EndOf(meant, NicTerm) is { } nic ? (record with { Nic = nic }, null)
        : (record, $"{SecurityGroupLink.Nic.Name}: a network interface was wanted, \"{meant}\" was given.");

    protected override async Task<(LinkRecord Record, AttachResult Result)> Arrange(LinkRecord record, Caller caller)
    {
        // Of one that is made with its compute, the compute has seen to that: its NICs may not be there yet.
        if (record is { Nic: { } nic, Slot: < 0 } && (await GrainFactory.Entity(NicTerm, nic).View(caller))?.Source != record.Source)
            return (record, new(new(OutcomeKind.Invalid, $"{SecurityGroupLink.Nic.Name}: compute {record.Source} has no network interface {nic}."), null));
        var rules = await Target(record).Attach(caller, Id);
        return (record with { Rules = rules.Rules, RulesVersion = rules.Version }, new(rules.Outcome, null));
    }

    protected override Task Leave(LinkRecord record) => Target(record).Detached(Id);

    protected override Task Free(LinkRecord record) => Target(record).Detached(Id);

    protected override Attachment Device(LinkRecord record) => new(null, null) { Group = new(record.Id, record.Nic, record.Rules ?? []) };

    public async Task RulesChanged(long version, SecurityRule[] rules)
    {
        if (Record.Value is not { Phase: not LinkPhase.Detaching } present || present.RulesVersion >= version)
        {
            if (Record.Value is { } there && there.Phase != LinkPhase.Detaching)
                await Target(there).Taken(Id, there.RulesVersion);
            return;   // one that is going tells the group so
        }
        await Change(r => r with { Rules = rules, RulesVersion = version });
        await Target(present).Taken(Id, version);
    }

    private ISecurityGroupGrain Target(LinkRecord record) => GrainFactory.At<ISecurityGroupGrain>(GrainId.Create("securitygroup", GrainKeys.Of("securitygroup", record.Target)));
}
