using Occi.Core;
using Occi.Infrastructure;

namespace Occi.Tests;

/// <summary>What a catalogue makes of a representation.</summary>
public sealed class Checks
{
    private static readonly Representation Small = Sent(Compute.Kind, [ResourceTemplate.Small, Samples.Jammy], (Compute.State, "active")) with
    {
        Attributes = Samples.Values(
            (CoreKinds.Id, "urn:uuid:77c2e1ba-97d5-4d63-9a8e-0a3d3c1d9b01"), (Compute.Cores, 1), (Compute.Memory, 1),
            (Compute.Hostname, "h1"), (Compute.State, "active"), (ResourceTemplate.EphemeralSize, 10)),
    };

    private static Representation Sent(Kind? kind, Mixin[] mixins, params (Attr Attribute, object Value)[] values) => new()
    {
        Kind = kind?.Id, Mixins = [.. mixins.Select(m => m.Id)], Attributes = Samples.Values(values),
    };

    private static CheckedEntity Accepted(Representation sent, Purpose purpose = Purpose.Create, Representation? present = null, Kind? expected = null)
    {
        var (entity, error) = Check.Entity(Samples.Catalogue, sent, purpose, present, expected);
        Assert.Null(error);
        return entity!;
    }

    private static void Refused(string message, Representation sent, Purpose purpose = Purpose.Create, Representation? present = null, Kind? expected = null, Fault fault = Fault.Invalid) =>
        Assert.Equal((null, new CheckError(fault, message)), Check.Entity(Samples.Catalogue, sent, purpose, present, expected));

    private static string Shown(CheckedEntity entity) =>
        string.Join(' ', entity.Attributes.Select(a => $"{a.Key[(a.Key.LastIndexOf('.') + 1)..]}={a.Value}").Order(StringComparer.Ordinal));

    // ---- categories

    [Fact]
    public void A_kind_is_needed() =>
        Refused("expected a kind, http://schemas.ogf.org/occi/infrastructure#compute, found none", Sent(null, []), expected: Compute.Kind);

    [Fact]
    public void The_kind_is_the_collection_s() =>
        Refused(
            "expected the kind http://schemas.ogf.org/occi/infrastructure#compute, found http://schemas.ogf.org/occi/infrastructure#network",
            Sent(Network.Kind, []), expected: Compute.Kind);

    [Fact]
    public void A_collection_of_an_ancestor_takes_any_descendant() => Accepted(Sent(Network.Kind, []), expected: CoreKinds.Resource);

    [Fact]
    public void Unknown_categories_are_refused() =>
        Refused("http://x/y#z is no category known here", Sent(Compute.Kind, []) with { Mixins = [new("http://x/y#", "z")] });

    [Fact]
    public void Two_kinds_without_a_class_are_two_kinds() =>
        Refused(
            "expected one kind, found http://schemas.ogf.org/occi/infrastructure#compute and http://schemas.ogf.org/occi/infrastructure#network",
            Sent(Compute.Kind, []) with { Mixins = [Network.Kind.Id] });

    [Fact]
    public void An_action_is_no_category_of_an_entity() =>
        Refused($"expected a kind or a mixin, found the action {Compute.Start}", Sent(Compute.Kind, []) with { Mixins = [Compute.Start.Id] });

    [Fact]
    public void Entity_is_abstract() => Refused($"{CoreKinds.Entity} can't be instantiated", Sent(CoreKinds.Entity, []));

    [Fact]
    public void Without_classes_a_mixin_may_come_first()
    {
        var entity = Accepted(new Representation { Kind = Samples.Jammy.Id, Mixins = [Compute.Kind.Id] });
        Assert.Equal((Compute.Kind, Samples.Jammy), (entity.Kind, Assert.Single(entity.Mixins)));
    }

    [Fact]
    public void A_mixin_must_apply() =>   // D-13
        Refused($"the mixin {SshKey.Mixin} applies to {Compute.Kind}, found {Network.Kind}", Sent(Network.Kind, [SshKey.Mixin], (SshKey.PublicKey, "k")));

    [Fact]
    public void One_template_of_a_sort() =>   // D-41
        Refused(
            $"expected at most one Resource template ({ResourceTemplate.Mixin}), found {ResourceTemplate.Small} and {ResourceTemplate.Large}",
            Sent(Compute.Kind, [ResourceTemplate.Small, Samples.Jammy, ResourceTemplate.Large]));

    [Fact]
    public void One_way_to_say_user_data() =>   // D-22
        Refused(
            $"expected one mixin for user data, found {UserData.Mixin} and {OpenStackContext.UserData}",
            Sent(Compute.Kind, [UserData.Mixin, OpenStackContext.UserData], (UserData.Data, "x"), (OpenStackContext.UserDataText, "eA==")),
            fault: Fault.Conflict);

    [Fact]
    public void One_reach_of_a_network() =>
        Refused(
            $"expected one mixin for a network's reach, found {NetworkReach.Nat} and {NetworkReach.Private}",
            Sent(Network.Kind, [NetworkReach.Nat, NetworkReach.Private]), fault: Fault.Conflict);

    // ---- values

    public static TheoryData<Attr, object, string> Bad() => new()
    {
        { Compute.Cores, "many", "occi.compute.cores: expected a whole number, found \"many\"" },
        { Compute.Cores, 1.5, "occi.compute.cores: expected a whole number, found 1.5" },
        { Compute.Cores, 0, "occi.compute.cores: expected a whole number of at least 1, found 0" },
        { Compute.Cores, 1e20, "occi.compute.cores: expected a whole number, found 100000000000000000000" },
        { Compute.Cores, true, "occi.compute.cores: expected a whole number, found true" },
        { Compute.Memory, 0, "occi.compute.memory: expected a number above 0, found 0" },
        { Compute.Architecture, "sparc", "occi.compute.architecture: expected one of x86, x64, found \"sparc\"" },
        { Compute.Hostname, "a b", "occi.compute.hostname: expected text that matches [A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?, found \"a b\"" },
        { Compute.Hostname, "a\n", "occi.compute.hostname: expected text that matches [A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?, found \"a\n\"" },
    };

    [Theory, MemberData(nameof(Bad))]
    public void Values_are_checked(Attr attribute, object value, string message) => Refused(message, Sent(Compute.Kind, [], (attribute, value)));

    [Theory]
    [InlineData(5000)]
    [InlineData(-1)]
    public void A_vlan_has_a_range(int vlan) =>
        Refused($"occi.network.vlan: expected a whole number of at least 0 and of at most 4095, found {vlan}", Sent(Network.Kind, [], (Network.Vlan, vlan)));

    [Theory]
    [InlineData("10.9.0.0/24", true)]
    [InlineData("fd00::/64", true)]
    [InlineData("10.9.0.0", false)]
    [InlineData("10.9.0.0/33", false)]
    [InlineData("10.9/16", false)]
    [InlineData("10.9.0.256/24", false)]
    [InlineData("fd00::/129", false)]
    [InlineData("10.9.0.0/-1", false)]
    public void Ranges_of_addresses(string text, bool good) => Assert.Equal(good, Check.Value(IpNetwork.Address, AttributeValue.Of(text)).Error is null);

    [Theory]
    [InlineData("10.9.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("1", false)]
    [InlineData("0x7f.0.0.1", false)]
    [InlineData("fe80::1%eth0", false)]
    public void Addresses(string text, bool good) => Assert.Equal(good, Check.Value(IpNetwork.Gateway, AttributeValue.Of(text)).Error is null);

    [Fact]
    public void Types_follow_the_definition() =>   // D-30
        Assert.Equal(
            "cores=4 hostname=7 memory=0.5",
            Shown(Accepted(Sent(Compute.Kind, [], (Compute.Cores, "4"), (Compute.Hostname, 7), (Compute.Memory, "5e-1")))));

    [Fact]
    public void A_json_document_in_quotes_becomes_one() =>
        Assert.Equal(
            AttributeValue.OfJson("[1,{\"a\":null}]"),
            Check.Value(new Attr("com.example.list", AttrType.Array, ""), AttributeValue.Of(" [1, {\"a\": null}]")).Value);

    [Theory]
    [InlineData("{}", "com.example.list: expected an array, found \"{}\"")]
    [InlineData("[1", "com.example.list: not JSON: ")]
    public void What_is_no_json_document_does_not(string text, string message) =>
        Assert.StartsWith(message, Check.Value(new Attr("com.example.list", AttrType.Array, ""), AttributeValue.Of(text)).Error!.Message, StringComparison.Ordinal);

    [Fact]
    public void Unknown_attributes_are_refused() =>   // D-12
        Refused(
            $"{Compute.Kind} has no attribute occi.network.vlan, nor has any of its mixins", Sent(Compute.Kind, [], (Network.Vlan, 4)));

    [Fact]
    public void A_mixin_brings_its_attributes() =>
        Assert.Equal("address=10.0.0.0/8", Shown(Accepted(Sent(Network.Kind, [IpNetwork.Mixin], (IpNetwork.Address, "10.0.0.0/8")))));

    // ---- creation

    [Fact]
    public void A_storage_needs_a_size() =>
        Refused($"{Storage.Kind} needs the attribute occi.storage.size (Size in GiB (2^30 bytes).), found none", Sent(Storage.Kind, []));

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_link_needs_both_ends(bool source, bool target)
    {
        var ends = new List<(Attr, object)>();
        if (source)
            ends.Add((CoreKinds.Source, "/compute/1"));
        if (target)
            ends.Add((CoreKinds.Target, "/storage/1"));
        Assert.Contains("needs the attribute occi.core.", Check.Entity(Samples.Catalogue, Sent(StorageLink.Kind, [], [.. ends]), Purpose.Create).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_mixin_needs_its_key() =>
        Refused($"{SshKey.Mixin} needs the attribute occi.credentials.ssh.publickey (Content of the public key file.), found none", Sent(Compute.Kind, [SshKey.Mixin]));

    [Fact]
    public void What_is_the_server_s_is_dropped_at_creation() =>   // D-14
        Assert.Equal("", Shown(Accepted(Sent(Compute.Kind, [], (Compute.State, "nonsense"), (Compute.StateMessage, "x")))));

    [Theory]
    [InlineData("urn:uuid:77C2E1BA-97D5-4D63-9A8E-0A3D3C1D9B01", "id=urn:uuid:77c2e1ba-97d5-4d63-9a8e-0a3d3c1d9b01")]
    [InlineData("77c2e1ba-97d5-4d63-9a8e-0a3d3c1d9b01", "id=urn:uuid:77c2e1ba-97d5-4d63-9a8e-0a3d3c1d9b01")]
    [InlineData("Storagelink_1", "")]
    [InlineData("not even a URI", "")]
    public void An_id_is_honoured_or_ignored(string id, string expected) =>   // D-24
        Assert.Equal(expected, Shown(Accepted(Sent(Compute.Kind, [], (CoreKinds.Id, id)))));

    [Fact]
    public void Interface_names_are_hints_at_creation() =>
        Assert.Equal(
            "interface=eth0 source=/compute/1 target=/network/1",
            Shown(Accepted(Sent(NetworkInterface.Kind, [], (CoreKinds.Source, "/compute/1"), (CoreKinds.Target, "/network/1"), (NetworkInterface.Interface, "eth0"), (NetworkInterface.State, "active")))));

    [Fact]
    public void A_resource_template_wins_over_the_client() =>   // C-283, C-294
        Assert.Equal(
            "cores=1 hostname=h memory=1 size=10",
            Shown(Accepted(Sent(Compute.Kind, [ResourceTemplate.Small], (Compute.Cores, 16), (Compute.Hostname, "h"), (ResourceTemplate.EphemeralSize, 1)))));

    [Fact]
    public void The_client_wins_over_a_mixin_s_default_and_that_over_the_kind_s()   // C-092
    {
        var kind = new Kind(new("http://x/y#", "k"), CoreKinds.Resource)
        {
            Location = "/k/",
            Attributes = [Default("a", "kind"), Default("b", "kind"), Default("c", "kind"), Default("d", "kind") with { Required = true }],
        };
        var far = new Mixin(new("http://x/y#", "far")) { Location = "/far/", Attributes = [Default("b", "far"), Default("c", "far")] };
        var near = new Mixin(new("http://x/y#", "near")) { Location = "/near/", Depends = [far], Attributes = [Default("c", "near")] };
        var catalogue = new Catalogue([CoreKinds.Entity, CoreKinds.Resource, kind], [far, near]);
        var (entity, _) = Check.Entity(catalogue, Sent(kind, [near], (Default("c", ""), "client")) with { Kind = kind.Id }, Purpose.Create);
        Assert.Equal("a=kind b=far c=client d=kind", Shown(entity!));
        Assert.Equal("a=kind b=far c=near d=kind", Shown(Check.Entity(catalogue, Sent(kind, [near]), Purpose.Create).Entity!));

        static Attr Default(string name, string value) => new(name, AttrType.Text, "") { Default = AttributeValue.Of(value) };
    }

    // ---- update

    [Fact]
    public void An_update_names_what_changes() =>   // C-139, C-141
        Assert.Equal("hostname=h2", Shown(Accepted(Sent(null, [], (Compute.Hostname, "h2")), Purpose.Update, Small, Compute.Kind)));

    [Fact]
    public void The_kind_stays() =>
        Refused(
            $"the kind of an entity can't change: it is {Compute.Kind}, found {Network.Kind}", Sent(Network.Kind, []), Purpose.Update, Small);

    [Theory]
    [InlineData(Purpose.Update)]
    [InlineData(Purpose.Replace)]
    public void The_server_s_attributes_may_be_echoed_but_not_changed(Purpose purpose)   // C-137, C-138
    {
        Accepted(Sent(Compute.Kind, [], (Compute.State, "active")), purpose, Small);
        Refused(
            "occi.compute.state can't be changed: it is \"active\", found \"inactive\"",
            Sent(Compute.Kind, [], (Compute.State, "inactive")), purpose, Small, fault: Fault.Immutable);
    }

    [Fact]
    public void The_id_is_ignored_later() =>
        Assert.Equal("", Shown(Accepted(Sent(null, [], (CoreKinds.Id, "other")), Purpose.Update, Small)));

    [Fact]
    public void Mixins_are_added_and_templates_replaced()   // D-09, C-282
    {
        var entity = Accepted(Sent(null, [ResourceTemplate.Large, SshKey.Mixin], (SshKey.PublicKey, "k")), Purpose.Update, Small);
        Assert.Equal([Samples.Jammy, ResourceTemplate.Large, SshKey.Mixin], entity.Mixins);
        Assert.Equal("cores=4 memory=4 publickey=k size=40", Shown(entity));
    }

    [Fact]
    public void A_size_that_contradicts_the_template_is_refused_later()
    {
        Accepted(Sent(null, [], (Compute.Cores, 1)), Purpose.Update, Small);
        Refused(
            $"occi.compute.cores is 1 by the template {ResourceTemplate.Small}, found 8: give the entity another template",
            Sent(null, [], (Compute.Cores, 8)), Purpose.Update, Small, fault: Fault.Immutable);
    }

    [Fact]
    public void A_new_mixin_needs_its_attributes_in_an_update_too() =>
        Assert.Contains("needs the attribute", Check.Entity(Samples.Catalogue, Sent(null, [SshKey.Mixin]), Purpose.Update, Small).Error!.Message, StringComparison.Ordinal);

    [Fact]
    public void User_data_is_given_once()   // C-287
    {
        var present = Small with { Mixins = [UserData.Mixin.Id], Attributes = Samples.Values((UserData.Data, "#!a")) };
        Accepted(Sent(null, [], (UserData.Data, "#!a")), Purpose.Update, present);
        Refused("occi.compute.userdata can't be changed: it is \"#!a\", found \"#!b\"", Sent(null, [], (UserData.Data, "#!b")), Purpose.Update, present, fault: Fault.Immutable);
        Assert.Equal("userdata=#!a", Shown(Accepted(Sent(Compute.Kind, [UserData.Mixin]), Purpose.Replace, present)));
        Accepted(Sent(Compute.Kind, [UserData.Mixin]), Purpose.Replace, present with { Attributes = Samples.Values() });   // a server that doesn't show it
    }

    [Fact]
    public void A_replacement_leaves_out_what_it_does_not_name()   // C-130, C-131
    {
        var entity = Accepted(Sent(Compute.Kind, [], (Compute.Cores, 3)), Purpose.Replace, Small);
        Assert.Empty(entity.Mixins);
        Assert.Equal("cores=3", Shown(entity));
    }

    [Fact]
    public void The_ends_of_a_link_stay()   // D-35
    {
        var present = Sent(StorageLink.Kind, [], (CoreKinds.Source, "/compute/1"), (CoreKinds.Target, "/storage/1"));
        Accepted(Sent(null, [], (CoreKinds.Target, "http://127.0.0.1/storage/1")), Purpose.Update, present);
        Assert.Equal(Fault.Immutable, Check.Entity(Samples.Catalogue, Sent(null, [], (CoreKinds.Target, "/storage/2")), Purpose.Update, present).Error!.Fault);
        Assert.Equal("deviceid=vdb source=/compute/1 target=/storage/1", Shown(Accepted(Sent(null, [], (StorageLink.DeviceId, "vdb")), Purpose.Replace, present)));
    }

    // ---- inline links

    [Fact]
    public void A_link_has_no_links() =>
        Refused(
            $"a link has no links, and {StorageLink.Kind} is one",
            Sent(StorageLink.Kind, [], (CoreKinds.Source, "/compute/1"), (CoreKinds.Target, "/storage/1")) with { Links = [Sent(null, [])] });

    [Fact]
    public void An_inline_link_is_checked_too() =>
        Refused(
            "link to /storage/1: occi.storagelink.nonsense".Replace("occi.storagelink.nonsense", $"{StorageLink.Kind} has no attribute a.b, nor has any of its mixins", StringComparison.Ordinal),
            Sent(Compute.Kind, []) with { Links = [Sent(null, [], (CoreKinds.Target, "/storage/1"), (new Attr("a.b", AttrType.Text, ""), "x"))] });

    [Fact]
    public void An_inline_link_is_a_link() =>
        Refused(
            $"link to /storage/1: expected the kind {CoreKinds.Link}, found {Compute.Kind}",
            Sent(Compute.Kind, []) with { Links = [Sent(Compute.Kind, [], (CoreKinds.Target, "/storage/1"))] });

    [Fact]
    public void An_inline_link_needs_a_target_and_a_kind()
    {
        Refused("an inline link needs occi.core.target, found none", Sent(Compute.Kind, []) with { Links = [Sent(StorageLink.Kind, [])] });
        Refused("there is no link /storagelink/1 here", Sent(Compute.Kind, []) with { Links = [new() { Location = "/storagelink/1" }] });
        Refused(
            "link to /other/1: expected the link's kind, found none, and the target tells none",
            Sent(Compute.Kind, []) with { Links = [Sent(null, [], (CoreKinds.Target, "/other/1"))] });
    }

    [Fact]
    public void An_echoed_link_is_ignored_and_a_changed_one_refused()   // D-08
    {
        var link = Samples.Worker.Links[0];
        Assert.Empty(Accepted(Sent(null, []) with { Links = [link with { Location = Samples.Authority + link.Location }] }, Purpose.Update, Samples.Worker).Links);
        Assert.Empty(Accepted(Sent(null, []) with { Links = [new() { Location = link.Location }] }, Purpose.Update, Samples.Worker).Links);
        var changed = link with { Attributes = new Dictionary<string, AttributeValue>(link.Attributes) { [NetworkInterface.Mac.Name] = AttributeValue.Of("00:00:00:00:00:01") } };
        Refused(
            $"the link {link.Location} is changed at its own URL: occi.networkinterface.mac is 52:54:00:12:34:56, found 00:00:00:00:00:01",
            Sent(null, []) with { Links = [changed] }, Purpose.Update, Samples.Worker);
        Assert.Single(Accepted(Sent(null, []) with { Links = [Sent(null, [], (CoreKinds.Target, "/storage/1"))] }, Purpose.Update, Samples.Worker).Links);
    }

    // ---- invocations

    [Fact]
    public void An_invocation_has_the_action_s_attributes_and_no_others()
    {
        Assert.Equal(AttributeValue.Of(5), Invoke(Storage.Resize, (Storage.ResizeSize, "5.0")).Attributes!["size"]);
        Assert.Empty(Invoke(Compute.Stop).Attributes!);
        Says("method: expected one of graceful, acpioff, poweroff, found \"kick\"", Invoke(Compute.Stop, (Compute.StopMethod, "kick")));
        Says($"the action {Compute.Start} has no attribute method", Invoke(Compute.Start, (Compute.StopMethod, "acpioff")));
        Says($"the action {Storage.Resize} needs the attribute size (New size in GiB (2^30 bytes).), found none", Invoke(Storage.Resize));
        Says($"expected the action {Compute.Start}, found {Compute.Stop}", Check.Invocation(Compute.Start, new Invocation(Compute.Stop.Id, Samples.Values())));

        static (IReadOnlyDictionary<string, AttributeValue>? Attributes, CheckError? Error) Invoke(ActionType action, params (Attr, object)[] values) =>
            Check.Invocation(action, new Invocation(action.Id, Samples.Values(values)));
        static void Says(string message, (IReadOnlyDictionary<string, AttributeValue>? Attributes, CheckError? Error) found) =>
            Assert.Equal((null, new CheckError(Fault.Invalid, message)), found);
    }
}
