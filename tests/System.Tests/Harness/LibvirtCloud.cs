using Controller.Testing;

namespace Controller.SystemTests.Harness;

/// <summary>A cloud with real machines.</summary>
internal static class LibvirtCloud
{
    /// <summary>
    /// A setting of agents. With Tcg they don't find out first whether KVM is good for anything: where it interprets each instruction, each start of an agent would keep a processor busy for
    /// eight seconds.
    /// </summary>
    public const string Acceleration = "Libvirt__Acceleration";

    public static Task<Cloud> Start(params string[] options) => Start(new Cloud { Settings = { [Acceleration] = "Tcg" } }, options);

    /// <summary>With agents as they are where nobody has set anything.</summary>
    public static Task<Cloud> StartPlain() => Start(new Cloud(), []);

    private static async Task<Cloud> Start(Cloud cloud, string[] options)
    {
        try
        {
            await cloud.Up(["--driver", "libvirt", .. options]);
            return cloud;
        }
        catch
        {
            await cloud.DisposeAsync();
            throw;
        }
    }

    public static Task HasForgotten(this Cloud cloud, IReadOnlyList<Entity> entities, params string[] marks) => cloud.HasForgotten(entities, [new(cloud)], marks);

    /// <summary>What must be so once all that the test made was deleted: neither the hosts nor the database know of any of it.</summary>
    public static async Task HasForgotten(this Cloud cloud, IReadOnlyList<Entity> entities, IReadOnlyList<Hypervisor> hosts, params string[] marks)
    {
        string[] all = [.. entities.Select(e => e.Id), .. marks];
        IReadOnlyList<string> left = [];
        foreach (var host in hosts)
        {
            await Eventually.Is(
                $"{host.Name} has nothing left", async () => (left = await host.Traces(all)).Count == 0, TimeSpan.FromSeconds(90), () => string.Join('\n', left));
        }
        await Eventually.Is(
            "the database has nothing left", async () => (left = await Rows(cloud, all)).Count == 0, TimeSpan.FromSeconds(90), () => string.Join('\n', left));
    }

    private static async Task<IReadOnlyList<string>> Rows(Cloud cloud, string[] ids)
    {
        string[] queries =
        [
            $"select 'entity', state_name, id from entity where id ~ '{string.Join('|', ids)}' or entity_id::text ~ '{string.Join('|', ids)}'",
            // The default network is all that may claim anything.
            "select 'host_claim', term, consumer from host_claim where consumer not in (select network from subnet_claim)",
            "select 'address_claim', network, address from address_claim",
            "select 'subnet_claim', network, range from subnet_claim where network not in (select entity_id from entity where title = 'default')",
        ];
        var rows = new List<string>();
        foreach (var query in queries)
            rows.AddRange(await cloud.Rows(query));
        return rows;
    }
}
