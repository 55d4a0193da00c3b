using System.Text.Json;
using Controller.History.Tests.Cluster;

namespace Controller.History.Tests.Clients;

/// <summary>Who looks after the hosts: moves machines, drains hosts, and lets them take machines again.</summary>
internal sealed class Operator(World world, Account account, IReadOnlyList<Client> clients, int seed)
{
    private readonly Random _random = new(seed);

    public async Task Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            switch (_random.Next(10))
            {
                case 0:
                    await Host("drain", $$"""{"method":"{{(_random.Next(2) == 0 ? "cold" : "auto")}}"}""");
                    break;
                case 1:
                    await Host("undrain", "");
                    break;
                default:
                    await Migrate();
                    break;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(100, 800)), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        foreach (var agent in world.Agents)
            await Undrain(agent);
    }

    private async Task Host(string what, string body)
    {
        var agent = world.Agents[_random.Next(world.Agents.Count)];
        account.Operation(what, await world.Admin.Send("POST", $"/admin/hosts/{world.HostId(agent)}/{what}", body.Length == 0 ? null : body, Session.PlainJson, _random.Next(2)), agent.Name);
    }

    private async Task Migrate()
    {
        if (clients[_random.Next(clients.Count)].Exposed is not { } compute)
            return;
        string[] methods = ["auto", "cold", "live"];
        var body = JsonSerializer.Serialize(new { method = methods[_random.Next(3)], to = _random.Next(2) == 0 ? world.Agents[_random.Next(world.Agents.Count)].Name : null });
        var reply = await world.Admin.Send("POST", $"/admin/computes/{compute.Id:D}/migrate", body, Session.PlainJson, _random.Next(2));
        compute.Note($"migrate {body}: {reply}");
        account.Operation("migrate", reply, compute.Path);
        if (reply.Acknowledged && _random.Next(6) == 0)
            account.Operation("cancel migration", await world.Admin.Send("POST", $"/admin/computes/{compute.Id:D}/cancel-migration", null, Session.PlainJson), compute.Path);
    }

    /// <summary>However often it takes: hosts are to take machines when a history is over.</summary>
    private async Task Undrain(Node agent)
    {
        Reply reply;
        do
        {
            reply = await world.Admin.Send("POST", $"/admin/hosts/{world.HostId(agent)}/undrain", null, Session.PlainJson, _random.Next(2));
            account.Operation("undrain", reply, agent.Name);
        }
        while (reply.Unknown);
    }
}
