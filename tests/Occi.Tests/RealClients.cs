using Occi.Core;
using Occi.Infrastructure;

namespace Occi.Tests;

/// <summary>What clients in the field send, and the forms that the specifications allow beside the one that we send.</summary>
public sealed class RealClients
{
    private const string Scheme = "http://schemas.ogf.org/occi/infrastructure#";

    public static TheoryData<string> SameCompute() =>
    [
        $"Category: compute; scheme=\"{Scheme}\"; class=\"kind\"\nX-OCCI-Attribute: occi.compute.cores=2\nX-OCCI-Attribute: occi.core.title=\"x\"",
        $"Category: compute; scheme=\"{Scheme}\"; class=\"kind\"\r\nX-OCCI-Attribute: occi.compute.cores=2\r\nX-OCCI-Attribute: occi.core.title=\"x\"\r\n",
        $"Category: compute; scheme=\"{Scheme}\"; class=\"kind\"\n\rX-OCCI-Attribute: occi.compute.cores=2\n\rX-OCCI-Attribute: occi.core.title=\"x\"\n\r",
        $"category:compute;class=kind;scheme='{Scheme}';\nx-occi-attribute:occi.compute.cores=\"2\",occi.core.title=x".Replace('\'', '"'),
        $"CATEGORY: compute ; scheme = \"{Scheme}\" ; title=\"a, b; c\"\n\n\nX_OCCI_ATTRIBUTE: occi.core.title = \"x\" , occi.compute.cores = 2.0",
        $"Category: compute;scheme=\"{Scheme}compute\"\nX-OCCI-Attribute: occi.compute.cores=+2, occi.core.title=\"\\x\"",
        $"X-OCCI-Attribute: occi.core.title=\"x\", occi.compute.cores=2e0\nCategory: compute; scheme=\"{Scheme}\"",
    ];

    [Theory, MemberData(nameof(SameCompute))]
    public void Every_form_is_the_same_compute(string body)
    {
        var (entity, error) = Check.Entity(Samples.Catalogue, Samples.Read(Samples.Plain(body)), Purpose.Create, expected: Compute.Kind);
        Assert.Null(error);
        Assert.Same(Compute.Kind, entity!.Kind);
        Assert.Equal(Samples.Values((Compute.Cores, 2), (CoreKinds.Title, "x")).OrderBy(a => a.Key), entity.Attributes.OrderBy(a => a.Key));
    }

    [Fact]
    public void Repeated_headers_and_a_comma_list_are_the_same()   // C-232
    {
        var repeated = Samples.Header(("Category", $"compute; scheme=\"{Scheme}\""), ("X-OCCI-Attribute", "a=1"), ("X-OCCI-Attribute", "b=\"x, y\""));
        var joined = Samples.Header(("Category", $"compute; scheme=\"{Scheme}\""), ("X-OCCI-Attribute", "a=1, b=\"x, y\""));
        Assert.Equal(Samples.Describe(Samples.Read(repeated)), Samples.Describe(Samples.Read(joined)));
    }

    [Fact]
    public void A_comma_in_quotes_starts_no_attribute()   // C-236
    {
        var read = Samples.Read(Samples.Plain("X-OCCI-Attribute: occi.compute.memory=3.6, occi.core.title=\"x \\\", occi.compute.memory=1.0\""));
        Assert.Equal(AttributeValue.Of(3.6m), read.Attributes["occi.compute.memory"]);
        Assert.Equal("x \", occi.compute.memory=1.0", read.Attributes["occi.core.title"].Text);
    }

    [Fact]
    public void Text_plain_with_its_data_in_the_header()   // rOCCI-cli: Content-Type: text/plain,text/occi
    {
        var message = new Message(Rendering.TextPlain, Samples.Header(("Category", $"compute; scheme=\"{Scheme}\"")).Fields, "\n");
        Assert.Equal(Compute.Kind.Id, Samples.Read(message).Kind);
    }

    [Theory]
    [InlineData("X-OCCI-Category")]
    [InlineData("X_OCCI_CATEGORY")]
    public void Aliases_of_field_names(string name) => Assert.Equal(Compute.Kind.Id, Samples.Read(Samples.Header((name, $"compute; scheme=\"{Scheme}\""))).Kind);

    [Fact]
    public void Header_fields_of_others_are_ignored() => Assert.Empty(Samples.Read(Samples.Header(("Accept", "a, b"), ("X-Other", "\""))).Attributes);

    [Fact]
    public void An_inline_link_with_a_source_that_does_not_exist_yet()   // clients: self, id, source, absolute target, mixins, trailing semicolon
    {
        var body = $"Category: compute; scheme=\"{Scheme}\"; class=\"kind\"\n"
            + $"Link: <https://cloud.example.org:11443/network/5a1d>; rel=\"{Scheme}network\"; self=\"/networkinterface/Networkinterface_1\";"
            + $" category=\"{Scheme}networkinterface http://schemas.ogf.org/occi/infrastructure/networkinterface#ipnetworkinterface\";"
            + " occi.core.id=\"im-1\"; occi.core.source=\"/compute/none\"; occi.core.target=\"/network/5a1d\"; occi.networkinterface.interface=eth0;"
            + " occi.networkinterface.address=\"10.9.0.7\";";
        var (entity, error) = Check.Entity(Samples.Catalogue, Samples.Read(Samples.Plain(body)), Purpose.Create);
        Assert.Null(error);
        var link = Assert.Single(entity!.Links);
        Assert.Same(NetworkInterface.Kind, link.Kind);
        Assert.Equal([IpNetworkInterface.Mixin], link.Mixins);
        Assert.Equal(
            Samples.Values(
                (CoreKinds.Target, "https://cloud.example.org:11443/network/5a1d"), (CoreKinds.TargetKind, Network.Kind.Id.ToString()),
                (NetworkInterface.Interface, "eth0"), (IpNetworkInterface.Address, "10.9.0.7")).OrderBy(a => a.Key),
            link.Attributes.OrderBy(a => a.Key));
    }

    [Theory]
    [InlineData("</storage/1>; rel=\"" + Scheme + "storage\"", "storagelink")]
    [InlineData("</network/1>; rel=\"" + Scheme + "network\"", "networkinterface")]
    [InlineData("<http://other/storage/1>; rel=\"http://schemas.ogf.org/occi/core#resource\"", "storagelink")]
    public void A_link_without_category_is_what_its_target_tells(string link, string term)
    {
        var (entity, error) = Check.Entity(
            Samples.Catalogue, Samples.Read(Samples.Plain($"Category: compute; scheme=\"{Scheme}\"\nLink: {link}")), Purpose.Create);
        Assert.Null(error);
        Assert.Equal(term, Assert.Single(entity!.Links).Kind.Id.Term);
    }

    [Fact]
    public void Repeated_category_in_a_link() =>
        Assert.Equal(
            ["http://x/y#m", "http://x/y#n"],
            Assert.Single(Samples.Read(Samples.Plain("Link: </a>; category=\"http://x/y#k http://x/y#m\"; category=\"http://x/y#n\"")).Links).Mixins.Select(m => m.ToString()));

    [Fact]
    public void Echoing_the_server_s_own_output_changes_nothing()   // pOCCI UPDATE/001
    {
        foreach (var rendering in (Rendering[])[Rendering.TextPlain, Rendering.TextOcci, Rendering.Json])
        {
            var echo = Samples.Read(Samples.Writer.Entity(Samples.Worker, rendering));
            var present = Samples.Worker;
            var own = new Attr("com.example.backed_up", AttrType.Boolean, "").Name;
            present = present with { Attributes = present.Attributes.Where(a => a.Key != own).ToDictionary() };
            echo = echo with { Attributes = echo.Attributes.Where(a => a.Key != own).ToDictionary() };
            var (entity, error) = Check.Entity(Samples.Catalogue, echo, Purpose.Replace, present);
            Assert.Null(error);
            Assert.Empty(entity!.Links);
            Assert.Equal([Samples.Jammy, ResourceTemplate.Medium], entity.Mixins);
        }
    }

    [Theory]
    [InlineData("""{"kind":"K","attributes":{"occi":{"compute":{"cores":2,"memory":1.5}}}}""")]   // C-258
    [InlineData("""{"resources":[{"kind":"K","attributes":{"occi.compute.cores":2,"occi.compute.memory":1.5},"location":"/compute/1","state":"x"}]}""")]   // C-259, C-260
    [InlineData("""{"kind":"K","attributes":{"occi.compute":{"x":1}},"rel":"nonsense"}""", "occi.compute={\"x\":1}")]
    public void Older_generations_of_json(string body, string expected = "occi.compute.cores=2 occi.compute.memory=1.5")
    {
        var read = Samples.Read(Samples.Json(body.Replace("\"K\"", $"\"{Scheme}compute\"", StringComparison.Ordinal)));
        Assert.Equal(Compute.Kind.Id, read.Kind);
        Assert.Equal(expected, string.Join(' ', read.Attributes.Where(a => !a.Key.StartsWith("occi.core", StringComparison.Ordinal)).Select(a => $"{a.Key}={a.Value}")));
    }

    [Theory]
    [InlineData("""{"actions":[{"title":"start","uri":"/compute/1?action=start"}]}""")]
    [InlineData("""{"actions":"none"}""")]
    public void Actions_of_any_form_are_ignored(string body) => Assert.Empty(Samples.Read(Samples.Json(body)).Actions);

    [Fact]
    public void Action_links_of_any_form_are_ignored() =>
        Assert.Empty(Samples.Read(Samples.Plain("Link: </compute/1?action=start>; rel=\"start\"; self=\" \"")).Links);

    [Theory]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    [InlineData("-79228162514264337593543950335", "-79228162514264337593543950335")]
    [InlineData("-0", "0")]
    [InlineData("-0.00", "0")]
    [InlineData("10.10", "10.1")]
    [InlineData("1e-30", "0")]
    [InlineData("1.5E3", "1500")]
    public void Numbers_have_one_form(string sent, string form)
    {
        Assert.Equal(form, Samples.Read(Samples.Json("{\"attributes\":{\"a.b\":" + sent + "}}")).Attributes["a.b"].Text);
        Assert.Equal(AttributeValue.Restore(ValueType.Number, form), Samples.Read(Samples.Plain($"X-OCCI-Attribute: a.b={sent}")).Attributes["a.b"]);
    }

    [Fact]
    public void Ends_of_links_as_strings_with_rel()   // C-259
    {
        var read = Samples.Read(Samples.Json($$"""{"links":[{"kind":"{{Scheme}}storagelink","source":"/compute/1","target":"/storage/2","rel":"{{Scheme}}storage"}]}"""));
        Assert.Equal(
            Samples.Values((CoreKinds.Source, "/compute/1"), (CoreKinds.Target, "/storage/2"), (CoreKinds.TargetKind, Scheme + "storage")).OrderBy(a => a.Key),
            read.Attributes.OrderBy(a => a.Key));
    }

    [Fact]
    public void Links_by_url_that_stand_beside_their_resource()
    {
        var read = Samples.Readable(OcciReader.Entities(Samples.Json(
            """{"resources":[{"id":"r","links":["/storagelink/1","/storagelink/2"]}],"links":[{"id":"l","location":"/storagelink/1","target":"/storage/2"}]}""")));
        Assert.Equal(["/storagelink/1", "/storagelink/2"], Assert.Single(read).Links.Select(l => l.Location));
        Assert.Equal("/storage/2", read[0].Links[0].Attributes["occi.core.target"].Text);
    }

    [Theory]
    [InlineData("""[{"kind":{"term":"compute","scheme":"S"},"mixins":[{"term":"small","scheme":"T"}],"attributes":{"occi.compute.cores":"2"}}]""")]   // pyssf
    [InlineData("""{"resources":[{"kind":"Scompute","mixins":["Tsmall"],"attributes":{"occi":{"compute":{"cores":2},"core":{"title":"x"}}},"links":[]}],"links":[]}""")]
    [InlineData("""{"resources":[{"kind":"Scompute","mixins":["Tsmall"],"attributes":{"occi.compute":{"cores":2}}}]}""")]
    public void Older_generations_are_checked_like_the_present_one(string body)
    {
        var message = Samples.Json(body.Replace("\"S", "\"" + Scheme, StringComparison.Ordinal).Replace("\"T", "\"" + ResourceTemplate.StandardScheme, StringComparison.Ordinal));
        var read = Assert.Single(Samples.Readable(OcciReader.Entities(message, Samples.Catalogue)));
        var (entity, error) = Check.Entity(Samples.Catalogue, read, Purpose.Create);
        Assert.Null(error);
        Assert.Same(Compute.Kind, entity!.Kind);
        Assert.Equal([ResourceTemplate.Small], entity.Mixins);
    }

    [Fact]
    public void An_attribute_whose_value_is_an_object_is_not_flattened()
    {
        var settings = new Attr("com.example.settings", AttrType.Object, "Settings.");
        var mixin = new Mixin(new("http://example.com/x#", "configured")) { Location = "/mixin/configured/", Attributes = [settings] };
        var catalogue = StandardModel.Catalogue.With([mixin]);
        foreach (var body in (string[])["""{"com":{"example":{"settings":{"a":{"b":1}}}}}""", """{"com.example.settings":{"a":{"b":1}}}"""])
        {
            var read = Assert.Single(Samples.Readable(OcciReader.Entities(Samples.Json($$"""{"attributes":{{body}}}"""), catalogue)));
            Assert.Equal(AttributeValue.OfJson("""{"a":{"b":1}}"""), Assert.Single(read.Attributes).Value);
        }
    }

    [Fact]
    public void An_entity_knows_where_it_stood() =>
        Assert.Equal(
            ["$.resources[0]", "$.resources[1]", "$.links[0]"],
            Samples.Readable(OcciReader.Entities(Samples.Json("""{"links":[{"target":"/storage/2"}],"resources":[{},{}]}"""))).Select(e => e.Where));

    [Fact]
    public void Definitions_of_drafts()
    {
        var tag = Assert.Single(Samples.Readable(OcciReader.Categories(Samples.Json(
            """{"mixins":[{"term":"t","scheme":"http://x/y#","related":["http://x/y#parent"],"location":"/t/","attributes":{"a.b":{"Mutable":true,"Type":"number"}}}]}"""))));
        Assert.Equal("http://x/y#parent", Assert.Single(tag.Related).ToString());
        Assert.Equal((true, AttrType.Decimal), Assert.Single(tag.Attributes) is var a ? (a.Mutable, a.Type) : default);
    }

    [Fact]
    public void An_echo_without_a_mixin_may_keep_its_attributes()
    {
        var present = Samples.Worker with { Attributes = Samples.Worker.Attributes.Where(a => a.Key != "com.example.backed_up").ToDictionary() };
        var echo = present with { Mixins = [Samples.Jammy.Id], Links = [] };
        var (entity, error) = Check.Entity(Samples.Catalogue, echo, Purpose.Replace, present);
        Assert.Null(error);
        Assert.DoesNotContain(ResourceTemplate.EphemeralSize.Name, entity!.Attributes.Keys);
        Assert.Equal(AttributeValue.Of(2), entity.Attributes[Compute.Cores.Name]);
        var other = echo with { Attributes = new Dictionary<string, AttributeValue>(echo.Attributes) { [ResourceTemplate.EphemeralSize.Name] = AttributeValue.Of(99) } };
        Assert.Equal(Fault.Invalid, Check.Entity(Samples.Catalogue, other, Purpose.Replace, present).Error!.Fault);
    }

    [Fact]
    public void A_bare_resource_with_links_is_no_collection() =>
        Assert.Single(Samples.Read(Samples.Json("""{"kind":"http://x/y#k","links":[{"target":{"location":"/network/1"}}]}""")).Links);

    [Fact]
    public void Mixin_members_as_urls_and_as_objects() =>
        Assert.Equal(
            ["/compute/1", "urn:uuid:2", "http://a/compute/3"],
            [
                .. Samples.Readable(OcciReader.Locations(Samples.Json("""["/compute/1"]"""))),
                .. Samples.Readable(OcciReader.Locations(Samples.Json("""{"resources":[{"id":"urn:uuid:2"}],"links":["http://a/compute/3"]}"""))),
            ]);

    [Fact]
    public void A_tag_without_class_whose_rel_nobody_knows()   // C-050, D-49
    {
        var tag = Assert.Single(Samples.Readable(OcciReader.Categories(Samples.Plain(
            "Category: my_stuff; scheme=\"http://example.com/occi/my_stuff#\"; rel=\"http://example.com/occi/something_else#mixin\"; location=\"/my_stuff/\""))));
        Assert.Equal((CategoryClass.Mixin, "/my_stuff/"), (tag.Class, tag.Location));
    }

    [Theory]
    [InlineData("""{"mixins":[{"term":"t","scheme":"http://x/y#","location":"/t/"}]}""")]
    [InlineData("""{"term":"t","scheme":"http://x/y#","location":"/t/"}""")]
    [InlineData("""{"mixins":["http://x/y#t"]}""")]
    public void A_tag_in_json(string body) =>
        Assert.Equal("http://x/y#t", Assert.Single(Samples.Readable(OcciReader.Categories(Samples.Json(body)))).Id.ToString());

    [Fact]
    public void A_filter_of_both_sorts()
    {
        var filter = Samples.Readable(OcciReader.Filter(Samples.Header(
            ("category", "my_stuff;scheme=\"http://x/y#\""), ("X-Occi-Attribute", "occi.compute.cores=2")).Fields));
        Assert.Equal("http://x/y#my_stuff", Assert.Single(filter.Categories).ToString());
        Assert.Equal(AttributeValue.Of(2), Assert.Single(filter.Attributes).Value);
        Assert.True(Samples.Readable(OcciReader.Filter([])).IsEmpty);
    }
}
