using System.Globalization;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Controller.Api.Doctor;

/// <summary>What the processes stand on: clocks, migrations, certificates, room on disks.</summary>
internal sealed class SystemCheck(NpgsqlDataSource database, Rows rows, ServerCertificate certificate, IOptions<ApiOptions> options, TimeProvider time) : ICheck
{
    private const double LeastFree = 0.05;

    /// <summary>Deadlines and certificates' first minutes tolerate less than leases do.</summary>
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    // Reports of the last minute only: a silo that is gone has no clock.
    private const string Silos =
        """
        select silo, seen - noted, disk_free, disk_size, authority_until, certificate_until,
            array(select m from unnest(migrations) m where not exists (select from schema_version v where v.version = m) order by m)
        from gateway where noted > now() - interval '1 minute' order by silo
        """;

    private const string Hosts =
        """
        select coalesce(e.title, s.host::text), case when e.state = 'up' then s.clock_ahead_ms end, s.certificate_from, s.certificate_until
        from host_seen s join entity e on e.state_name = 'host' and e.id = 'host/' || s.host
        """;

    public string What => "clocks, migrations, certificates, room on disks";

    public async Task<List<Finding>> Look(bool deep, CancellationToken cancel)
    {
        var found = new List<Finding>();
        var now = time.GetUtcNow();
        var (before, clock) = (time.GetTimestamp(), (await database.Rows("select clock_timestamp()", r => r.GetFieldValue<DateTimeOffset>(0), cancel))[0]);
        Clock("this API", now + time.GetElapsedTime(before) - clock, "the database's");
        foreach (var silo in await database.Rows(Silos, r => (
            Name: r.GetString(0), Ahead: r.GetTimeSpan(1), Free: r.Maybe<long>(2), Size: r.Maybe<long>(3), Authority: r.Maybe<DateTimeOffset>(4), Own: r.Maybe<DateTimeOffset>(5),
            Missing: r.GetFieldValue<int[]>(6)), cancel))
        {
            Clock($"silo {silo.Name}", silo.Ahead, "the database's");
            Room($"silo {silo.Name}", "the image store", silo.Free, silo.Size, "make room there, or delete images: controller image list");
            if (silo.Missing.Length > 0)
            {
                found.Add(new(
                    "migration-missing", $"silo {silo.Name}", $"It knows migrations that the database lacks: {string.Join(", ", silo.Missing)}.", $"restart silo {silo.Name}: a silo applies them when it starts"));
            }
            Certificate("the cluster's certificate authority", silo.Authority, Soon, "make another one: docs/deploying.md, Certificates");
            Certificate($"silo {silo.Name}", silo.Own, Soon, $"restart silo {silo.Name}: it makes itself another one");
        }
        foreach (var host in await database.Rows(Hosts, r => (Name: r.GetString(0), Ahead: r.Maybe<long>(1), From: r.Maybe<DateTimeOffset>(2), Until: r.Maybe<DateTimeOffset>(3)), cancel))
        {
            if (host.Ahead is { } ahead)
                Clock($"host {host.Name}", TimeSpan.FromMilliseconds(ahead), "its gateway's");
            // An agent renews its own after two thirds of its life.
            if (host is { From: { } from, Until: { } until })
                Certificate($"host {host.Name}", until, (until - from) / 5, "restart its agent: it renews its certificate when it starts; once it has ended the host has to join anew");
        }
        foreach (var host in (await rows.All("host", ContractsJson.Default.RowHostView, cancel)).Select(h => h.View))
        {
            foreach (var pool in host.Capabilities?.Pools ?? [])
                Room($"host {host.Name}", $"the pool {pool.Name}", pool.FreeBytes, pool.SizeBytes, "make room there, or delete storages: controller occi list storage");
        }
        if (options.Value.TlsUrl is not null)
            Certificate("what HTTPS clients see", certificate.Current.TargetCertificate.NotAfter, Soon, $"replace the file {options.Value.Certificate}: it is read again by itself");
        return [.. found.Distinct()];

        void Clock(string whose, TimeSpan ahead, string against)
        {
            if (ahead.Duration() > MostSkew)
                found.Add(new("clock", whose, $"Its clock is {ahead.Duration().TotalSeconds:0.0} seconds {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} {against}.", "let NTP set it: chronyc makestep"));
        }

        void Certificate(string whose, DateTimeOffset? until, TimeSpan early, string repair)
        {
            if (until is { } end && end < now + early)
                found.Add(new("certificate", whose, $"Its certificate {(end < now ? "ended" : "ends")} at {end:u}.", repair));
        }

        void Room(string whose, string where, long? free, long? size, string repair)
        {
            if (free is { } left && size is { } all and > 0 && left < all * LeastFree)
                found.Add(new("disk", whose, string.Create(CultureInfo.InvariantCulture, $"Of {where} {left / (double)(1 << 30):0.0} of {all / (double)(1 << 30):0.0} GiB are free."), repair));
        }
    }
}
