using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>U. The Compute Resource Templates Profile (GFD.222).</summary>
internal static class Templates
{
    private static readonly (string Term, decimal Cores, decimal Memory, decimal Ephemeral)[] Basic = [("small", 1, 1, 10), ("medium", 2, 2, 20), ("large", 4, 4, 40)];
    private static readonly (string Term, decimal Cores, decimal Memory, decimal Ephemeral)[] Extended = [("mem_small", 1, 4, 10), ("mem_medium", 2, 8, 20), ("mem_large", 4, 16, 40)];

    /// <summary>The tokens in Server; none: the profile is not claimed.</summary>
    private static async Task<string> Claims(Session s)
    {
        var server = (await s.Me.Get(QueryInterface))["Server"] ?? "";
        return server.Contains("OCCI-CRTP", StringComparison.Ordinal) ? server : throw new NotApplicableException("the profile is not claimed in Server");
    }

    [Row("C-290", Must, C, "any request, where the profile is claimed", "OCCI-CRTP/1.1 or OCCI-CRTP-EP/1.1 in Server")]
    public static async Task The_claim_is_everywhere(Session s)
    {
        await Claims(s);
        foreach (var path in new[] { QueryInterface, "/no/such/thing", s.Model.LocationOf(Compute) })
        {
            var response = await s.Me.Get(path);
            Expect.That(response["Server"] is { } server && (server.Contains("OCCI-CRTP/1.1", StringComparison.Ordinal) || server.Contains("OCCI-CRTP-EP/1.1", StringComparison.Ordinal)), "the profile's token in Server", response);
        }
    }

    [Row("C-291", Must, C, "GET /-/, where claimed", "compute, resource_tpl, small, medium and large under …/compute/template/1.1#")]
    public static async Task The_basic_templates_are_there(Session s)
    {
        await Claims(s);
        foreach (var id in (string[])[Compute, ResourceTemplate, .. Basic.Select(t => Template + t.Term)])
            Expect.That(s.Model.Find(id) is not null, $"{id} in the model");
    }

    [Row("C-292", Must, C, "GET /-/, where the extended profile is claimed", "mem_small, mem_medium and mem_large, too")]
    public static async Task The_extended_templates_are_there(Session s)
    {
        if (!(await Claims(s)).Contains("OCCI-CRTP-EP", StringComparison.Ordinal))
            throw new NotApplicableException("the extended profile is not claimed in Server");
        foreach (var (term, _, _, _) in Extended)
            Expect.That(s.Model.Find(Template + term) is not null, $"{Template}{term} in the model");
    }

    [Row("C-293", Must, C, "the templates in JSON", "cores, memory and ephemeral_storage.size as in the profile's table")]
    public static async Task Sizes_are_the_tables(Session s)
    {
        await Claims(s);
        var mixins = Expect.Status(await s.Me.Get(QueryInterface, Json), 200).Json.GetProperty("mixins").EnumerateArray()
            .ToDictionary(m => m.GetProperty("scheme").GetString() + m.GetProperty("term").GetString(), m => m);
        foreach (var (term, cores, memory, ephemeral) in Basic.Concat(Extended).Where(t => mixins.ContainsKey(Template + t.Term)))
        {
            var attributes = mixins[Template + term].GetProperty("attributes");
            decimal Default(string name) => attributes.GetProperty(name).GetProperty("default").GetDecimal();
            Expect.That(
                (Default("occi.compute.cores"), Default("occi.compute.memory"), Default("occi.compute.ephemeral_storage.size")) == (cores, memory, ephemeral),
                $"{cores}, {memory} and {ephemeral} in {term}, found {attributes}");
        }
    }

    [Row("C-294", Must, C, "create a compute with small", "1 core, 1.0 GiB, 10.0 GiB of scratch space")]
    public static async Task Small_is_small(Session s)
    {
        await Claims(s);
        await InfrastructureMixins.Sizes(s, await s.MakeCompute(Compose.Mixin(Template + "small")), 1, 1, 10);
    }

    [Row("C-295", MustNot, C, "a compute with two of the templates at once", "refused, or the first is replaced")]
    public static async Task One_at_a_time(Session s)
    {
        await Claims(s);
        var response = await s.Me.Post(s.Model.LocationOf(Compute), Compose.Lines(Compose.Kind(Compute), Compose.Mixin(Template + "small"), Compose.Mixin(Template + "medium")));
        if (response.Status is >= 400 and < 500)
            return;
        var has = (await s.ReadText(s.Made(response))).Categories.Count(c => c.Scheme == Template);
        Expect.That(has == 1, $"one template, found {has}", response);
    }

    [Row("C-296", Must, C, "another template later", "the attributes follow")]
    public static async Task Attributes_follow(Session s)
    {
        await Claims(s);
        var path = await s.MakeCompute(Compose.Mixin(Template + "medium"));
        await InfrastructureMixins.Sizes(s, path, 2, 2, 20);
        Expect.Status(await s.Me.Post(path, Compose.Mixin(Template + "small")), 200, 201);
        await InfrastructureMixins.Sizes(s, path, 1, 1, 10);
    }
}
