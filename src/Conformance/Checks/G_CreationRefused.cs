using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>G. Create: what must be refused.</summary>
internal static class CreationRefused
{
    private const string Size = "occi.storage.size";

    /// <summary>That is refused, and nothing is there that was not.</summary>
    private static Task<Http.Response> Refused(Session s, string kind, int[] statuses, params string[] lines) =>
        s.NoEffect(() => s.Me.Post(s.Model.LocationOf(kind), Compose.Lines(lines)), statuses, s.Model.LocationOf(kind));

    [Row("C-103", Must, C, "POST without any kind", "400")]
    public static async Task A_kind_is_needed(Session s)
    {
        await Refused(s, Network, [400], Compose.Text("occi.core.title", "of no kind"));
        if (s.Model.Find(IpNetwork) is not null)
            await Refused(s, Network, [400], Compose.Mixin(IpNetwork));
    }

    [Row("C-104", Must, C11, "POST with two kinds", "400")]
    public static async Task One_kind_is_enough(Session s)
    {
        await Refused(s, Network, [400], Compose.Kind(Network), Compose.Kind(Storage));
        await Refused(s, Storage, [400], Compose.Kind(Network), Compose.Kind(Storage), Compose.Attribute(Size, "1.0"));
    }

    [Row("C-105", Must, C11, "POST a network to compute's location", "400 (409 tolerated)")]
    public static async Task It_must_be_of_the_collections_kind(Session s)
    {
        var networks = s.Model.LocationOf(Network);
        await s.NoEffect(() => s.Me.Post(s.Model.LocationOf(Compute), Compose.Kind(Network)), [400, 409], s.Model.LocationOf(Compute), networks);
    }

    [Row("C-106", Must, C, "POST an unknown kind", "400 (404 tolerated)")]
    public static async Task Its_kind_must_be_known(Session s)
    {
        await Refused(s, Network, [400, 404], Compose.Kind("http://example.com/nothing#nothing"));
        await Refused(s, Network, [400, 404], Compose.Kind(Infrastructure + "no_such_kind"));
    }

    [Row("C-107", Must, C, "POST with an unknown mixin", "400 (404 tolerated)")]
    public static Task Its_mixins_must_be_known(Session s) => Refused(s, Network, [400, 404], Compose.Kind(Network), Compose.Mixin("http://example.com/nothing#nothing"));

    [Row("C-108", Must, C, "POST with an unknown attribute", "400 (404 tolerated)")]
    public static async Task Its_attributes_must_be_known(Session s)
    {
        await Refused(s, Network, [400, 404], Compose.Kind(Network), Compose.Text("com.example.nothing", "x"));
        // Known, but not to this kind.
        await Refused(s, Network, [400, 404], Compose.Kind(Network), Compose.Attribute(Size, "1.0"));
    }

    [Row("C-109", Must, C, "POST storage without occi.storage.size", "400")]
    public static Task Required_attributes_must_be_there(Session s) => Refused(s, Storage, [400], Compose.Kind(Storage));

    [Row("C-110", Must, C, "POST occi.compute.cores=\"many\"", "400")]
    public static async Task Values_must_be_of_the_type(Session s)
    {
        await Refused(s, Compute, [400], Compose.Kind(Compute), Compose.Text("occi.compute.cores", "many"));
        await Refused(s, Storage, [400], Compose.Kind(Storage), Compose.Text(Size, "large"));
    }

    [Row("C-111", Must, C, "POST occi.compute.architecture=\"sparc\"", "400")]
    public static Task Values_must_be_of_the_enumeration(Session s) => Refused(s, Compute, [400], Compose.Kind(Compute), Compose.Text("occi.compute.architecture", "sparc"));

    [Row("C-112", Must, C, "POST occi.network.vlan=5000", "400")]
    public static async Task Values_must_be_in_range(Session s)
    {
        await Refused(s, Network, [400], Compose.Kind(Network), Compose.Attribute("occi.network.vlan", "5000"));
        await Refused(s, Network, [400], Compose.Kind(Network), Compose.Attribute("occi.network.vlan", "-1"));
    }

    [Row("C-115", Must, C11, "POST a batch with one invalid member", "nothing created")]
    public static async Task All_or_nothing(Session s)
    {
        await Http.Definitions.Read(s.Me);   // not applicable without JSON
        var location = s.Model.LocationOf(Network);
        foreach (var wrong in new[] { $$"""{"kind":"{{Network}}","attributes":{"occi.network.vlan":5000} }""", $$"""{"kind":"{{Storage}}"}""", "{}" })
        {
            var good = $$"""{"kind":"{{Network}}","title":"good"}""";
            await s.NoEffect(() => s.Me.Post(location, $$"""{"resources":[{{good}},{{wrong}},{{good}}]}""", Json), [400, 404, 409], location);
        }
    }

    [Row("C-118", Must, C, "malformed text and JSON", "400")]
    public static async Task It_must_be_readable(Session s)
    {
        var location = s.Model.LocationOf(Network);
        string[] texts =
        [
            "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#; class=\"kind\"", "Category: ;", "network", Compose.Kind(Network) + "\nX-OCCI-Attribute: occi.core.title",
            Compose.Kind(Network) + "\nX-OCCI-Attribute: occi.core.title=\"open", Compose.Kind(Network) + "\nX-OCCI-Attribute: =\"x\"",
        ];
        foreach (var text in texts)
            await s.NoEffect(() => s.Me.Post(location, text), [400], location);
        foreach (var json in new[] { $$"""{"kind":"{{Network}}" """, $$"""{"kind":"{{Network}}","attributes":[]}""", "[1]", """{"kind":{"term":"network"}}""", "" })
            await s.NoEffect(() => s.Me.Post(location, json, Json), (await s.Me.Get(QueryInterface, Json)).Status == 406 ? [400, 406, 415] : [400], location);
    }
}
