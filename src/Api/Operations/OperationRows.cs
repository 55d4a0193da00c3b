using System.Text.Json;
using Controller.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Controller.Api.Operations;

/// <summary>Something under way. <paramref name="Entity"/> is null for an image, whose <paramref name="Key"/> tells which.</summary>
internal sealed record OperationRow(string Kind, string Key, Guid? Entity, Guid? Project, string? Title, Guid? Host, string? State, ExplainedOperation Operation);

/// <summary>What is under way, over all entities: it stands in their rows and goes with the write that ends it.</summary>
internal sealed class OperationRows(NpgsqlDataSource database)
{
    /// <summary>More at a time help nobody.</summary>
    public const int Most = 1000;

    /// <summary>The longest under way first.</summary>
    /// <param name="project">Only what belongs to it; null: everything.</param>
    /// <param name="id">Only the operation with that id; null: all.</param>
    /// <param name="before">Only what is past a deadline before that time; null: all.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<List<OperationRow>> All(Guid? project, Guid? id, DateTimeOffset? before, CancellationToken cancel)
    {
        // A creation that is done waits to be forgotten: nothing is under way with it.
        await using var command = database.CreateCommand(
            """
            select state_name, e.id, entity_id, project, title, host, state, o.value::text
            from entity e, jsonb_array_elements(convert_from(payload, 'UTF8')::jsonb #> '{index,operations}') o
            where ((due is not null and not (state_name = 'creation' and state = 'done')) or (state_name = 'image' and state = 'pending'))
                and ($1 is null or project = $1) and ($2 is null or (o.value ->> 'id')::uuid = $2) and ($3 is null or (o.value ->> 'deadline')::timestamptz < $3)
            order by (o.value ->> 'since')::timestamptz
            limit $4
            """);
        command.Parameters.Add(new() { Value = (object?)project ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = (object?)before?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = Most });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<OperationRow>();
        while (await reader.ReadAsync(cancel))
        {
            found.Add(new(
                reader.GetString(0), reader.GetString(1), Id(2), Id(3), Text(4), Id(5), Text(6),
                JsonSerializer.Deserialize(reader.GetString(7), ContractsJson.Default.ExplainedOperation)!));   // an element is never null
        }
        return found;

        Guid? Id(int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }
}
