using Occi.Core;

namespace Occi.Tests;

/// <summary>The model against a table of the specification's, made by reading its documents and not from our code.</summary>
public sealed class TheModel
{
    // own attributes: name type[*=immutable !=required], then actions with their parameters
    private static readonly string[] Expected =
    [
        "core#entity | occi.core.id uri* | occi.core.title text |",
        "core#resource < core#entity @/resource/ | occi.core.summary text |",
        "core#link < core#entity @/link/ | occi.core.source uri! | occi.core.target uri! | occi.core.target.kind uri | occi.core.source.kind uri* |",
        "infrastructure#compute < core#resource @/compute/ | occi.compute.architecture {x86,x64} | occi.compute.cores whole | occi.compute.hostname text"
            + " | occi.compute.share whole | occi.compute.memory decimal | occi.compute.speed decimal"
            + " | occi.compute.state {active,inactive,suspended,error}* | occi.compute.state.message text*"
            + " | infrastructure/compute/action#start() infrastructure/compute/action#stop(method {graceful,acpioff,poweroff})"
            + " infrastructure/compute/action#restart(method {graceful,warm,cold}) infrastructure/compute/action#suspend(method {hibernate,suspend})"
            + " infrastructure/compute/action#save(method {hot,deferred}, name text)",
        "infrastructure#storage < core#resource @/storage/ | occi.storage.size decimal! | occi.storage.state {online,offline,error}* | occi.storage.state.message text*"
            + " | infrastructure/storage/action#online() infrastructure/storage/action#offline() infrastructure/storage/action#backup()"
            + " infrastructure/storage/action#snapshot() infrastructure/storage/action#resize(size decimal!)",
        "infrastructure#network < core#resource @/network/ | occi.network.vlan whole | occi.network.label text"
            + " | occi.network.state {active,inactive,error}* | occi.network.state.message text*"
            + " | infrastructure/network/action#up() infrastructure/network/action#down()",
        "infrastructure#networkinterface < core#link @/networkinterface/ | occi.networkinterface.interface text* | occi.networkinterface.mac text"
            + " | occi.networkinterface.state {active,inactive,error}* | occi.networkinterface.state.message text* |",
        "infrastructure#storagelink < core#link @/storagelink/ | occi.storagelink.deviceid text | occi.storagelink.mountpoint text"
            + " | occi.storagelink.state {active,inactive,error}* | occi.storagelink.state.message text* |",
        // The EGI cloud's, as its servers show it.
        "infrastructure#ipreservation < infrastructure#network @/ipreservation/ | occi.ipreservation.address text | occi.ipreservation.used boolean*"
            + " | occi.ipreservation.state {active,inactive}* | local.controller.ipreservation.network uri |",
        "infrastructure/network#ipnetwork > infrastructure#network @/mixin/ipnetwork/ | occi.network.address text | occi.network.gateway text"
            + " | occi.network.allocation {dynamic,static} |",
        "infrastructure/networkinterface#ipnetworkinterface > infrastructure#networkinterface @/mixin/ipnetworkinterface/ | occi.networkinterface.address text"
            + " | occi.networkinterface.gateway text | occi.networkinterface.allocation {dynamic,static} |",
        "infrastructure/credentials#ssh_key > infrastructure#compute @/mixin/ssh_key/ | occi.credentials.ssh.publickey text! |",
        "infrastructure/compute#user_data > infrastructure#compute @/mixin/user_data/ | occi.compute.userdata text! |",
        "http://schemas.openstack.org/instance/credentials#public_key > infrastructure#compute @/mixin/openstack/public_key/"
            + " | org.openstack.credentials.publickey.name text | org.openstack.credentials.publickey.data text |",
        "http://schemas.openstack.org/compute/instance#user_data > infrastructure#compute @/mixin/openstack/user_data/ | org.openstack.compute.user_data text |",
        "http://schemas.fedcloud.egi.eu/occi/infrastructure/network#nat_net > infrastructure#network @/mixin/nat_net/ |",
        "http://schemas.fedcloud.egi.eu/occi/infrastructure/network#private_net > infrastructure#network @/mixin/private_net/ |",
        "infrastructure#os_tpl > infrastructure#compute @/mixin/os_tpl/ |",
        "infrastructure#resource_tpl > infrastructure#compute @/mixin/resource_tpl/ |",
        .. new[] { ("small", 1, 1, 10), ("medium", 2, 2, 20), ("large", 4, 4, 40), ("mem_small", 1, 4, 10), ("mem_medium", 2, 8, 20), ("mem_large", 4, 16, 40) }
            .Select(t => $"infrastructure/compute/template/1.1#{t.Item1} < infrastructure#resource_tpl > infrastructure#compute @/mixin/resource_tpl/{t.Item1}/"
                + $" | occi.compute.cores whole={t.Item2} | occi.compute.memory decimal={t.Item3} | occi.compute.ephemeral_storage.size decimal={t.Item4}*"
                + " | occi.compute.ephemeral_storage.deviceid text |"),
    ];

    [Fact]
    public void Is_the_specification_s() =>
        Assert.Equal(Expected, StandardModel.Catalogue.All.Where(c => c is not ActionType && !IsOurOwn(c)).Select(Describe));

    [Fact]
    public void Every_relation_ends_at_entity() =>
        Assert.All(StandardModel.Catalogue.Kinds, k => Assert.Same(CoreKinds.Entity, k.Lineage.Last()));

    [Fact]
    public void Titles_hold_nothing_that_old_clients_split_on() =>
        Assert.All(StandardModel.Catalogue.All, c => Assert.Matches("^[^,;\"]+$", c.Title));

    [Fact]
    public void Terms_are_in_the_alphabet_that_everybody_reads() =>
        Assert.All(StandardModel.Catalogue.All, c => Assert.Matches("^[a-z][a-z0-9_-]*$", c.Id.Term));

    [Fact]
    public void No_attribute_is_both_required_and_immutable() =>
        Assert.All(StandardModel.Catalogue.All.SelectMany(c => c.Attributes), a => Assert.False(a.Required && !a.Mutable, a.Name));

    [Fact]
    public void Every_attribute_is_described() =>
        Assert.All(StandardModel.Catalogue.All.SelectMany(c => c.Attributes), a => Assert.EndsWith(".", a.Description, StringComparison.Ordinal));

    [Fact]
    public void Attributes_are_found_by_name_as_their_kind_defines_them()
    {
        Assert.Null(StandardModel.Catalogue.FindAttribute("occi.compute.cores")!.Default);
        Assert.Equal(AttributeValue.Of(2), Infrastructure.ResourceTemplate.Medium.Attributes[0].Default);
    }

    // docs/reference/kinds.md pins those.
    private static bool IsOurOwn(Category category) => category.Id.Scheme.StartsWith("http://controller.local/", StringComparison.Ordinal);

    private static string Describe(Category category)
    {
        IEnumerable<Category> parents = category is Kind { Parent: { } parent } ? [parent] : category is Mixin derived ? derived.Depends : [];
        IEnumerable<Category> applies = category is Mixin restricted ? restricted.Applies : [];
        IReadOnlyList<ActionType> actions = category is Kind kind ? kind.Actions : category is Mixin mixin ? mixin.Actions : [];
        return string.Concat(
        [
            Short(category),
            .. parents.Select(p => $" < {Short(p)}"),
            .. applies.Select(a => $" > {Short(a)}"),
            Catalogue.LocationOf(category) is { } location ? $" @{location}" : "",
            " |",
            .. category.Attributes.Select(a => $" {Describe(a)} |"),
            actions.Count > 0 ? " " : "",
            string.Join(' ', actions.Select(a => $"{Short(a)}({string.Join(", ", a.Attributes.Select(Describe))})")),
        ]);
    }

    private static string Describe(Attr a) => string.Concat(
        a.Name, " ",
        a.Type == AttrType.Enumeration ? $"{{{string.Join(',', a.Values)}}}" : a.Type.ToString().ToLowerInvariant(),
        a.Default is { } value ? $"={value}" : "",
        a.Mutable ? "" : "*",
        a.Required ? "!" : "");

    private static string Short(Category category) => category.Id.ToString().Replace("http://schemas.ogf.org/occi/", "", StringComparison.Ordinal);
}
