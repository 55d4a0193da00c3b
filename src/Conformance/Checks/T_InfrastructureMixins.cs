using System.Globalization;
using System.Text;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>T. Infrastructure: mixins and templates.</summary>
internal static class InfrastructureMixins
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqkvEhyNcy0SWMCUBoWIIYqsFtRGmQ2CtQ1tWlNjRTc conformance";

    private static async Task<string[]> Applies(Session s, string id) =>
        Expect.Status(await s.Me.Get(QueryInterface, Json), 200).Json.GetProperty("mixins").EnumerateArray()
            .Where(m => m.GetProperty("scheme").GetString() + m.GetProperty("term").GetString() == id)
            .SelectMany(m => m.TryGetProperty("applies", out var kinds) ? kinds.EnumerateArray().Select(k => k.GetString()!) : []).ToArray();

    [Row("C-273", Must, C, "GET /-/", "the mixin ipnetwork under …/infrastructure/network#, applying to network")]
    public static async Task Ipnetwork_is_listed(Session s)
    {
        Expect.That(s.Model.Find(IpNetwork)?.Class == "mixin", $"the mixin {IpNetwork}");
        Expect.That((await Applies(s, IpNetwork)).SequenceEqual([Network]), "applies: network");
    }

    [Row("C-274", Must, C, "a network with ipnetwork", "address, gateway and allocation can be set and are shown")]
    public static async Task Ipnetwork_works(Session s)
    {
        s.Model.Get(IpNetwork);
        var path = await s.MakeNetwork(
            Compose.Mixin(IpNetwork), Compose.Text("occi.network.address", "10.131.7.0/24"), Compose.Text("occi.network.gateway", "10.131.7.1"), Compose.Text("occi.network.allocation", "dynamic"));
        var entity = await s.Read(path);
        Expect.That(
            (Session.AttributeOf(entity, "occi.network.address"), Session.AttributeOf(entity, "occi.network.gateway"), Session.AttributeOf(entity, "occi.network.allocation"))
            == ("10.131.7.0/24", "10.131.7.1", "dynamic"), $"what was set, found {entity}");
    }

    [Row("C-275", Must, C, "ipnetworkinterface", "its scheme; it applies to networkinterface; address and allocation are shown")]
    public static async Task Ipnetworkinterface_works(Session s)
    {
        Expect.That(s.Model.Find(IpNetworkInterface)?.Class == "mixin", $"the mixin {IpNetworkInterface}");
        Expect.That((await Applies(s, IpNetworkInterface)).SequenceEqual([NetworkInterface]), "applies: networkinterface");
        var network = await s.MakeNetwork(Compose.Mixin(IpNetwork), Compose.Text("occi.network.address", "10.131.8.0/24"), Compose.Text("occi.network.allocation", "dynamic"));
        var link = await InfrastructureKinds.Linked(
            s, NetworkInterface, network, Compose.Mixin(IpNetworkInterface), Compose.Text("occi.networkinterface.address", "10.131.8.77"), Compose.Text("occi.networkinterface.allocation", "static"));
        var entity = await s.Read(link);
        Expect.That(Session.AttributeOf(entity, "occi.networkinterface.address")?.StartsWith("10.131.8.77", StringComparison.Ordinal) == true, $"the address 10.131.8.77, found {entity}");
        Expect.That(Session.AttributeOf(entity, "occi.networkinterface.allocation") == "static", $"the allocation static, found {entity}");
    }

    [Row("C-278", Should, C, "GET /-/, where OS templates are offered", "os_tpl is there, and every OS template depends on it")]
    public static async Task Os_templates_depend_on_os_tpl(Session s)
    {
        Expect.That(s.Model.Find(OsTemplate)?.Class == "mixin", $"the mixin {OsTemplate}");
        // A template is whatever lies below os_tpl's location: each must say so.
        var below = s.Model.Mixins.Where(m => m.Id != OsTemplate && m.Location?.StartsWith(s.Model.LocationOf(OsTemplate), StringComparison.Ordinal) == true);
        foreach (var template in below)
            Expect.That(template.Rel == OsTemplate, $"rel os_tpl of {template.Id}, found {template.Rel}");
        Expect.Status(await s.Me.Get(s.Model.LocationOf(OsTemplate)), 200);
    }

    [Row("C-279", Must, C, "associate another os_tpl with a compute", "the old one is gone and the instance changed; or an error")]
    public static async Task Another_os_template(Session s)
    {
        if (s.Model.TemplatesOf(OsTemplate) is not [var first, ..] templates)
            throw new NotApplicableException("no OS template is offered");
        var path = await s.MakeCompute(Compose.Mixin(first.Id));
        var other = templates.Count > 1 ? templates[1].Id : first.Id + "_that_is_not_there";
        var response = await s.Me.Post(path, Compose.Mixin(other));
        var mixins = (await s.ReadText(path)).Categories.Select(c => c.Id).ToArray();
        if (response.Status >= 400)
            Expect.That(response.Status is < 500 or 501 && mixins.Contains(first.Id) && !mixins.Contains(other), "an error and the old template, or the new one", response);
        else
            Expect.That(!mixins.Contains(first.Id) && mixins.Contains(other), "the new template in the old one's place", response);
    }

    [Row("C-280", Must, C, "GET /-/, where resource templates are offered", "resource_tpl is there, and every resource template depends on it")]
    public static Task Resource_templates_depend_on_resource_tpl(Session s)
    {
        Expect.That(s.Model.Find(ResourceTemplate)?.Class == "mixin", $"the mixin {ResourceTemplate}");
        foreach (var template in s.Model.Mixins.Where(m => m.Id != ResourceTemplate && m.Location?.StartsWith(s.Model.LocationOf(ResourceTemplate), StringComparison.Ordinal) == true))
            Expect.That(template.Rel == ResourceTemplate, $"rel resource_tpl of {template.Id}, found {template.Rel}");
        return Task.CompletedTask;
    }

    [Row("C-281", Should, C, "a resource template in JSON", "attributes with defaults")]
    public static async Task Resource_templates_show_sizes(Session s)
    {
        var templates = s.Model.TemplatesOf(ResourceTemplate).Select(t => t.Id).ToHashSet();
        if (templates.Count == 0)
            throw new NotApplicableException("no resource template is offered");
        foreach (var mixin in Expect.Status(await s.Me.Get(QueryInterface, Json), 200).Json.GetProperty("mixins").EnumerateArray())
        {
            if (templates.Contains(mixin.GetProperty("scheme").GetString() + mixin.GetProperty("term").GetString()))
                Expect.That(mixin.GetProperty("attributes").EnumerateObject().Any(a => a.Value.TryGetProperty("default", out _)), $"defaults, found {mixin}");
        }
    }

    [Row("C-282", Must, C, "POST compute with another resource_tpl", "the old template is gone, the sizes are the new one's")]
    public static async Task Another_resource_template(Session s)
    {
        s.Model.Get(Template + "medium");
        var path = await s.MakeCompute(Compose.Mixin(Template + "small"));
        Expect.Status(await s.Me.Post(path, Compose.Mixin(Template + "medium")), 200, 201);
        var mixins = (await s.ReadText(path)).Categories.Select(c => c.Id).ToArray();
        Expect.That(!mixins.Contains(Template + "small") && mixins.Contains(Template + "medium"), $"medium in small's place, found {string.Join(' ', mixins)}");
        await Sizes(s, path, 2, 2, 20);
    }

    internal static async Task Sizes(Session s, string path, decimal cores, decimal memory, decimal ephemeral)
    {
        var entity = await s.Read(path);
        decimal? Of(string name) => Session.AttributeOf(entity, name) is { } text ? decimal.Parse(text, CultureInfo.InvariantCulture) : null;
        Expect.That(
            (Of("occi.compute.cores"), Of("occi.compute.memory"), Of("occi.compute.ephemeral_storage.size")) == (cores, memory, ephemeral),
            $"{cores} cores, {memory} GiB of memory and {ephemeral} GiB of scratch space, found {entity}");
    }

    [Row("C-283", Must, U, "create with a template and contradicting sizes", "the template's values win (or the request is refused)")]
    public static async Task A_template_beats_sizes(Session s)
    {
        s.Model.Get(Template + "small");
        var response = await s.Me.Post(s.Model.LocationOf(Compute), Compose.Lines(Compose.Kind(Compute), Compose.Mixin(Template + "small"), Compose.Attribute("occi.compute.cores", "3")));
        if (response.Status is >= 400 and < 500)
            return;
        await Sizes(s, s.Made(response), 1, 1, 10);
    }

    [Row("C-284", Should, C, "GET /-/", "ssh_key and user_data, applying to compute")]
    public static async Task Contextualisation_is_listed(Session s)
    {
        foreach (var id in new[] { SshKey, UserData })
            Expect.That(s.Model.Find(id)?.Class == "mixin" && (await Applies(s, id)).SequenceEqual([Compute]), $"the mixin {id}, applying to compute");
    }

    [Row("C-285", MustNot, C, "ssh_key or user_data on network or storage", "refused")]
    public static async Task Contextualisation_is_for_computes(Session s)
    {
        foreach (var (mixin, attribute) in new[] { (SshKey, Compose.Text("occi.credentials.ssh.publickey", Key)), (UserData, Compose.Text("occi.compute.userdata", "#!/bin/sh")) })
        {
            s.Model.Get(mixin);
            Expect.Status(await s.Me.Post(s.Model.LocationOf(Network), Compose.Lines(Compose.Kind(Network), Compose.Mixin(mixin), attribute)), 400, 403, 409);
            Expect.Status(await s.Me.Post(s.Model.LocationOf(Storage), Compose.Lines(Compose.Kind(Storage), Compose.Mixin(mixin), attribute, Compose.Attribute("occi.storage.size", "1.0"))), 400, 403, 409);
        }
    }

    [Row("C-286", Must, C, "a compute with ssh_key", "occi.credentials.ssh.publickey is shown")]
    public static async Task A_key_is_shown(Session s)
    {
        s.Model.Get(SshKey);
        var path = await s.MakeCompute(Compose.Mixin(SshKey), Compose.Text("occi.credentials.ssh.publickey", Key));
        Expect.That(await s.Attribute(path, "occi.credentials.ssh.publickey") == Key, "the key that was given");
    }

    [Row("C-287", MustNot, U, "update occi.compute.userdata", "unchanged; 403")]
    public static async Task User_data_is_given_once(Session s)
    {
        s.Model.Get(UserData);
        var path = await s.MakeCompute(Compose.Mixin(UserData), Compose.Text("occi.compute.userdata", "#!/bin/sh one"));
        var before = await s.Attribute(path, "occi.compute.userdata");
        Expect.Status(await s.Me.Post(path, Compose.Text("occi.compute.userdata", "#!/bin/sh two")), 403, 400, 409);
        Expect.That(await s.Attribute(path, "occi.compute.userdata") == before, "the user data unchanged");
    }

    [Row("C-289", Int, R, "create with OpenStack's #public_key and #user_data", "the same effect as ssh_key and user_data")]
    public static async Task Openstack_contextualisation(Session s)
    {
        const string PublicKey = "http://schemas.openstack.org/instance/credentials#public_key", Data = "http://schemas.openstack.org/compute/instance#user_data";
        var userData = Convert.ToBase64String(Encoding.UTF8.GetBytes("#cloud-config\nhostname: conformance\n"));
        var path = await s.MakeCompute(
            Compose.Mixin(PublicKey), Compose.Mixin(Data), Compose.Text("org.openstack.credentials.publickey.name", "mine"),
            Compose.Text("org.openstack.credentials.publickey.data", Key), Compose.Text("org.openstack.compute.user_data", userData));
        var entity = await s.ReadText(path);
        Expect.Same([PublicKey, Data], entity.Categories.Select(c => c.Id).Intersect([PublicKey, Data]), "both mixins on the compute", entity);
        Expect.That(entity.Attributes.GetValueOrDefault("org.openstack.credentials.publickey.data") == $"\"{Key}\"", "the key that was given", entity);
    }
}
