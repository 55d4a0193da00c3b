using System.Text.Json.Nodes;
using Controller.Cli.Entities;
using Controller.Cli.Operators;
using Controller.Cli.Output;
using CsCheck;
using Occi;
using Occi.Core;
using Occi.Infrastructure;

namespace Controller.Cli.Tests;

public sealed class EntityTests
{
    private static readonly Model Standard = Describe(StandardModel.Catalogue);

    [Theory]
    [InlineData("compute", "cores", "occi.compute.cores")]
    [InlineData("compute", "occi.compute.cores", "occi.compute.cores")]
    [InlineData("compute", "title", "occi.core.title")]
    [InlineData("compute", "state.message", "occi.compute.state.message")]
    [InlineData("storage", "size", "occi.storage.size")]
    public void A_short_name_stands_for_the_whole_one(string kind, string name, string full)
    {
        var names = AttributeNames.Of(Standard, Standard.Kind(kind), []);
        Assert.Equal(full, Assert.Single(names.Resolve([new(name, "1")])).Key);
    }

    [Fact]
    public void Every_attribute_of_every_kind_is_found_by_its_whole_name() => Assert.All(
        Standard.Categories.Where(c => c.Class == CategoryClass.Kind), kind =>
        {
            var names = AttributeNames.Of(Standard, kind, []);
            Assert.All(Standard.Lineage(kind).SelectMany(k => k.Attributes), a =>
                Assert.Equal(a.Name, Assert.Single(names.Resolve([new(a.Name, Sample(a))])).Key));
        });

    [Fact]
    public void A_mixin_brings_its_attributes()
    {
        var network = Standard.Kind("network");
        var refused = Assert.Throws<CliException>(() => AttributeNames.Of(Standard, network, []).Resolve([new("address", "10.0.0.0/24")]));
        Assert.Contains("address", refused.Message, StringComparison.Ordinal);
        var values = AttributeNames.Of(Standard, network, [Standard.Mixin("ipnetwork")]).Resolve([new("address", "10.0.0.0/24")]);
        Assert.Equal(AttributeValue.Of("10.0.0.0/24"), values[IpNetwork.Address.Name]);
    }

    [Fact]
    public void Values_have_the_type_that_the_server_says()
    {
        var names = AttributeNames.Of(Standard, Standard.Kind("compute"), []);
        var values = names.Resolve([new("cores", "2"), new("memory", "0.5"), new("hostname", "42")]);
        Assert.Equal(AttributeValue.Of(2m), values[Compute.Cores.Name]);
        Assert.Equal(AttributeValue.Of(0.5m), values[Compute.Memory.Name]);
        Assert.Equal(AttributeValue.Of("42"), values[Compute.Hostname.Name]);
        Assert.Contains("a number", Assert.Throws<CliException>(() => names.Resolve([new("cores", "two")])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("compute")]
    [InlineData("http://schemas.ogf.org/occi/infrastructure#compute")]
    [InlineData("/compute/")]
    public void A_kind_has_many_names(string name) => Assert.Equal(Compute.Kind.Id, Standard.Kind(name).Id);

    [Fact]
    public void An_unknown_kind_is_answered_with_the_known_ones() =>
        Assert.Contains("compute", Assert.Throws<CliException>(() => Standard.Kind("computer")).Message, StringComparison.Ordinal);

    [Fact]
    public void An_action_is_found_by_its_term()
    {
        Assert.Equal(Compute.Start.Id, Standard.Action([Standard.Kind("compute")], "start").Id);
        Assert.Contains("suspend", Assert.Throws<CliException>(() => Standard.Action([Standard.Kind("compute")], "fly")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entity_is_where_its_kind_and_id_say()
    {
        var entity = new Representation
        {
            Kind = Compute.Kind.Id,
            Attributes = new Dictionary<string, AttributeValue> { [CoreKinds.Id.Name] = AttributeValue.Of("urn:uuid:0b7a1f0e-6f0f-4f0e-9d6c-2f5b5c7d9e11") },
        };
        Assert.Equal("/compute/0b7a1f0e-6f0f-4f0e-9d6c-2f5b5c7d9e11", Standard.PathOf(entity));
    }

    [Fact]
    public void Whatever_creates_or_acts_waits_for_a_state_that_the_kind_has()
    {
        foreach (var kind in StandardModel.Catalogue.Kinds)
        {
            // A kind of the provider's own has its one state under a name of his.
            var named = kind.Attributes.Where(a => a.Name.EndsWith(".state", StringComparison.Ordinal)).ToList();
            var states = (named.Find(a => a.Name == $"occi.{kind.Id.Term}.state") ?? (named is [var only] ? only : null))?.Values ?? [];
            if (Goal.AfterCreate(kind.Id) is { } goal)
                Assert.Contains(goal, states);
            foreach (var action in kind.Actions)
            {
                if (Goal.AfterAction(action.Id) is { } reached)
                    Assert.Contains(reached, states);
            }
        }
    }

    [Theory]
    [InlineData("Restarting.", true)]
    [InlineData("Stopping. The guest has not answered its power button for 00:00:30.", true)]
    [InlineData("The volume is growing.", true)]
    [InlineData("The volume is being made.", true)]
    [InlineData("A change takes effect at the next start.", false)]
    [InlineData("It could not be restarted: the guest is gone.", false)]
    [InlineData(null, false)]
    public void Waiting_goes_on_while_the_message_says_that_something_is_under_way(string? message, bool underWay) =>
        Assert.Equal(underWay, Goal.IsUnderWay(message));

    [Theory]
    [InlineData("cores=2", "cores", "2")]
    [InlineData("a=b=c", "a", "b=c")]
    [InlineData("a=", "a", "")]
    [InlineData("a=@@home", "a", "@home")]
    public void An_attribute_is_a_name_and_a_value(string word, string name, string value) => Assert.Equal(new Assignment(name, value), Assignment.Parse(word));

    [Fact]
    public void A_value_may_come_from_a_file()
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal("ssh-ed25519 AAAA\n", Assignment.Parse("publickey=@" + directory.File("key.pub", "ssh-ed25519 AAAA\n")).Value);
        Assert.Throws<CliException>(() => Assignment.Parse("publickey=@/nowhere/key"));
    }

    [Theory]
    [InlineData("cores")]
    [InlineData("=2")]
    public void What_is_no_attribute_is_a_usage_error(string word) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => Assignment.Parse(word)).ExitCode);

    [Fact]
    public void A_link_is_a_target_and_attributes()
    {
        var words = LinkWords.Parse("default,kind=networkinterface,mixin=ipnetworkinterface,address=10.0.0.9,note=a,,b");
        Assert.Equal(("default", "networkinterface"), (words.Target, words.Kind));
        Assert.Equal(["ipnetworkinterface"], words.Mixins);
        Assert.Equal([new("address", "10.0.0.9"), new("note", "a,b")], words.Attributes);
        Assert.Throws<CliException>(() => LinkWords.Parse(",a=b"));
    }

    [Fact]
    public void Parsing_words_never_throws_anything_else() =>
        Gen.Char["a=,@\"\0"].Array.Select(c => new string(c)).Sample(word =>
        {
            try
            {
                _ = LinkWords.Parse(word);
            }
            catch (CliException)
            {
                // Said to the user.
            }
        });

    [Theory]
    [InlineData("30d", 30 * 86_400)]
    [InlineData("12h", 43_200)]
    [InlineData("45s", 45)]
    public void A_duration_has_a_unit(string text, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("30")]
    [InlineData("-1d")]
    [InlineData("0h")]
    [InlineData("99999999999999999999d")]
    public void What_is_no_duration_is_a_usage_error(string text) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => Duration.Parse(text)).ExitCode);

    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell() => Assert.Equal(
        "ID     STATE\n1      active\n22222  é\n",
        new Table("ID", "STATE").Add("1", "active").Add("22222", "é").ToString());

    /// <summary>Events come with titles that anybody chose.</summary>
    [Fact]
    public void A_title_does_not_steer_the_terminal_that_shows_its_event() => Assert.Equal(
        "       7  now  created   network 1  active  a [2J b",
        EventsCommand.Line(JsonNode.Parse("""{"id":"7","time":"now","type":"x.created","data":{"kind":"#network","id":"urn:uuid:1","state":"active","title":"a\u001b[2J\nb"}}""")!));

    [Fact]
    public void What_a_server_sends_does_not_steer_the_terminal() =>
        Assert.DoesNotContain('\u001b', new Table("TITLE").Add("a\u001b[2Jb\nc").ToString());

    private static string Sample(Attr attribute) => attribute.ValueType switch
    {
        Occi.ValueType.Number => "1",
        Occi.ValueType.Boolean => "true",
        Occi.ValueType.Json => "{}",
        _ => "x",
    };

    /// <summary>As a client sees a catalogue: through the JSON rendering.</summary>
    private static Model Describe(Catalogue catalogue)
    {
        IEnumerable<Category> all = [.. catalogue.Kinds, .. catalogue.Mixins, .. catalogue.Actions];
        var message = new OcciWriter(catalogue, "http://127.0.0.1").Categories(all, Rendering.Json);
        return new(OcciReader.Categories(message).Value!);
    }
}
