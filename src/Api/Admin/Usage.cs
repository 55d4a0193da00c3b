using System.Globalization;
using System.Text;
using System.Text.Json;
using Controller.Api.Audit;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Admin;

/// <summary>What projects may use, use now and have used. PostgreSQL notes it in the transactions that change it (migration 0036).</summary>
internal sealed class Usage(NpgsqlDataSource database, Accounts accounts, Projects projects, TimeProvider time)
{
    private const double Gibibyte = 1L << 30;
    private const double SecondsPerHour = 3600;
    private static readonly string[] Kinds = ["computes", "cores", "memoryBytes", "volumes", "diskBytes", "networks", "addresses"];

    /// <summary>How much of something is used, and at most may be (null: no limit).</summary>
    public sealed record Amount(long Used, long? Limit);

    /// <summary>
    /// What a project has used of something within a month (or the part of it that was asked for): the integral over time, in <c>Unit</c>, and the most of any one entity at a time.
    /// </summary>
    public sealed record Line(Guid Project, string? ProjectName, string Month, string What, double Amount, string Unit, int Entities);

    public sealed record Report(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<Line> Lines);

    /// <summary>What an entity used, from when to when (null: it does still).</summary>
    public sealed record Interval(Guid Entity, Guid Project, string What, long Quantity, DateTimeOffset From, DateTimeOffset? To);

    public async Task<IResult> Quota(Guid project, HttpContext http, CancellationToken cancel)
    {
        if (await IsUnknown(project, http, cancel) || await projects.Of(project) is not { } view)
            return Problems.NotFound(http.Request.Path).ToResult();
        return Results.Json(await Amounts(view, cancel));
    }

    public async Task<IResult> SetQuota(Guid project, JsonElement change, HttpContext http, CancellationToken cancel)
    {
        if (await projects.Of(project) is not { } view)
            return Problems.NotFound(http.Request.Path).ToResult();
        var (quota, wrong) = QuotaChange.Of(change, view.Quota);
        if (wrong is not null)
            return Problems.Invalid(wrong).ToResult();
        http.Touch("project", project, project);
        return await projects.SetQuota(project, quota) is { } changed ? Results.Json(await Amounts(changed, cancel)) : Problems.NotFound(http.Request.Path).ToResult();
    }

    /// <summary>The report by project and month, as JSON or CSV; or (<c>intervals=true</c>) what it is made of.</summary>
    public async Task<IResult> Show(HttpContext http, CancellationToken cancel)
    {
        var query = http.Request.Query;
        var now = time.GetUtcNow();
        var (from, badFrom) = Time(query["from"].ToString(), "from", new(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero));
        var (to, badTo) = Time(query["to"].ToString(), "to", now);
        if ((badFrom ?? badTo) is { } bad)
            return bad.ToResult();
        if (to <= from || to - from > TimeSpan.FromDays(366 * 5))
            return Problems.BadQuery($"to must be after from, and at most five years; found {from:u} and {to:u}.").ToResult();
        var (names, busy) = await accounts.Projects(cancel, query["project"].ToString());
        if (names is null)
            return busy!.ToResult();   // one of the two is there
        var principal = http.Arrival().Principal;
        Guid[]? seen = principal.InCloud == Role.Admin ? null : [.. names.Where(n => principal.In(n.Id) is not null).Select(n => n.Id)];
        if (query["project"].ToString() is { Length: > 0 } wanted)
        {
            // One that is gone has no name any more, but an id.
            var id = names.FirstOrDefault(n => n.Is(wanted))?.Id ?? (Guid.TryParse(wanted, out var gone) ? gone : null);
            if (id is not { } one || (seen is not null && !seen.Contains(one)))
                return Problems.BadQuery($"project must be the id or the name of a project of yours, found '{wanted}'.").ToResult();
            seen = [one];
        }
        var csv = query["format"].ToString() == "csv" || (query["format"].Count == 0 && http.Request.Headers.Accept.ToString().Contains("text/csv", StringComparison.OrdinalIgnoreCase));
        if (query["intervals"].ToString() == "true")
        {
            var intervals = await Intervals(seen, from, to, cancel);
            return csv
                ? Csv("entity,project,what,quantity,from,to", intervals.Select(i => new[] { i.Entity.ToString(), i.Project.ToString(), i.What, Text(i.Quantity), Text(i.From), i.To is { } end ? Text(end) : "" }))
                : Results.Json(new { from, to, intervals });
        }
        var lines = await Lines(seen, from, to > now ? now : to, names, cancel);
        return csv
            ? Csv("project,name,month,what,amount,unit,entities", lines.Select(l => new[] { l.Project.ToString(), l.ProjectName ?? "", l.Month, l.What, l.Amount.ToString("0.######", CultureInfo.InvariantCulture), l.Unit, Text(l.Entities) }))
            : Results.Json(new Report(from, to, lines));
    }

    private async Task<bool> IsUnknown(Guid project, HttpContext http, CancellationToken cancel)
    {
        var (all, _) = await accounts.Projects(cancel, project.ToString("D"));
        return all?.Any(p => p.Id == project) != true || http.Arrival().Principal.In(project) is null;
    }

    private async Task<Dictionary<string, Amount>> Amounts(ProjectView view, CancellationToken cancel)
    {
        // As placements count: what is claimed.
        await using var command = database.CreateCommand("select what, sum(quantity)::bigint from usage_open where project = $1 group by what");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = view.Id });
        await using var r = await command.ExecuteReaderAsync(cancel);
        var used = new Dictionary<string, long>();
        while (await r.ReadAsync(cancel))
            used[r.GetString(0)] = r.GetInt64(1);
        var q = view.Quota;
        return Kinds.Zip((long?[])[q.Computes, q.Cores, q.MemoryBytes, q.Volumes, q.DiskBytes, q.Networks, q.Addresses]).ToDictionary(k => k.First, k => new Amount(used.GetValueOrDefault(k.First), k.Second));
    }

    private async Task<List<Line>> Lines(Guid[]? of, DateTimeOffset from, DateTimeOffset to, IReadOnlyList<ProjectName> names, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            with used as (
                select entity, project, what, quantity, since, until from usage_interval where until > $2 and since < $3 and ($1::uuid[] is null or project = any ($1))
                union all select entity, project, what, quantity, since, $3 from usage_open where since < $3 and ($1::uuid[] is null or project = any ($1))),
            months as (select m at time zone 'UTC' as starts, (m + interval '1 month') at time zone 'UTC' as ends
                from generate_series(date_trunc('month', $2 at time zone 'UTC'), $3 at time zone 'UTC', interval '1 month') m)
            select project, to_char(starts at time zone 'UTC', 'YYYY-MM'), what,
                sum(quantity * extract(epoch from least(until, ends, $3) - greatest(since, starts, $2)))::double precision, count(distinct entity)::int
            from used join months on until > greatest(starts, $2) and since < least(ends, $3)
            group by 1, 2, 3 order by 1, 2, 3
            """);
        Bind(command, of, from, to);
        await using var r = await command.ExecuteReaderAsync(cancel);
        var lines = new List<Line>();
        while (await r.ReadAsync(cancel))
        {
            var (project, what) = (r.GetGuid(0), r.GetString(2));
            var bytes = what.EndsWith("Bytes", StringComparison.Ordinal);
            lines.Add(new(
                project, names.FirstOrDefault(n => n.Id == project)?.Name, r.GetString(1), what, Math.Round(r.GetDouble(3) / SecondsPerHour / (bytes ? Gibibyte : 1), 6), bytes ? "GiB·h" : "h", r.GetInt32(4)));
        }
        return lines;
    }

    private async Task<List<Interval>> Intervals(Guid[]? of, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            select entity, project, what, quantity, since, until from usage_interval where until > $2 and since < $3 and ($1::uuid[] is null or project = any ($1))
            union all select entity, project, what, quantity, since, null from usage_open where since < $3 and ($1::uuid[] is null or project = any ($1))
            order by 5, 1, 3
            """);
        Bind(command, of, from, to);
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<Interval>();
        while (await r.ReadAsync(cancel))
            found.Add(new(r.GetGuid(0), r.GetGuid(1), r.GetString(2), r.GetInt64(3), r.GetFieldValue<DateTimeOffset>(4), r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5)));
        return found;
    }

    private static void Bind(NpgsqlCommand command, Guid[]? of, DateTimeOffset from, DateTimeOffset to)
    {
        command.Parameters.Add(new() { Value = (object?)of ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = from.UtcDateTime });
        command.Parameters.Add(new() { Value = to.UtcDateTime });
    }

    private static (DateTimeOffset Time, Problem? Problem) Time(string text, string name, DateTimeOffset otherwise) =>
        text.Length == 0 ? (otherwise, null)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var found) ? (found.ToUniversalTime(), null)
        : (otherwise, Problems.BadQuery($"{name} must be a time as in 2026-01-31T12:00:00Z, or a day as in 2026-01-31; found '{text}'."));

    private static IResult Csv(string heading, IEnumerable<string[]> rows)
    {
        var text = new StringBuilder(heading).Append("\r\n");
        foreach (var row in rows)
            text.AppendJoin(',', row.Select(Cell)).Append("\r\n");
        return Results.Text(text.ToString(), "text/csv", Encoding.UTF8);
    }

    // RFC 4180; what a spreadsheet would take for a formula is text.
    private static string Cell(string text)
    {
        var safe = text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
