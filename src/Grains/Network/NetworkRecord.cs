using System.Text.Json.Serialization;
using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Network;

/// <summary>All that is durable of a network. Persisted: additive changes only.</summary>
internal sealed record NetworkRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset Created { get; init; }

    public NetworkPhase Phase { get; init; }

    public string[] Mixins { get; init; } = [];

    public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    public long Generation { get; init; }

    /// <summary>What its hosts know it by: the same on every host, and never fenced.</summary>
    [JsonIgnore]
    public Guid OnHosts => Incarnation == Guid.Empty ? Id : Incarnation;

    /// <summary>Claimed subnet, or null: layer 2 only.</summary>
    public string? Cidr { get; init; }

    public string? Gateway { get; init; }

    /// <summary>Hosts that have it, or are to have it.</summary>
    public NetworkOnHost[] Hosts { get; init; } = [];

    /// <summary>Links to it.</summary>
    public Guid[] Members { get; init; } = [];

    public Operation? Operation { get; init; }

    public string? Message { get; init; }

    /// <summary>This life of the network: another one with the same id may have been deleted before. Empty in records of a release that did not tell them apart.</summary>
    public Guid Incarnation { get; init; }

    public bool WantsSubnet => Mixins.Contains(Model.IpNetwork.Mixin.Id.ToString());

    public bool Dhcp => Cidr is not null && Attributes.Text(Model.IpNetwork.Allocation) != "static";

    public bool Nat => Cidr is not null && !Mixins.Contains(Model.NetworkReach.Private.Id.ToString());
}

/// <summary>A host that has the network, and the generation that was seen there; -1: it is gone from there.</summary>
internal sealed record NetworkOnHost(Guid Host, long Generation = 0, string? Failure = null);

/// <summary>What clients see of a network: one pure function of its record.</summary>
internal static class NetworkProjection
{
    public static readonly Func<NetworkRecord, long, EntityView?> View = (record, version) => record.Phase is NetworkPhase.Deleting or NetworkPhase.Creating
        ? null
        : new EntityView
        {
            Id = record.Id,
            Kind = Model.Network.Kind.Id.ToString(),
            Project = record.Project,
            Mixins = record.Mixins,
            Attributes = Attributes(record),
            Actions = [.. ActionsIn(record.Phase).Select(a => a.Id.ToString())],
            Version = version,
            Created = record.Created,
        };

    public static readonly Func<NetworkRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        State = ToOcci(record.Phase),
        Title = record.Attributes.Text(CoreKinds.Title),
        Mixins = record.Mixins,
        Listed = record.Phase is not (NetworkPhase.Deleting or NetworkPhase.Creating),
        Due = record.Operation?.Due,
    };

    public static string ToOcci(NetworkPhase phase) => phase switch
    {
        NetworkPhase.Active or NetworkPhase.Deactivating => "active",
        NetworkPhase.Failed => "error",
        _ => "inactive",
    };

    public static IEnumerable<ActionType> ActionsIn(NetworkPhase phase) => phase switch
    {
        NetworkPhase.Active or NetworkPhase.Activating => [Model.Network.Down],
        NetworkPhase.Inactive or NetworkPhase.Deactivating => [Model.Network.Up],
        NetworkPhase.Failed => [Model.Network.Up, Model.Network.Down],
        _ => [],
    };

    private static Dictionary<string, AttributeValue> Attributes(NetworkRecord record)
    {
        var shown = new Dictionary<string, AttributeValue>(record.Attributes) { [Model.Network.State.Name] = AttributeValue.Of(ToOcci(record.Phase)) };
        if (record is { Cidr: { } cidr, Gateway: { } gateway })
        {
            shown[Model.IpNetwork.Address.Name] = AttributeValue.Of(cidr);
            shown[Model.IpNetwork.Gateway.Name] = AttributeValue.Of(gateway);
            shown.TryAdd(Model.IpNetwork.Allocation.Name, AttributeValue.Of("dynamic"));
        }
        var failures = record.Hosts.Where(h => h.Failure is not null).Select(h => $"Host {h.Host}: {h.Failure}");
        var message = string.Join(' ', failures.Prepend(record.Message).Where(p => !string.IsNullOrEmpty(p)));
        if (message.Length > 0)
            shown[Model.Network.StateMessage.Name] = AttributeValue.Of(message);
        return shown;
    }
}
