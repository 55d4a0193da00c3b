using Occi.Core;
using Occi.Infrastructure;

namespace Occi.Tests;

/// <summary>Entities and messages that several tests use.</summary>
internal static class Samples
{
    public const string Authority = "http://127.0.0.1:8080";
    public const string ComputePath = "/compute/77c2e1ba-97d5-4d63-9a8e-0a3d3c1d9b01";

    public static readonly Mixin Jammy = OsTemplate.Of(new("http://cloud.example.net/os#", "jammy"), "Ubuntu Jammy");
    public static readonly Catalogue Catalogue = StandardModel.Catalogue.With([Jammy]);
    public static readonly OcciWriter Writer = new(Catalogue, Authority);

    /// <summary>A compute as a server shows it: every type of value, a link, two actions of which start is not the first.</summary>
    public static readonly Representation Worker = new()
    {
        Kind = Compute.Kind.Id,
        Mixins = [Jammy.Id, ResourceTemplate.Medium.Id],
        Attributes = Values(
            (CoreKinds.Id, "urn:uuid:77c2e1ba-97d5-4d63-9a8e-0a3d3c1d9b01"),
            (CoreKinds.Title, "a \"b\" \\ c; d, e"),
            (CoreKinds.Summary, "builds things"),
            (Compute.Architecture, "x64"),
            (Compute.Cores, 2m),
            (Compute.Memory, 2m),
            (Compute.Speed, 2.6m),
            (Compute.State, "suspended"),
            (ResourceTemplate.EphemeralSize, 20m),
            (new Attr("com.example.backed_up", AttrType.Boolean, ""), true)),
        Links =
        [
            new()
            {
                Kind = NetworkInterface.Kind.Id,
                Mixins = [IpNetworkInterface.Mixin.Id],
                Location = "/networkinterface/0c3e6a52-54ee-4ad4-8b71-6c2a9c50b3f2",
                Attributes = Values(
                    (CoreKinds.Id, "urn:uuid:0c3e6a52-54ee-4ad4-8b71-6c2a9c50b3f2"),
                    (CoreKinds.Source, ComputePath),
                    (CoreKinds.Target, "/network/5a1d7f30-2f43-4a0f-b9d8-24a1a5a6a1c4"),
                    (CoreKinds.TargetKind, Network.Kind.Id.ToString()),
                    (NetworkInterface.Interface, "eth0"),
                    (NetworkInterface.Mac, "52:54:00:12:34:56"),
                    (NetworkInterface.State, "inactive"),
                    (IpNetworkInterface.Address, "10.9.0.7"),
                    (IpNetworkInterface.Allocation, "static")),
            },
        ],
        Actions = [Compute.Stop.Id, Compute.Start.Id],
        Location = ComputePath,
    };

    public static Dictionary<string, AttributeValue> Values(params (Attr Attribute, object Value)[] values) =>
        values.ToDictionary(v => v.Attribute.Name, v => Value(v.Value));

    public static AttributeValue Value(object value) => value switch
    {
        string text => AttributeValue.Of(text),
        bool truth => AttributeValue.Of(truth),
        _ => AttributeValue.Of(Convert.ToDecimal(value, System.Globalization.CultureInfo.InvariantCulture)),
    };

    public static Message Plain(string body) => new(Rendering.TextPlain, [], body);

    public static Message Json(string body) => new(Rendering.Json, [], body);

    public static Message Header(params (string Name, string Value)[] fields) =>
        new(Rendering.TextOcci, [.. fields.Select(f => KeyValuePair.Create(f.Name, f.Value))], "");

    /// <summary>The one entity of a message that must be readable.</summary>
    public static Representation Read(Message message) => Assert.Single(Readable(OcciReader.Entities(message)));

    public static T Readable<T>(Parsed<T> parsed)
    {
        Assert.True(parsed.Ok, parsed.Error?.ToString());
        return parsed.Value!;
    }

    /// <summary>Everything in a representation in one text, for comparison: dictionaries compare by content and without order.</summary>
    public static string Describe(Representation entity) => string.Join('\n',
        [
            $"kind {entity.Kind}",
            .. entity.Mixins.Select(m => $"mixin {m}"),
            .. entity.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key} = {a.Value.Type} {a.Value.Text}"),
            .. entity.Actions.Select(a => a.ToString()).Order(StringComparer.Ordinal).Select(a => $"action {a}"),
            .. entity.Links.Select(l => $"link {l.Location}\n{Describe(l)}"),
        ]);
}
