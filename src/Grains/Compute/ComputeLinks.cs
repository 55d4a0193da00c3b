using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Links;
using Occi.Extension;

namespace Controller.Grains.Compute;

/// <summary>What a compute asks of the links that start at it.</summary>
internal sealed class ComputeLinks(IGrainFactory grains)
{
    public ILinkGrain Of(ComputeLink link) => grains.GetGrain<ILinkGrain>(GrainId.Create(link.Term, GrainKeys.Of(link.Term, link.Id)));

    public INetworkGrain Network(Guid id) => grains.GetGrain<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", id)));

    public IStorageGrain Storage(Guid id) => grains.GetGrain<IStorageGrain>(GrainId.Create("storage", GrainKeys.Of("storage", id)));

    public async Task<EntityView[]> Views(ComputeLink[] links)
    {
        // A link's own project was checked when it was made; its source's reader may see it.
        var caller = new Caller(Guid.Empty, Role.Admin, "compute");
        var views = await Task.WhenAll(links.Select(l => Of(l).View(caller)));
        return [.. views.Where(v => v is not null).Select(v => v!)];
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
    private static readonly string SecurityGroup = SecurityGroupLink.Kind.Id.Term;

    /// <summary>Whether it is a link to a security group, which is no device.</summary>
    public static bool IsGroup(ComputeLink link) => link.Term == SecurityGroup;

    /// <summary>Why a compute cannot have so many links; null when it can.</summary>
    public static string? Refusal(IEnumerable<string> terms)
    {
        var byKind = terms.ToLookup(term => term == SecurityGroup);
        return byKind[false].Count() is > MostDevices and var devices ? $"A compute has ports for {MostDevices} storage links and network interfaces in all, and was to have {devices}."
            : byKind[true].Count() is > MostGroups and var groups ? $"A compute can be in {MostGroups} security groups, and was to be in {groups}."
            : null;
    }

    public static string? Refusal(ComputeRecord present, UpdateEntity update) =>
        Refusal(present.Links.Select(l => (l.Id, l.Term)).Union(Terms(update.Links)).Select(l => l.Term));

    /// <summary>Why links to security groups that are to be made with their compute mean no NIC of it; null: they do.</summary>
    public static string? NoNic(IEnumerable<ComputeLink> present, CreateEntity[] links)
    {
        var nics = present.Select(l => (l.Id, l.Term)).Concat(Terms(links)).Where(l => l.Term == "networkinterface").Select(l => l.Id).ToHashSet();
        return links.Select(l => l.Attributes.Text(SecurityGroupLink.Nic)).OfType<string>().FirstOrDefault(meant => LinkGrain.EndOf(meant, "networkinterface") is not { } nic || !nics.Contains(nic)) is { } missing
            ? $"{SecurityGroupLink.Nic.Name}: a network interface of the compute was wanted, {missing} was given."
            : null;
    }

    private static IEnumerable<(Guid Id, string Term)> Terms(CreateEntity[] links) => links.Select(l => (l.Id, TermOf(l.Kind)));

    /// <summary>A NIC with the rules of all groups that it is in.</summary>
    public static DesiredNic Guarded(DesiredNic nic, IEnumerable<Attachment> attachments)
    {
        var groups = attachments.Select(a => a.Group).OfType<DesiredGroup>().Where(g => g.Nic is null || g.Nic == nic.Link).ToArray();
        return groups.Length == 0 ? nic : nic with { Filtered = true, Rules = [.. groups.SelectMany(g => g.Rules).Distinct()] };
    }

    public static string TermOf(string kind) => kind[(kind.LastIndexOf('#') + 1)..];

    /// <summary>Numbers links: disks and NICs each from 0.</summary>
    public static ComputeLink[] Number(IEnumerable<(Guid Id, string Term)> links)
    {
        var numbered = new List<ComputeLink>();
        foreach (var (id, term) in links)
            numbered.Add(new(id, term, FreeSlot(numbered, term)));
        return [.. numbered];
    }

    public static int FreeSlot(IReadOnlyCollection<ComputeLink> taken, string term) =>
        Enumerable.Range(0, taken.Count + 1).First(slot => !taken.Any(l => l.Term == term && l.Slot == slot));
}
