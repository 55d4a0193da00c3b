using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Occi.Extension;

namespace Controller.Grains.SecurityGroups;

/// <summary>All that is durable of a security group. Persisted: additive changes only.</summary>
internal sealed record SecurityGroupRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset Created { get; init; }

    public string[] Mixins { get; init; } = [];

    /// <summary>The rules as the client wrote them are among these.</summary>
    public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    public SecurityRule[] Rules { get; init; } = [];

    /// <summary>Grows with every change of the rules.</summary>
    public long RulesVersion { get; init; } = 1;

    /// <summary>Links to it.</summary>
    public GroupUser[] Users { get; init; } = [];

    /// <summary>There while links are still to be told of a change.</summary>
    public Operation? Operation { get; init; }
}

/// <param name="Link">A link to the group.</param>
/// <param name="Version">Of the rules that it is known to have.</param>
internal sealed record GroupUser(Guid Link, long Version);

/// <summary>What clients see of a security group: one pure function of its record.</summary>
internal static class SecurityGroupProjection
{
    public static readonly Func<SecurityGroupRecord, long, EntityView?> View = (record, version) => new EntityView
    {
        Id = record.Id,
        Kind = SecurityGroup.Kind.Id.ToString(),
        Project = record.Project,
        Mixins = record.Mixins,
        Attributes = new(record.Attributes) { [SecurityGroup.State.Name] = AttributeValue.Of(ToOcci(record)) },
        Version = version,
        Created = record.Created,
    };

    public static readonly Func<SecurityGroupRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        State = ToOcci(record),
        Title = record.Attributes.Text(CoreKinds.Title),
        Mixins = record.Mixins,
        Due = record.Operation?.Due,
    };

    private static string ToOcci(SecurityGroupRecord record) => record.Operation is null ? "active" : "inactive";
}
