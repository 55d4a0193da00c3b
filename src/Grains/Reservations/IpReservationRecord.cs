using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Reservations;

/// <summary>Where a reservation is in its life. Persisted: append only, never renumber.</summary>
internal enum ReservationPhase : byte
{
    None = 0,

    /// <summary>Its address is being taken; nobody has been told that it exists.</summary>
    Creating = 1,
    Active = 2,

    /// <summary>Invisible; until no machine has the address any more.</summary>
    Deleting = 3,
}

/// <summary>All that is durable of a reservation. Persisted: additive changes only.</summary>
internal sealed record IpReservationRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset Created { get; init; }

    public ReservationPhase Phase { get; init; }

    public string[] Mixins { get; init; } = [];

    public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    /// <summary>The network that the address is of.</summary>
    public Guid Network { get; init; }

    public FloatingAddress? Address { get; init; }

    /// <summary>The link whose compute has the address; null: nobody has.</summary>
    public Guid? Link { get; init; }

    /// <summary>The link is gone for clients; its machine may still have the address.</summary>
    public bool LinkLeaving { get; init; }

    public Operation? Operation { get; init; }
}

/// <summary>What clients see of a reservation: one pure function of its record.</summary>
internal static class IpReservationProjection
{
    public static readonly Func<IpReservationRecord, long, EntityView?> View = (record, version) => record is not { Phase: ReservationPhase.Active, Address: { } address }
        ? null
        : new EntityView
        {
            Id = record.Id,
            Kind = Model.IpReservation.Kind.Id.ToString(),
            Project = record.Project,
            Mixins = record.Mixins,
            Attributes = new(record.Attributes)
            {
                [Model.IpReservation.Address.Name] = AttributeValue.Of(address.Address),
                [Model.IpReservation.Pool.Name] = AttributeValue.Of(Model.Network.Kind.Location + record.Network.ToString("D")),
                [Model.IpReservation.Used.Name] = AttributeValue.Of(record.Link is not null),
                [Model.IpReservation.State.Name] = AttributeValue.Of("active"),
                [Model.Network.State.Name] = AttributeValue.Of("active"),
            },
            Version = version,
            Created = record.Created,
        };

    public static readonly Func<IpReservationRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        State = "active",
        Target = record.Network,
        Title = record.Attributes.Text(CoreKinds.Title),
        Mixins = record.Mixins,
        Listed = record.Phase == ReservationPhase.Active,
        Due = record.Operation?.Due,
    };
}
