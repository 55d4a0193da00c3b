using System.Globalization;
using System.Text.Json;
using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>F. Core model invariants.</summary>
internal static class CoreModel
{
    private const string Ogf = "http://schemas.ogf.org/occi/";
    private const string Id = "occi.core.id";
    private const string Hostname = "occi.compute.hostname";

    // All that OGF's documents define, 1.1, the published extensions and the drafts included: scheme after the common root, and terms.
    private static readonly Dictionary<string, string[]> Defined = new()
    {
        ["core#"] = ["entity", "resource", "link", "action"],
        ["infrastructure#"] = ["compute", "network", "storage", "networkinterface", "storagelink", "os_tpl", "resource_tpl"],
        ["infrastructure/network#"] = ["ipnetwork"],
        ["infrastructure/networkinterface#"] = ["ipnetworkinterface"],
        ["infrastructure/credentials#"] = ["ssh_key"],
        ["infrastructure/compute#"] = ["user_data"],
        ["infrastructure/compute/template/1.1#"] = ["small", "medium", "large", "mem_small", "mem_medium", "mem_large"],
        ["infrastructure/compute/template/1.0#"] = ["small", "medium", "large", "mem_small", "mem_medium", "mem_large"],
        ["infrastructure/compute/action#"] = ["start", "stop", "restart", "suspend", "save"],
        ["infrastructure/network/action#"] = ["up", "down"],
        ["infrastructure/networkinterface/action#"] = ["up", "down"],
        ["infrastructure/storage/action#"] = ["online", "offline", "backup", "snapshot", "resize"],
        ["infrastructure/storagelink/action#"] = ["online", "offline"],
        ["platform#"] = ["application", "component", "componentlink", "app_tpl", "res_tpl", "database", "databaselink"],
        ["platform/application/action#"] = ["start", "stop"],
        ["platform/component/action#"] = ["start", "stop"],
        ["sla#"] = ["agreement", "agreement_link", "agreement_tpl", "agreement_term", "accept", "reject", "suspend", "resume", "terminate"],
        ["monitoring#"] = ["sensor", "collector", "metric", "aggregator", "publisher"],
        ["notification#"] = ["notifier", "notification"],
    };

    [Row("C-078", Must, C, "GET /-/: follow the parents of every kind", "ends at core#entity")]
    public static Task Every_kind_descends_from_entity(Session s)
    {
        foreach (var kind in s.Model.Kinds)
        {
            var seen = new HashSet<string>();
            var at = kind;
            while (at is { Rel: { } parent } && seen.Add(at.Id))
                at = s.Model.Find(parent);
            Expect.That(at?.Id == Entity, $"core#entity above {kind.Id}, found {string.Join(" → ", seen)} → {at?.Id}");
        }
        return Task.CompletedTask;
    }

    [Row("C-079", Must, C, "GET /-/: depends of every mixin", "refers to mixins that are listed")]
    public static async Task Dependencies_are_listed(Session s)
    {
        Expect.Same([], s.Model.Mixins.Select(m => m.Rel).OfType<string>().Where(rel => s.Model.Find(rel)?.Class != "mixin"), "mixins as rel of mixins");
        Expect.Same([], (await Definitions.Read(s.Me)).Where(d => d.Class == "mixin").SelectMany(d => d.Depends).Where(id => s.Model.Find(id)?.Class != "mixin"), "listed mixins in depends");
    }

    [Row("C-080", Must, C, "GET an entity, before and after updates", "exactly one kind, always the same")]
    public static async Task The_kind_is_for_life(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text("occi.core.title", "one"));
        foreach (var send in new[] { () => s.Me.Get(path), () => s.Me.Post(path, Compose.Text("occi.core.title", "two")), () => s.Me.Post(path, Compose.Kind(Storage)), () => s.Me.Put(path, Compose.Kind(Network)), () => s.Me.Put(path, Compose.Kind(Compute)) })
        {
            var answer = await send();
            var entity = await s.ReadText(path);
            Expect.That(entity.Categories.Where(c => c.Class == "kind").ToArray() is [{ Id: Network }], $"the kind network and no other after {answer.Request}", entity);
        }
    }

    [Row("C-081", Must, C, "create two entities", "different occi.core.id, both valid URIs")]
    public static async Task Ids_are_unique(Session s)
    {
        var (one, other) = ((await s.ReadText(await s.MakeNetwork())).Value(Id), (await s.ReadText(await s.MakeNetwork())).Value(Id));
        Expect.That(one is not null && one != other, $"two ids, found '{one}' and '{other}'");
        Expect.That(Uri.IsWellFormedUriString(one, UriKind.RelativeOrAbsolute) && Uri.IsWellFormedUriString(other, UriKind.RelativeOrAbsolute), $"URIs as ids, found '{one}' and '{other}'");
    }

    [Row("C-082", Should, C, "GET an entity", "its id is a URN (urn:uuid)")]
    public static async Task Ids_are_urns(Session s)
    {
        var id = (await s.ReadText(await s.MakeNetwork())).Value(Id);
        Expect.That(id?.StartsWith("urn:", StringComparison.OrdinalIgnoreCase) == true, $"a URN, found '{id}'");
        Expect.That(!id.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase) || Guid.TryParseExact(id["urn:uuid:".Length..], "D", out _), $"a UUID in urn:uuid, found '{id}'");
    }

    [Row("C-083", Must, C, "GET an entity that has a mixin", "its kind, all its mixins, and their attributes and actions")]
    public static async Task An_entity_shows_what_it_is(Session s)
    {
        s.Model.Get(IpNetwork);
        var (tag, _) = await s.MakeTag();
        var entity = await s.ReadText(await s.MakeNetwork(Compose.Mixin(IpNetwork), Compose.Mixin(tag), Compose.Text("occi.network.address", "10.132.1.0/24"), Compose.Text("occi.network.allocation", "dynamic")));
        Expect.Same([Network, IpNetwork, tag], entity.Categories.Select(c => c.Id), "the kind and both mixins", entity);
        Expect.That(entity.Value("occi.network.address") == "10.132.1.0/24" && entity.Value("occi.network.state") is not null, "the attributes of kind and mixin", entity);
        Expect.That(entity.Links.Any(l => l.IsAction && s.Model.Get(Network).Actions.Contains(l["rel"])), "an action of the kind", entity);
    }

    [Row("C-084", MustNot, C, "POST and PUT an entity with another occi.core.id", "id unchanged (403, or ignored)")]
    public static async Task The_id_is_for_life(Session s)
    {
        var path = await s.MakeNetwork();
        var id = (await s.ReadText(path)).Value(Id);
        var other = Compose.Text(Id, $"urn:uuid:{Guid.NewGuid():D}");
        Expect.Status(await s.Me.Post(path, other), 403, 200);
        Expect.Status(await s.Me.Put(path, Compose.Lines(Compose.Kind(Network), other)), 403, 200);
        Expect.That((await s.ReadText(path)).Value(Id) == id, $"the id {id} as before");
    }

    [Row("C-085", MustNot, C, "a client sets a state attribute (update)", "value unchanged; 403")]
    public static async Task States_are_the_servers(Session s)
    {
        var compute = await s.MakeCompute();
        // A state that none comes to by itself.
        var set = Compose.Text("occi.compute.state", "suspended");
        Expect.Status(await s.Me.Post(compute, set), 403);
        Expect.Status(await s.Me.Put(compute, Compose.Lines(Compose.Kind(Compute), set)), 403);
        Expect.That((await s.ReadText(compute)).Value("occi.compute.state") != "suspended", "another state than was sent");
    }

    [Row("C-086", Must, C, "a client sets a mutable attribute at creation and later", "accepted both times")]
    public static async Task Mutable_is_mutable(Session s)
    {
        var compute = await s.MakeCompute(Compose.Text(Hostname, "one"));
        Expect.That((await s.ReadText(compute)).Value(Hostname) == "one", "the host name that was given at creation");
        Expect.Status(await s.Me.Post(compute, Compose.Text(Hostname, "two")), 200, 201);
        Expect.That((await s.ReadText(compute)).Value(Hostname) == "two", "the host name that was given later");
    }

    [Row("C-087", MustNot, C, "create with Category: entity", "made; 400, 403 or 405")]
    public static async Task Entity_is_abstract(Session s)
    {
        var location = s.Model.LocationOf(Network);
        await s.NoEffect(() => s.Me.Post(location, Compose.Kind(Entity)), [400, 403, 405], location);
        if (s.Model.Find(Resource)?.Location is { } resources)
            await s.NoEffect(() => s.Me.Post(resources, Compose.Kind(Entity)), [400, 403, 405], location);
    }

    [Row("C-088", Must, C, "the provider's kinds and mixins in /-/", "no scheme below http://schemas.ogf.org/occi/; no attributes occi.* but such as the standard has")]
    public static Task The_provider_keeps_to_his_names(Session s)
    {
        bool IsStandard(Category c) => c.Scheme.StartsWith(Ogf, StringComparison.Ordinal) && c.Id != EgiReservation;   // not of one provider: all servers and clients of the EGI cloud have it there
        Expect.Same([], s.Model.Categories.Where(c => IsStandard(c) && !(Defined.TryGetValue(c.Scheme[Ogf.Length..], out var terms) && terms.Contains(c.Term))).Select(c => c.Id), $"nothing of the provider's own below {Ogf}");
        var standard = s.Model.Categories.Where(IsStandard).SelectMany(c => c.Attributes.Keys).ToHashSet();
        Expect.Same([], s.Model.Categories.Where(c => !IsStandard(c) && c.Class != "action").SelectMany(c => c.Attributes.Keys).Where(a => a.StartsWith("occi.", StringComparison.Ordinal) && !a.StartsWith("occi.ipreservation.", StringComparison.Ordinal) && !standard.Contains(a)), "no attributes occi.* of the provider's own");
        return Task.CompletedTask;
    }

    [Row("C-089", Must, C, "create with a mixin whose applies excludes the kind", "400 (403/409 tolerated)")]
    public static async Task A_mixin_must_apply(Session s)
    {
        s.Model.Get(IpNetwork);
        var location = s.Model.LocationOf(Storage);
        await s.NoEffect(() => s.Me.Post(location, Compose.Lines(Compose.Kind(Storage), Compose.Mixin(IpNetwork), Compose.Attribute("occi.storage.size", "1.0"))), [400, 403, 409], location);
    }

    [Row("C-090", Must, C, "GET /-/ in JSON: mixins for some kinds only", "applies lists these")]
    public static async Task Applies_is_told(Session s)
    {
        var mixins = (await Definitions.Read(s.Me)).Where(d => d.Class == "mixin").ToDictionary(d => d.Id);
        foreach (var (mixin, kind) in new[] { (IpNetwork, Network), (IpNetworkInterface, NetworkInterface), (SshKey, Compute), (UserData, Compute) })
            Expect.That(!mixins.TryGetValue(mixin, out var found) || found.Applies is [var only] && only == kind, $"applies: {kind} for {mixin}");
        Expect.Same([], mixins.Values.SelectMany(m => m.Applies).Where(k => s.Model.Find(k)?.Class != "kind"), "listed kinds in applies");
    }

    [Row("C-091", Must, C, "associate a mixin that depends on another", "the instance offers the attributes of both")]
    public static async Task Dependencies_come_along(Session s)
    {
        // A mixin of one's own that depends on one with attributes; where that can't be had, a template that depends on another mixin.
        var id = $"http://example.com/occi/conformance_{Guid.NewGuid():N}#lan";
        s.MadeTag(id);
        var made = await s.Me.Post(QueryInterface, $"{Compose.Mixin(id)}; rel=\"{IpNetwork}\"; location=\"/conformance_{Guid.NewGuid():N}/\"");
        if (made.Status == 200 && (await Model.Read(s.Me)).Find(id)?.Rel == IpNetwork)
        {
            var network = await s.MakeNetwork(Compose.Mixin(id), Compose.Text("occi.network.address", "10.132.2.0/24"), Compose.Text("occi.network.allocation", "dynamic"));
            Expect.That((await s.ReadText(network)).Value("occi.network.address") == "10.132.2.0/24", "the attribute of the mixin that it depends on");
            return;
        }
        var template = s.Model.Mixins.FirstOrDefault(m => m.Rel == ResourceTemplate && m.Attributes.Count > 0) ?? throw new NotApplicableException("no mixin that has attributes depends on another one");
        var entity = await s.ReadText(await s.MakeCompute(Compose.Mixin(template.Id)));
        Expect.That(template.Attributes.Keys.Concat(s.Model.Get(ResourceTemplate).Attributes.Keys).Any(entity.Attributes.ContainsKey), "attributes of the template", entity);
    }

    [Row("C-092", Must, C, "create without a value where a template has a default", "the instance gets the template's, which beats the kind's")]
    public static async Task Defaults_come_from_templates(Session s)
    {
        var templates = (await Definitions.Read(s.Me)).Where(d => d.Depends.Contains(ResourceTemplate) && Default(d, "occi.compute.cores") is not null).OrderBy(d => Default(d, "occi.compute.cores")).Take(2).ToArray();
        if (templates.Length == 0)
            throw new NotApplicableException("no resource template has a default");
        foreach (var template in templates)
        {
            var entity = await s.ReadText(await s.MakeCompute(Compose.Mixin(template.Id)));
            foreach (var name in new[] { "occi.compute.cores", "occi.compute.memory" })
                Expect.That(Default(template, name) is not { } wanted || decimal.Parse(entity.Attributes[name], CultureInfo.InvariantCulture) == wanted, $"{name} {Default(template, name)} of {template.Id}", entity);
        }
    }

    private const string EgiReservation = Infrastructure + "ipreservation";

    private static decimal? Default(Definition template, string attribute) =>
        template.Attributes.TryGetValue(attribute, out var definition) && definition.TryGetProperty("default", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDecimal() : null;
}
