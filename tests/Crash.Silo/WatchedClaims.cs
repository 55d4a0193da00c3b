using Controller.Contracts;
using Controller.Grains.Placement;

namespace Controller.Crash.Silo;

/// <summary>Tells of each transaction of claims.</summary>
internal sealed class WatchedClaims(IClaims claims, Probe probe) : IClaims
{
    public Task<PlacementResult> Place(PlacementRequest request) => probe.Around($"claims/place/{request.Term}", () => claims.Place(request));

    public Task<PlacementResult> Resize(PlacementRequest request, Guid host) => probe.Around($"claims/resize/{request.Term}", () => claims.Resize(request, host));

    public Task Note(string term, Guid consumer, Guid incarnation, Guid host, Guid project) =>
        probe.Around($"claims/note/{term}", () => claims.Note(term, consumer, incarnation, host, project));

    public Task Leave(Guid consumer, Guid incarnation, Guid host) => probe.Around("claims/leave", () => claims.Leave(consumer, incarnation, host));

    public Task Release(Guid consumer, long? version = null) => probe.Around("claims/release", () => claims.Release(consumer, version));

    public Task ReleaseIncarnation(Guid consumer, Guid incarnation) => probe.Around("claims/release-incarnation", () => claims.ReleaseIncarnation(consumer, incarnation));

    public Task<int> ReleaseAddressesBut(Guid consumer, IReadOnlyCollection<Guid> links) =>
        probe.Around("claims/release-addresses", () => claims.ReleaseAddressesBut(consumer, links));

    public Task Forget(Guid host) => probe.Around("claims/forget-host", () => claims.Forget(host));

    public Task<SubnetResult> ClaimSubnet(Guid network, string? wanted, string? gateway, AddressSpan? given = null) =>
        probe.Around("claims/subnet", () => claims.ClaimSubnet(network, wanted, gateway, given));

    public Task<SubnetResult> ClaimSubnet6(Guid network, string? wanted) => probe.Around("claims/subnet6", () => claims.ClaimSubnet6(network, wanted));

    public Task<AddressResult> ClaimAddress(AddressRequest request) => probe.Around("claims/address", () => claims.ClaimAddress(request));

    public Task ReleaseAddress(Guid network, Guid link) => probe.Around("claims/release-address", () => claims.ReleaseAddress(network, link));

    public Task<int> ClaimVni(Guid network) => probe.Around("claims/vni", () => claims.ClaimVni(network));

    public Task Unnote(Guid consumer, Guid host) => probe.Around("claims/unnote", () => claims.Unnote(consumer, host));

    public Task<string?> ClaimNetwork(Guid network, Guid project) => probe.Around("claims/network", () => claims.ClaimNetwork(network, project));

    public Task ReleaseSubnet(Guid network) => probe.Around("claims/release-subnet", () => claims.ReleaseSubnet(network));

    // ---------------------------------------------------------------- what writes nothing

    public Task<IReadOnlyList<(Guid Host, Guid Incarnation)>> Of(Guid consumer) => claims.Of(consumer);

    public Task<IReadOnlyList<Placed>> OnHost(Guid host) => claims.OnHost(host);

    public Task<HostUse> Use(Guid host) => claims.Use(host);

    public Task<HostUse> UseLately(Guid host) => claims.UseLately(host);

    public Task<int> BoundToZone(Guid host) => claims.BoundToZone(host);

    public Task Barrier(Guid host) => claims.Barrier(host);

    public Task<IReadOnlyList<AddressReservation>> Addresses(Guid network) => claims.Addresses(network);

    public Task<IReadOnlyList<Guid>> HostsNeeding(Guid network, Guid? butFor = null) => claims.HostsNeeding(network, butFor);

    public Task<IReadOnlyList<Guid>> FloatingNetworks() => claims.FloatingNetworks();

    public Task<string?> WhyNoMoreReservations(Guid project) => claims.WhyNoMoreReservations(project);
}
