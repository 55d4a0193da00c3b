using Controller.Contracts;

namespace Controller.Grains.Placement;

/// <summary>
/// Claims are rows, written in one transaction: all of a request or nothing. What is used is always the sum of rows, never a counter that can drift.
/// Every method may be repeated.
/// </summary>
public interface IClaims
{
    /// <summary>
    /// Finds a host and takes, in one transaction, what is asked of it, of the project's quota and of networks. A repeat with the same incarnation answers the same host.
    /// </summary>
    Task<PlacementResult> Place(PlacementRequest request);

    /// <summary>Changes what an incarnation takes of its host and project.</summary>
    Task<PlacementResult> Resize(PlacementRequest request, Guid host);

    /// <summary>Notes that an object without weight (a network) is on a host.</summary>
    Task Note(string term, Guid consumer, Guid incarnation, Guid host, Guid project);

    /// <summary>An object that is noted on several hosts is on that one no more.</summary>
    Task Leave(Guid consumer, Guid incarnation, Guid host);

    /// <summary>
    /// Gives everything back that the consumer holds: of hosts, of pools, of its quota, and addresses. With the <paramref name="version"/> of its record that this was decided on, only while
    /// that stands: what was decided before somebody else went on with it is not done any more.
    /// </summary>
    Task Release(Guid consumer, long? version = null);

    /// <summary>Gives back what one placement of the consumer holds of its host; its addresses and its other placements stay.</summary>
    Task ReleaseIncarnation(Guid consumer, Guid incarnation);

    /// <summary>Where the consumer has a claim: each placement of it.</summary>
    Task<IReadOnlyList<(Guid Host, Guid Incarnation)>> Of(Guid consumer);

    /// <summary>Gives back the consumer's addresses but those of these links; how many they were.</summary>
    Task<int> ReleaseAddressesBut(Guid consumer, IReadOnlyCollection<Guid> links);

    /// <summary>Which objects are on a host.</summary>
    Task<IReadOnlyList<Placed>> OnHost(Guid host);

    /// <summary>What is placed on a host, and what could be.</summary>
    Task<HostUse> Use(Guid host);

    /// <summary>As <see cref="Use"/>, of some seconds ago: asked for by every host all the time, it is looked up for all of them at once.</summary>
    Task<HostUse> UseLately(Guid host) => Use(host);

    /// <summary>How many objects are on a host because of its zone.</summary>
    Task<int> BoundToZone(Guid host);

    /// <summary>Waits until every placement on a host that began before has ended: what was written of the host before this call, those that come later have read.</summary>
    Task Barrier(Guid host);

    /// <summary>Gives back whatever is still claimed of a host that is no more.</summary>
    Task Forget(Guid host);

    /// <summary>
    /// Takes the subnet <paramref name="wanted"/>, or a free one; its gateway is the one wanted, or the first address. Null with the reason when it overlaps another network's.
    /// </summary>
    /// <param name="network">A repeat changes what is given out of its subnet, and nothing else.</param>
    /// <param name="wanted">CIDR.</param>
    /// <param name="gateway">An address in it.</param>
    /// <param name="given">The addresses that are given out; null: all.</param>
    Task<SubnetResult> ClaimSubnet(Guid network, string? wanted, string? gateway, AddressSpan? given = null);

    /// <summary>Takes an address of the network's subnet, the wanted one or the lowest free one. A repeat answers the same address.</summary>
    Task<AddressResult> ClaimAddress(AddressRequest request);

    Task ReleaseAddress(Guid network, Guid link);

    /// <summary>All addresses taken of a network.</summary>
    Task<IReadOnlyList<AddressReservation>> Addresses(Guid network);

    /// <summary>Takes an IPv6 range of 64 bits, as <see cref="ClaimSubnet"/> does; its gateway is the first address.</summary>
    Task<SubnetResult> ClaimSubnet6(Guid network, string? wanted);

    /// <summary>Takes a VXLAN identifier for the network. A repeat answers the same one.</summary>
    Task<int> ClaimVni(Guid network);

    /// <summary>Hosts on which a compute is placed that has a NIC on the network, other than <paramref name="butFor"/>.</summary>
    Task<IReadOnlyList<Guid>> HostsNeeding(Guid network, Guid? butFor = null);

    /// <summary>Networks of which projects may reserve addresses.</summary>
    Task<IReadOnlyList<Guid>> FloatingNetworks();

    /// <summary>Why a project can reserve no more addresses; null: it can.</summary>
    Task<string?> WhyNoMoreReservations(Guid project);

    /// <summary>Counts a network that is about to be made; why not: the project's quota of networks. <see cref="ReleaseSubnet"/> gives it back. A repeat is counted once.</summary>
    Task<string?> ClaimNetwork(Guid network, Guid project);

    /// <summary>Undoes <see cref="Note"/>.</summary>
    Task Unnote(Guid consumer, Guid host);

    /// <summary>Gives a network's subnets, its VXLAN identifier and all of its addresses back.</summary>
    Task ReleaseSubnet(Guid network);
}

/// <summary>What an object asks of a host. <see cref="OnlyHost"/>: it must be that one (its volumes are there).</summary>
public sealed record PlacementRequest(
    string Term, Guid Consumer, Guid Incarnation, Guid Project, int Cores, long MemoryBytes, long DiskBytes, string? Architecture, Guid? OnlyHost)
{
    /// <summary>
    /// The version of the consumer's record that this was decided on; null: whatever it is, or there is none yet. Where another stands, nothing is taken and an
    /// <see cref="Orleans.Storage.InconsistentStateException"/> is thrown: somebody else has gone on with it, or a write of one's own was done and its answer lost. It ends the activation, as
    /// a write to a row that has moved does, and the next one reads what is so.
    /// </summary>
    public long? Version { get; init; }

    /// <summary>Addresses to take with it: of networks that have a range; others are left out.</summary>
    public IReadOnlyList<AddressRequest> Addresses { get; init; } = [];

    /// <summary>Availability zone that the host must be in; null: any.</summary>
    public string? Zone { get; init; }

    /// <summary>Group of the project to be placed with or apart from; null: none.</summary>
    public PlacementGroup? Group { get; init; }

    /// <summary>What the host's driver must be able to do, by the names of its capabilities: <c>firmware-uefi</c>.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>Digest of the image that it boots from: hosts where another machine has it are preferred.</summary>
    public string? Image { get; init; }

    /// <summary>Name of the shared pool that <see cref="DiskBytes"/> are taken of; null: the host's own.</summary>
    public string? Pool { get; init; }

    /// <summary>Shared pools that the host must see: what is in them is to be used there.</summary>
    public IReadOnlyList<Guid> SeesPools { get; init; } = [];

    /// <summary>What is taken of the host's own pool.</summary>
    public long LocalDiskBytes => Pool is null ? DiskBytes : 0;

    /// <summary>Volumes that go along, to be on the host's own disks: claimed with it, and counted once in their project's quota.</summary>
    public IReadOnlyList<VolumeClaim> Volumes { get; init; } = [];

    /// <summary>What must be free of the host's own pool.</summary>
    public long NeededDiskBytes => LocalDiskBytes + Volumes.Sum(v => v.Bytes);

    /// <summary>Hosts that it must not be.</summary>
    public IReadOnlyList<Guid> ExceptHosts { get; init; } = [];

    /// <summary>It comes from a host with this driver: the host must have the same, and take machines from others. Null: it comes from nowhere.</summary>
    public string? FromDriver { get; init; }
}

/// <summary>A volume, as it will be on the host.</summary>
public sealed record VolumeClaim(Guid Volume, Guid Incarnation, long Bytes, string? Zone);

/// <summary>A group within a project: all of it on one host, or (<paramref name="Apart"/>) no two of it.</summary>
public sealed record PlacementGroup(string Name, bool Apart)
{
    /// <summary>How claims name it.</summary>
    public string Key => (Apart ? "anti-affinity#" : "affinity#") + Name;
}

/// <summary>A host, or why there is none: <see cref="OutcomeKind.NoCapacity"/>, <see cref="OutcomeKind.QuotaExceeded"/>, or <see cref="OutcomeKind.Conflict"/> for an address.</summary>
public sealed record PlacementResult(Guid? Host, OutcomeKind Kind, string? Why)
{
    /// <summary>The shared pool that was chosen, where one was asked for.</summary>
    public Guid? Pool { get; init; }
}

/// <summary>An object that is on a host.</summary>
public sealed record Placed(string Term, Guid Consumer, Guid Incarnation);

/// <summary>A subnet in CIDR notation and its gateway, or why there is none.</summary>
public sealed record SubnetResult(string? Cidr, string? Gateway, string? Why);

/// <summary>From the first to the last IPv4 address.</summary>
public sealed record AddressSpan(string First, string Last);

/// <summary>Asks for an address of a network that has a subnet; its gateway is never given out. <see cref="Consumer"/>: whose NIC it is.</summary>
public sealed record AddressRequest(Guid Network, Guid Link, Guid Consumer, string Mac, string? Wanted, string? Hostname)
{
    /// <summary>Whose it will be; null: as the rows of the link or the consumer say.</summary>
    public Guid? Project { get; init; }
}

/// <summary>An address, or why there is none.</summary>
public sealed record AddressResult(string? Address, string? Why)
{
    /// <summary>It is the project's quota that stands in the way.</summary>
    public bool OverQuota { get; init; }
}
