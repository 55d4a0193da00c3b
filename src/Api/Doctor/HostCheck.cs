using Controller.Api.Cluster;
using Controller.Api.Inventory;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Doctor;

/// <summary>What agents report against what is claimed and what entities stand by; and whether hosts are there at all.</summary>
internal sealed class HostCheck(NpgsqlDataSource database, Rows rows, IGrainFactory grains, TimeProvider time) : ICheck
{
    /// <summary>What comes and goes at this moment differs for as long as a message takes: only what differs twice is found.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    // Networks come and go with their machines, and what failed may never have come to be.
    private const string Settled =
        """
        select c.host, c.term, c.consumer, c.incarnation from host_claim c join entity e on e.state_name = c.term and e.id = c.term || '/' || c.consumer
        where c.term in ('compute', 'storage') and e.due is null and e.listed and e.state is distinct from 'error' and e.host = c.host
        """;

    public string What => "what is on hosts against claims and entities";

    public async Task<List<Finding>> Look(bool deep, CancellationToken cancel)
    {
        var hosts = (await rows.All("host", ContractsJson.Default.RowHostView, cancel)).ConvertAll(h => h.View);
        var found = hosts.Where(h => h.Status is HostStatus.Unreachable or HostStatus.Unhealthy).Select(Away).ToList();
        var first = await Differences(hosts, cancel);
        if (first.Count > 0)
        {
            await Task.Delay(Between, time, cancel);
            found.AddRange((await Differences(hosts, cancel)).Intersect(first));
        }
        return found;
    }

    private static Finding Away(HostView host) => host.Status == HostStatus.Unreachable
        ? new("host-unreachable", $"host {host.Name}", host.Why ?? "It is unreachable.", $"bring its agent back; where it is gone for ever: controller host remove {Named(host)} --force")
        : new("host-unhealthy", $"host {host.Name}", host.Why ?? "Its hypervisor is not well.", "mend its hypervisor: the agent says by itself when it is well");

    /// <summary>As a shell takes it without quotes.</summary>
    private static string Named(HostView host) => host.Name.Length > 0 && host.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') ? host.Name : host.Id.ToString("D");

    private async Task<List<Finding>> Differences(List<HostView> hosts, CancellationToken cancel)
    {
        var settled = (await database.Rows(Settled, r => (Host: r.GetGuid(0), Object: new ReportedObject(r.GetString(1), r.GetGuid(2), r.GetGuid(3))), cancel)).ToLookup(c => c.Host, c => c.Object);
        var found = new List<Finding>();
        foreach (var host in hosts.Where(h => h.Status == HostStatus.Up))
        {
            var grain = grains.At<IReportingHost>(GrainId.Create("host", GrainKeys.Of("host", host.Id)));
            if (await Twice.Try(grain.Reported) is not { } report)
                continue;
            found.AddRange(settled[host.Id].Except(report.Objects).Select(o => new Finding(
                "host-lacks", $"{o.Term} {o.Id}", $"It should be on host {host.Name} and is not, by the agent's reports.", $"controller repair host {Named(host)}")));
            foreach (var there in report.Objects.Except(settled[host.Id]))
            {
                var claimant = grains.At<IClaimant>(GrainId.Create(there.Term, GrainKeys.Of(there.Term, there.Id)));
                if (!await Twice.Try(() => claimant.StandsBy(host.Id, there.Incarnation)))
                {
                    var adopt = there.Term == "compute" ? $"controller host adopt {Named(host)} {there.Id} --project PROJECT; or, removing it with its data: " : "";
                    found.Add(new(
                        "host-stray", $"{there.Term} {there.Id}", $"Its incarnation {there.Incarnation} is on host {host.Name}, and it does not stand by it.",
                        $"{adopt}controller repair stray {Named(host)} {there.Term} {there.Id} {there.Incarnation}"));
                }
            }
        }
        return [.. found.Take(Sql.Most)];
    }
}
