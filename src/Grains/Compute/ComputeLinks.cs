using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Links;
using Occi.Extension;

namespace Controller.Grains.Compute;

/// <summary>What a compute asks of the links that start at it.</summary>
internal sealed class ComputeLinks(IGrainFactory grains)
{
    /// <summary>Sees what is another project's.</summary>
    private static readonly Caller Everything = new(Guid.Empty, Role.Admin, "compute");

    private (EntityView Of, EntityView As)? _shown;

    public ILinkGrain Of(ComputeLink link) => grains.At<ILinkGrain>(GrainId.Create(link.Term, GrainKeys.Of(link.Term, link.Id)));

    public INetworkGrain Network(Guid id) => grains.At<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", id)));

    public IStorageGrain Storage(Guid id) => grains.At<IStorageGrain>(GrainId.Create("storage", GrainKeys.Of("storage", id)));

    public async Task<EntityView[]> Views(ComputeLink[] links)
    {
        // A link's own project was checked when it was made; its source's reader may see it.
        var views = await Task.WhenAll(links.Select(l => Of(l).View(Everything)));
        return [.. views.Where(v => v is not null).Select(v => v!)];
    }

    /// <summary>The compute with its links; the object of last time, where that still says the same.</summary>
    public EntityView Shown(EntityView compute, EntityView[] links)
    {
        if (_shown is not { } shown || !ReferenceEquals(shown.Of, compute) || !AreSame(shown.As.Links, links))
            _shown = shown = (compute, compute with { Links = links });
        return shown.As;
    }

    // Of a link in another silo it is a copy each time. One that was deleted and made anew under its id was created at another time.
    private static bool AreSame(EntityView[] some, EntityView[] others)
    {
        if (some.Length != others.Length)
            return false;
        for (var i = 0; i < some.Length; i++)
        {
            if (!ReferenceEquals(some[i], others[i]) && (some[i].Id != others[i].Id || some[i].Version != others[i].Version || some[i].Created != others[i].Created))
                return false;
        }
        return true;
    }

    public async Task<Attachment[]> Attachments(ComputeLink[] links)
    {
        var found = await Task.WhenAll(links.Select(l => Of(l).Attachment()));
        return [.. found.Where(a => a is not null).Select(a => a!)];
    }

    /// <summary>Whether the networks of new NICs are there for their caller: before anything of theirs is claimed.</summary>
    public async Task<Outcome?> Visible(ComputeRecord record)
    {
        foreach (var nic in NicAddressing.Of(record.Id, record.Inline))
        {
            if (await Network(nic.Network).View(record.Inline.First(l => l.Id == nic.Link).Caller) is null)
                return new(OutcomeKind.Invalid, $"There is no network {nic.Network}.");
        }
        return null;
    }

    /// <summary>Names of the physical networks that its NICs' networks lead to, those still to be made too, and the networks of addresses that were reserved for it.</summary>
    public async Task<IReadOnlyCollection<string>> PhysicalNetworks(ComputeRecord record)
    {
        var made = (await Attachments(record.Links)).Select(a => a.Nic?.Network ?? a.Floating?.Network).OfType<Guid>();
        var networks = made.Concat(NicAddressing.Of(record.Id, record.Inline).Select(nic => nic.Network)).Distinct();
        var views = await Task.WhenAll(networks.Select(network => Network(network).View(Everything)));
        return [.. views.Select(view => view?.Attributes.Text(Networking.Physical)).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
    }

    public Task<AttachResult> Make(CreateEntity link, ComputeRecord source)
    {
        var reference = source.Links.First(l => l.Id == link.Id);
        return Of(reference).CreateFrom(link, source.Id, reference.Slot);
    }

    /// <summary>
    /// Tells links that their source is going. Waited for, so that what they were linked to can be deleted at once, but not for long: a link that is being made at this moment
    /// waits for its source in turn, and hears of it when the sweeper repeats this.
    /// </summary>
    public async Task Going(ComputeLink[] links, TimeProvider time) =>
        await Task.WhenAll(links.Select(l => Of(l).SourceGoing())).WaitAsync(TimeSpan.FromSeconds(2), time).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    public Task SourceGone(ComputeLink link) => Of(link).SourceGone();

    /// <summary>Answers a link that asks again to go, and whose term is not known any more: every kind of link is asked.</summary>
    public Task Gone(Guid link, bool active) => Task.WhenAll(
        Of(new(link, "networkinterface", 0)).Observed(null, active), Of(new(link, "storagelink", 0)).Observed(null, active), Of(new(link, SecurityGroup, 0)).Observed(null, active));

    /// <summary>For which every host's machines have ports, beside their other devices.</summary>
    private const int MostDevices = 15;
    private const int MostGroups = 10;
    private const int MostFloating = 8;
    private static readonly string SecurityGroup = SecurityGroupLink.Kind.Id.Term;

    /// <summary>Whether it is a link to a security group, which is no device.</summary>
    public static bool IsGroup(ComputeLink link) => link.Term == SecurityGroup;

    /// <summary>Whether it is one that no device of the machine stands for.</summary>
    public static bool IsNoDevice(ComputeLink link) => IsGroup(link) || link.Floating;

    /// <summary>Why a compute cannot have these links; null when it can.</summary>
    public static string? Refusal(IReadOnlyCollection<ComputeLink> links) =>
        links.Count(l => !IsNoDevice(l)) is > MostDevices and var devices ? $"A compute has ports for {MostDevices} storage links and network interfaces in all, and was to have {devices}."
        : links.Count(IsGroup) is > MostGroups and var groups ? $"A compute can be in {MostGroups} security groups, and was to be in {groups}."
        : links.Count(l => l.Floating) is > MostFloating and var floating ? $"A compute can have {MostFloating} reserved addresses, and was to have {floating}."
        : null;

    public static string? Refusal(ComputeRecord present, UpdateEntity update) =>
        Refusal([.. present.Links, .. update.Links.Where(l => present.Links.All(p => p.Id != l.Id)).Select(l => Of(l, 0))]);

    /// <summary>A link as its compute knows it.</summary>
    public static ComputeLink Of(CreateEntity link, int slot) =>
        new(link.Id, TermOf(link.Kind), slot) { Floating = link.Kind == Occi.Infrastructure.NetworkInterface.Kind.ToString() && NicAddressing.IsReservation(link.Attributes.Text(Occi.Core.CoreKinds.Target)) };

    /// <summary>Why links to security groups that are to be made with their compute mean no NIC of it; null: they do.</summary>
    public static string? NoNic(IEnumerable<ComputeLink> present, CreateEntity[] links)
    {
        var nics = present.Select(l => (l.Id, l.Term)).Concat(Terms(links)).Where(l => l.Term == "networkinterface").Select(l => l.Id).ToHashSet();
        return links.Select(l => l.Attributes.Text(SecurityGroupLink.Nic)).OfType<string>().FirstOrDefault(meant => LinkGrain.EndOf(meant, "networkinterface") is not { } nic || !nics.Contains(nic)) is { } missing
            ? $"{SecurityGroupLink.Nic.Name}: a network interface of the compute was wanted, {missing} was given."
            : null;
    }

    private static IEnumerable<(Guid Id, string Term)> Terms(CreateEntity[] links) => links.Select(l => (l.Id, TermOf(l.Kind)));

    /// <summary>A NIC with the rules of all groups that it is in, and the addresses that were reserved for it.</summary>
    public static DesiredNic Completed(DesiredNic nic, IReadOnlyCollection<Attachment> attachments)
    {
        // Reserved addresses are the first NIC's that has an address of ours.
        if (attachments.Select(a => a.Nic).OfType<DesiredNic>().FirstOrDefault(n => n.Address is not null)?.Link == nic.Link)
            nic = nic with { Floating = [.. attachments.Select(a => a.Floating).OfType<FloatingAddress>()] };
        var groups = attachments.Select(a => a.Group).OfType<DesiredGroup>().Where(g => g.Nic is null || g.Nic == nic.Link).ToArray();
        return groups.Length == 0 ? nic : nic with { Filtered = true, Rules = [.. groups.SelectMany(g => g.Rules).Distinct()] };
    }

    public static string TermOf(string kind) => kind[(kind.LastIndexOf('#') + 1)..];

    /// <summary>Numbers links: disks and NICs each from 0.</summary>
    public static ComputeLink[] Number(IEnumerable<CreateEntity> links)
    {
        var numbered = new List<ComputeLink>();
        foreach (var link in links)
            numbered.Add(Numbered(numbered, Of(link, 0)));
        return [.. numbered];
    }

    public static ComputeLink Numbered(IReadOnlyCollection<ComputeLink> taken, ComputeLink link) => link with
    {
        Slot = Enumerable.Range(0, taken.Count + 1).First(slot => !taken.Any(l => l.Term == link.Term && l.Floating == link.Floating && l.Slot == slot)),
    };
}
