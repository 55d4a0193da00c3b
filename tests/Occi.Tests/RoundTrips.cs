using CsCheck;
using Occi.Core;
using Occi.Infrastructure;

namespace Occi.Tests;

/// <summary>What is written reads back the same, in every rendering.</summary>
public sealed class RoundTrips
{
    private static readonly Gen<string> Plain = Gen.Char[" abcXYZ019\"\\,;=<>{}:#?&%'/-_.\t"].Array[0, 24].Select(c => new string(c));
    private static readonly Gen<string> Unicode = Gen.Char["aé€\u00a0\u2028漢"].Array[0, 12].Select(c => new string(c) + "😀");
    private static readonly Gen<string> Term = Gen.Char["abcxyz019_-"].Array[1, 8].Select(c => "a" + new string(c));
    private static readonly Gen<TypeId> Id = Gen.Select(Term, Term, (s, t) => new TypeId($"http://example.org/{s}/x#", t));
    private static readonly Gen<decimal> Number =
        Gen.OneOf(Gen.Long.Select(n => (decimal)n), Gen.Int[-1_000_000, 1_000_000].Select(n => n / 1000m), Gen.Decimal[0.0001m, 1e15m]);

    private static readonly Gen<string> Path = Gen.Guid.Select(g => $"/compute/{g}");

    private static Gen<AttributeValue> Value(Gen<string> text) =>
        Gen.OneOf(text.Select(AttributeValue.Of), Number.Select(AttributeValue.Of), Gen.Bool.Select(AttributeValue.Of));

    private static Gen<Dictionary<string, AttributeValue>> Attributes(Gen<string> text) =>
        Gen.Select(Gen.OneOf(Gen.OneOfConst("occi.compute.cores", "occi.compute.memory", "occi.core.summary"), Term.Select(t => "com.example." + t)), Value(text))
            .Array[0, 6]
            .Select(pairs => pairs.DistinctBy(p => p.Item1).ToDictionary(p => p.Item1, p => p.Item1 == "occi.core.summary" ? AttributeValue.Of(p.Item2.Text) : p.Item2));

    private static Gen<Representation> Link(Gen<string> text) =>
        Gen.Select(Gen.OneOf(Id, Gen.Const(StorageLink.Kind.Id)), Id.Array[0, 2], Attributes(text), Path, Path, Id)
            .Select((kind, mixins, attributes, self, target, targetKind) => new Representation
            {
                Kind = kind,
                Mixins = mixins,
                Location = self,
                Attributes = new Dictionary<string, AttributeValue>(attributes.Where(a => a.Key != "occi.core.summary"))
                {
                    [CoreKinds.Target.Name] = AttributeValue.Of(target),
                    [CoreKinds.TargetKind.Name] = AttributeValue.Of(targetKind.ToString()),
                },
            });

    private static Gen<Representation> Entity(Gen<string> text) =>
        Gen.Select(Gen.OneOf(Id, Gen.Const(Compute.Kind.Id)), Id.Array[0, 3], Attributes(text), Link(text).Array[0, 2], Id.Array[0, 3], text)
            .Select((kind, mixins, attributes, links, actions, title) => new Representation
            {
                Kind = kind,
                Mixins = mixins,
                Attributes = new Dictionary<string, AttributeValue>(attributes) { [CoreKinds.Title.Name] = AttributeValue.Of(title) },
                Links = links,
                Actions = actions,
                Location = "/compute/1",
            });

    [Fact]
    public void Entities_in_text_plain() => Survive(Rendering.TextPlain, Gen.OneOf(Plain, Unicode));

    [Fact]
    public void Entities_in_text_occi() => Survive(Rendering.TextOcci, Plain);

    [Fact]
    public void Entities_in_json() => Survive(Rendering.Json, Gen.OneOf(Plain, Unicode, Gen.Const("two\nlines\r\n")), keepsSelf: false);

    [Fact]
    public void Links_of_their_own_in_json() =>
        Link(Plain).Sample(link =>
        {
            var stored = link with { Kind = StorageLink.Kind.Id, Location = null };
            Assert.Equal(Samples.Describe(stored), Samples.Describe(Samples.Read(Samples.Writer.Entity(stored, Rendering.Json))));
        });

    [Fact]
    public void Collections_in_json() =>
        Gen.Select(Entity(Plain).Array[0, 3], Link(Plain).Array[0, 3]).Sample((resources, links) =>
        {
            var all = resources.Select(r => r with { Kind = Compute.Kind.Id, Links = [] })
                .Concat(links.Select(l => l with { Kind = StorageLink.Kind.Id, Location = null })).ToList();
            var read = Samples.Readable(OcciReader.Entities(Samples.Writer.Entities(all, Rendering.Json)));
            Assert.Equal(all.Select(Samples.Describe), read.Select(Samples.Describe));
        });

    [Theory]
    [InlineData(Rendering.TextPlain)]
    [InlineData(Rendering.TextOcci)]
    [InlineData(Rendering.Json)]
    public void Invocations(Rendering rendering) =>
        Gen.Select(Gen.OneOf(Id, Gen.Const(Storage.Resize.Id)), Gen.Select(Term, Value(Plain)).Array[0, 4]).Sample((action, values) =>
        {
            var attributes = values.DistinctBy(v => v.Item1).ToDictionary(v => v.Item1, v => v.Item2);
            var read = Samples.Readable(OcciReader.Invocation(Samples.Writer.Invocation(new Invocation(action, attributes), rendering)));
            Assert.Equal(action, read.Action);
            Assert.Equal(attributes.OrderBy(a => a.Key), read.Attributes.OrderBy(a => a.Key));
        });

    [Theory]
    [InlineData(Rendering.TextPlain)]
    [InlineData(Rendering.TextOcci)]
    [InlineData(Rendering.UriList)]
    public void Locations(Rendering rendering) =>
        Path.Array[0, 5].Sample(paths =>
        {
            var message = Samples.Writer.Entities([.. paths.Select(p => new Representation { Location = p })], rendering);
            Assert.Equal(paths.Select(p => Samples.Authority + p), Samples.Readable(OcciReader.Locations(message)));
        });

    [Fact]
    public void Locations_in_json_are_the_ids() =>
        Assert.Equal(["urn:uuid:77c2e1ba-97d5-4d63-9a8e-0a3d3c1d9b01"], Samples.Readable(OcciReader.Locations(Samples.Writer.Entities([Samples.Worker], Rendering.Json))));

    [Theory]
    [InlineData(Rendering.TextPlain)]
    [InlineData(Rendering.TextOcci)]
    [InlineData(Rendering.Json)]
    public void The_whole_model(Rendering rendering)
    {
        var read = Samples.Readable(OcciReader.Categories(Samples.Writer.Categories(Samples.Catalogue.All, rendering)));
        Assert.Equal(Samples.Catalogue.All.Select(c => Describe(Define(c), rendering)), read.Select(d => Describe(d, rendering)));
    }

    [Theory]
    [InlineData(Rendering.TextPlain)]
    [InlineData(Rendering.TextOcci)]
    [InlineData(Rendering.Json)]
    public void Titles_of_categories(Rendering rendering) =>
        Plain.Sample(title =>
        {
            var tag = new Mixin(new("http://example.org/tags#", "a")) { Title = title, Location = "/tags/a/" };
            Assert.Equal(title, Assert.Single(Samples.Readable(OcciReader.Categories(Samples.Writer.Categories([tag], rendering)))).Title);
        });

    private static void Survive(Rendering rendering, Gen<string> text, bool keepsSelf = true) =>
        Entity(text).Sample(entity =>
        {
            var sent = keepsSelf ? entity : entity with { Links = [.. entity.Links.Select(l => l with { Location = null })] };
            var message = Samples.Writer.Entity(sent, rendering);
            Assert.Null(message.Unsendable);
            Assert.Equal(Samples.Describe(sent), Samples.Describe(Samples.Read(message)));
        }, iter: 2_000);

    private static CategoryDefinition Define(Category category) => new(category.Id, category.Class)
    {
        Title = category.Title,
        Location = Catalogue.LocationOf(category),
        Related = category switch
        {
            Kind { Parent: { } parent } => [parent.Id],
            Mixin mixin => [.. mixin.Depends.Select(d => d.Id)],
            _ => [],
        },
        Applies = category is Mixin restricted ? [.. restricted.Applies.Select(k => k.Id)] : [],
        Attributes = category is Kind kind ? kind.AllAttributes : category.Attributes,
        Actions = category switch
        {
            Kind own => [.. own.AllActions.Select(a => a.Id)],
            Mixin mixin => [.. mixin.Actions.Select(a => a.Id)],
            _ => [],
        },
    };

    // Text shows names and two properties of attributes, and no applies.
    private static string Describe(CategoryDefinition d, Rendering rendering) => string.Join(' ',
        [
            d.Class.ToString(), d.Id.ToString(), d.Title ?? "-", d.Location ?? "-",
            string.Join(',', d.Related), rendering == Rendering.Json ? string.Join(',', d.Applies) : "", string.Join(',', d.Actions),
            .. d.Attributes.Select(a => rendering == Rendering.Json
                ? string.Join('/', a.Name, a.Type, a.Description, a.Mutable, a.Required, a.Default, a.Min, a.MinExclusive, a.Max, a.Pattern, a.Format, string.Join(',', a.Values))
                : string.Join('/', a.Name, a.Mutable, a.Required)),
        ]);
}
