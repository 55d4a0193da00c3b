using Controller.Contracts;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Occi;
using Occi.Extension;
using Orleans.Placement;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Links;

/// <summary>A NIC: compute to network. Or, where it leads to a reservation, no device but an address of the world outside.</summary>
[GrainType("networkinterface"), PreferLocalPlacement]
internal sealed class NetworkInterfaceGrain(
    [PersistentState("networkinterface", "entities")] IPersistentState<Stored<LinkRecord, EntityView>> state, TimeProvider time, ILogger<NetworkInterfaceGrain> logger)
    : LinkGrain(state, time, logger)
{
    private static readonly string AddressMixin = Model.IpNetworkInterface.Mixin.Id.ToString();
    private static readonly string Address6Mixin = Networking.InterfaceIpv6.Id.ToString();

    protected override Kind TargetKind => Model.Network.Kind;

    protected override EntityView? Project(LinkRecord record, long version) => LinkProjection.View(
        Exposed(record), version, Model.NetworkInterface.Kind, record.TargetTerm is null ? Model.Network.Kind : Model.IpReservation.Kind, Model.NetworkInterface.State, Model.NetworkInterface.StateMessage, Own);

    protected override Kind TargetKindOf(string? target) => NicAddressing.IsReservation(target) ? Model.IpReservation.Kind : Model.Network.Kind;

    protected override string SlotTerm => Record.Value?.TargetTerm ?? Model.NetworkInterface.Kind.Id.Term;

    protected override (LinkRecord Record, string? Why) Complete(LinkRecord record) => record.TargetTerm is not null
        ? (Exposed(record), null)
        : (Exposed(record with { Mac = NicAddressing.Mac(record.Attributes, record.Id) }), null);

    protected override async Task<(LinkRecord Record, AttachResult Result)> Arrange(LinkRecord record, Caller caller)
    {
        if (record.TargetTerm is not null)
        {
            var given = await Reservation(record).Attach(caller, Id);
            return (Exposed(record with { Floating = given.Address, Address = given.Address?.Address }), new(given.Outcome, null));
        }
        var wanted = NicAddressing.Wanted(record.Attributes);
        var connected = await Target(record).Connect(caller, Id, record.Source, record.Mac!, wanted, NicAddressing.Hostname(record.Source));
        if (!connected.Outcome.Ok)
            return (record, new(connected.Outcome, null));
        var next = record with { Address = connected.Address, Gateway = connected.Gateway, Address6 = connected.Address6, Settings = connected.Settings };
        return (Exposed(next), new(connected.Outcome, null));
    }

    /// <summary>What the network gave is shown, whether the client asked for the mixin or not.</summary>
    private static LinkRecord Exposed(LinkRecord record)
    {
        string[] shown = [.. (record.Address ?? record.Guest) is null ? [] : (string[])[AddressMixin], .. record.Address6 is null ? [] : (string[])[Address6Mixin]];
        return shown.Except(record.Mixins).Any() ? record with { Mixins = [.. record.Mixins.Union(shown)] } : record;
    }

    protected override Task Leave(LinkRecord record) => record.TargetTerm is null ? Target(record).Leaving(Id) : Reservation(record).Leaving(Id);

    protected override Task Free(LinkRecord record) => record.TargetTerm is null ? Target(record).Disconnected(Id) : Reservation(record).Detached(Id);

    protected override Attachment Device(LinkRecord record) => record.TargetTerm is not null
        ? new(null, null) { Floating = record.Floating }
        : new(null, new(record.Id, record.Target, record.Mac!, record.Address, "eth" + record.Slot) { Address6 = record.Address6, Settings = record.Settings });

    private INetworkGrain Target(LinkRecord record) => GrainFactory.At<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", record.Target)));

    private IIpReservationGrain Reservation(LinkRecord record) =>
        GrainFactory.At<IIpReservationGrain>(GrainId.Create("ipreservation", GrainKeys.Of("ipreservation", record.Target)));

    private static void Own(LinkRecord record, Dictionary<string, AttributeValue> shown)
    {
        if (record.Mac is { } mac)
        {
            shown[Model.NetworkInterface.Interface.Name] = AttributeValue.Of(record.Device ?? "eth" + Math.Max(0, record.Slot));
            shown[Model.NetworkInterface.Mac.Name] = AttributeValue.Of(mac);
        }
        if (record.Address6 is not null)
            shown[Networking.InterfaceAddress6.Name] = AttributeValue.Of(record.Address6);
        if (record is { Address6: not null, Settings.Gateway6: { } gateway6 })
            shown[Networking.InterfaceGateway6.Name] = AttributeValue.Of(gateway6);
        if (record.Address is null && record.Guest is { } said)
            shown[Model.IpNetworkInterface.Address.Name] = AttributeValue.Of(said);
        if (record.Address is null)
            return;
        shown[Model.IpNetworkInterface.Address.Name] = AttributeValue.Of(record.Address);
        if (record.Gateway is { } gateway)
            shown[Model.IpNetworkInterface.Gateway.Name] = AttributeValue.Of(gateway);
        shown.TryAdd(Model.IpNetworkInterface.Allocation.Name, AttributeValue.Of("dynamic"));
    }
}
