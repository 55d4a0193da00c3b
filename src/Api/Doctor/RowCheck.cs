using System.Collections.Concurrent;
using Controller.Api.Cluster;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Doctor;

/// <summary>The inventory's columns against what is stored beside them, and (deep) rows against the grains that wrote them.</summary>
internal sealed class RowCheck(NpgsqlDataSource database, IGrainFactory grains) : ICheck
{
    private const int AtOnce = 32;

    // Those that are no entities have no grain that writes them anew; nothing but their own write touches them either.
    private const string Entities = "state_name not in ('token', 'project', 'join', 'image', 'usermixins', 'creation')";

    private const string Columns =
        $"""
        select state_name, entity_id, id, wrong from (
            select state_name, id, entity_id, concat_ws(', ',
                case when entity_id is distinct from (i ->> 'entityId')::uuid then 'id' end, case when project is distinct from (i ->> 'project')::uuid then 'project' end,
                case when source is distinct from (i ->> 'source')::uuid then 'source' end, case when target is distinct from (i ->> 'target')::uuid then 'target' end,
                case when state is distinct from i ->> 'state' then 'state' end, case when host is distinct from (i ->> 'host')::uuid then 'host' end,
                case when title is distinct from i ->> 'title' then 'title' end, case when listed is distinct from (i ->> 'listed')::boolean then 'listed' end,
                case when due is distinct from (i ->> 'due')::timestamptz then 'due' end, case when cores is distinct from (i ->> 'cores')::integer then 'cores' end,
                case when memory is distinct from (i ->> 'memory')::bigint then 'memory' end, case when disk is distinct from (i ->> 'disk')::bigint then 'disk' end,
                case when mixins is distinct from array(select jsonb_array_elements_text(i -> 'mixins')) then 'mixins' end) as wrong
            from (select *, convert_from(payload, 'UTF8')::jsonb -> 'index' as i from entity where {Entities}) e) c
        where wrong <> '' limit 200
        """;

    private const string Versions = $"select state_name, entity_id, version from entity where {Entities} and entity_id is not null";

    public string What => "rows of the inventory against what entities are";

    public async Task<List<Finding>> Look(bool deep, CancellationToken cancel)
    {
        var found = await database.Rows(Columns, r => new Finding(
            "row-differs", $"{r.GetString(0)} {r.GetString(2).Split('/')[^1]}", $"Lists and placements go by another {r.GetString(3)} than it has.",
            $"controller repair row {r.GetString(0)} {r.GetString(2).Split('/')[^1]}"), cancel);
        if (deep)
            found.AddRange(await Stale(cancel));
        return found;
    }

    private async Task<IEnumerable<Finding>> Stale(CancellationToken cancel)
    {
        var stale = new ConcurrentBag<Finding>();
        var rows = await database.Rows(Versions, r => (Term: r.GetString(0), Id: r.GetGuid(1), Version: r.GetInt32(2)), cancel);
        await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (row, stop) =>
        {
            // What changes at this moment differs and is right: it is asked again until nothing moved between two looks.
            for (int? before = row.Version, now; ; before = now)
            {
                var grain = await Twice.Try(grains.Entity(row.Term, row.Id).AsReference<IRepairedGrain>().Version);
                if (grain == (before ?? 0))
                    return;
                if ((now = await Version(row.Term, row.Id, stop)) != before)
                    continue;
                stale.Add(new(
                    "row-foreign", $"{row.Term} {row.Id}", $"Its grain goes by version {grain}, its row has version {before?.ToString() ?? "none"}: somebody else wrote it.",
                    $"controller repair row {row.Term} {row.Id}"));
                return;
            }
        });
        return stale.Take(Sql.Most);
    }

    private async Task<int?> Version(string term, Guid id, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select version from entity where state_name = $1 and id = $2");
        command.Parameters.Add(new() { Value = term });
        command.Parameters.Add(new() { Value = GrainKeys.Of(term, id) });
        return await command.ExecuteScalarAsync(cancel) as int?;
    }
}
