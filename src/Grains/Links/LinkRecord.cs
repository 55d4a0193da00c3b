using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;

namespace Controller.Grains.Links;

/// <summary>All that is durable of a link. Persisted: additive changes only.</summary>
internal sealed record LinkRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset Created { get; init; }

    public LinkPhase Phase { get; init; }

    public required Guid Source { get; init; }

    public required Guid Target { get; init; }

    public string[] Mixins { get; init; } = [];

    public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    /// <summary>Among the compute's disks or NICs, from 0; -1: not given yet.</summary>
    public int Slot { get; init; } = -1;

    /// <summary>Of a NIC.</summary>
    public string? Mac { get; init; }

    public string? Address { get; init; }

    public string? Gateway { get; init; }

    /// <summary>Of a NIC on a network with IPv6.</summary>
    public string? Address6 { get; init; }

    /// <summary>What a NIC's guest is told.</summary>
    public NicSettings? Settings { get; init; }

    /// <summary>The address that the guest itself says it has there.</summary>
    public string? Guest { get; init; }

    /// <summary>What the machine calls it, once seen.</summary>
    public string? Device { get; init; }

    /// <summary>Of a disk: the shared pool that it is in; null: its host's own.</summary>
    public Guid? Pool { get; init; }

    /// <summary>Of a link to a security group: the one NIC that is meant; null: all.</summary>
    public Guid? Nic { get; init; }

    /// <summary>Of a link to a security group: its rules, as of a version.</summary>
    public SecurityRule[]? Rules { get; init; }

    public long RulesVersion { get; init; }

    /// <summary>Of a network interface to a reservation: its address. Such a one is no NIC.</summary>
    public FloatingAddress? Floating { get; init; }

    /// <summary>The term of the kind of its target, where its kind leads to several.</summary>
    public string? TargetTerm { get; init; }

    public Operation? Operation { get; init; }

    public string? Message { get; init; }
}

/// <summary>What all kinds of link show alike.</summary>
internal static class LinkProjection
{
    public static EntityView? View(LinkRecord record, long version, Kind kind, Kind target, Attr state, Attr stateMessage, Action<LinkRecord, Dictionary<string, AttributeValue>> own)
    {
        if (record.Phase is LinkPhase.Attaching or LinkPhase.Detaching)
            return null;
        var shown = new Dictionary<string, AttributeValue>(record.Attributes)
        {
            [CoreKinds.Source.Name] = AttributeValue.Of(Occi.Infrastructure.Compute.Kind.Location + record.Source.ToString("D")),
            [CoreKinds.SourceKind.Name] = AttributeValue.Of(Occi.Infrastructure.Compute.Kind.Id.ToString()),
            [CoreKinds.Target.Name] = AttributeValue.Of(target.Location + record.Target.ToString("D")),
            [CoreKinds.TargetKind.Name] = AttributeValue.Of(target.Id.ToString()),
            [state.Name] = AttributeValue.Of(LinkLifecycle.ToOcci(record.Phase)),
        };
        if (record.Message is { } message)
            shown[stateMessage.Name] = AttributeValue.Of(message);
        own(record, shown);
        return new()
        {
            Id = record.Id,
            Kind = kind.Id.ToString(),
            Project = record.Project,
            Mixins = record.Mixins,
            Attributes = shown,
            Version = version,
            Created = record.Created,
            Source = record.Source,
        };
    }

    public static EntityIndex Index(LinkRecord record) => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        Source = record.Source,
        Target = record.Target,
        State = LinkLifecycle.ToOcci(record.Phase),
        Title = record.Attributes.Text(CoreKinds.Title),
        Mixins = record.Mixins,
        Listed = record.Phase is not (LinkPhase.Attaching or LinkPhase.Detaching),
        Due = record.Operation?.Due,
    };
}
