using System.Text.Json.Serialization;
using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Occi.Extension;
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

    /// <summary>Claimed VXLAN identifier; 0: none yet, for no host of it has an underlay address.</summary>
    public int Vni { get; init; }

    /// <summary>What fits between hosts, once there is a way between them; 0: their default.</summary>
    public int OverlayMtu { get; init; }

    /// <summary>Claimed IPv6 range, or null.</summary>
    public string? Cidr6 { get; init; }

    public string? Gateway6 { get; init; }

    public int Mtu => (int)(Patch.Number(Attributes, Networking.Mtu) ?? OverlayMtu);

    public string? Physical => Mixins.Contains(Networking.Bridged.Id.ToString()) ? Attributes.Text(Networking.Physical) : null;

    public int Vlan => Physical is null ? 0 : (int)(Patch.Number(Attributes, Model.Network.Vlan) ?? 0);

    public bool WantsSubnet6 => Mixins.Contains(Networking.Ipv6.Id.ToString());

    public bool WantsSubnet => Mixins.Contains(Model.IpNetwork.Mixin.Id.ToString());

    public bool Dhcp => Cidr is not null && Physical is null && Attributes.Text(Model.IpNetwork.Allocation) != "static";

    public bool Nat => Cidr is not null && Physical is null && !Mixins.Contains(Model.NetworkReach.Private.Id.ToString());
}

/// <param name="Host">A host that has the network.</param>
/// <param name="Generation">What was seen there; -1: it is gone from there.</param>
/// <param name="Failure">What went wrong there.</param>
/// <param name="Underlay">Where other hosts reach it; null: they do not.</param>
/// <param name="LeavingSince">The generation that told it to let the network go; 0: it was not told so.</param>
/// <param name="Again">It is to have it again, once it has let it go.</param>
internal sealed record NetworkOnHost(
    Guid Host, long Generation = 0, string? Failure = null, string? Underlay = null, long LeavingSince = 0, bool Again = false);

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
        Operations = Operation.UnderWay(record.Operation),
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
        if (record is { Cidr6: { } cidr6, Gateway6: { } gateway6 })
        {
            shown[Networking.Range6.Name] = AttributeValue.Of(cidr6);
            shown[Networking.Gateway6.Name] = AttributeValue.Of(gateway6);
        }
        var failures = record.Hosts.Where(h => h.Failure is not null).Select(h => $"Host {h.Host}: {h.Failure}");
        var message = string.Join(' ', failures.Prepend(record.Message).Append(NetworkHosts.Apart(record)).Where(p => !string.IsNullOrEmpty(p)));
        if (message.Length > 0)
            shown[Model.Network.StateMessage.Name] = AttributeValue.Of(message);
        return shown;
    }
}
