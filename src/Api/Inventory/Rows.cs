using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Inventory;

/// <summary>Rows of the inventory that are no OCCI entities: tokens, projects and their mixins, hosts, images; and gateways. Grains write them.</summary>
internal sealed class Rows(NpgsqlDataSource database)
{
    /// <summary>A token, by the hash of its secret.</summary>
    public async Task<TokenView?> Token(string hash, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select payload from entity where state_name = 'token' and id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "token/" + hash });
        return await command.ExecuteScalarAsync(cancel) is byte[] payload ? ViewIn(payload, ContractsJson.Default.RowTokenView) : null;
    }

    /// <summary>All of a sort, in creation order, each with its grain's key.</summary>
    public async Task<List<(string Key, TView View)>> All<TView>(string stateName, JsonTypeInfo<Row<TView>> type, CancellationToken cancel)
        where TView : class
    {
        await using var command = database.CreateCommand("select id, payload from entity where state_name = $1 and payload is not null order by seq");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stateName });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<(string, TView)>();
        while (await reader.ReadAsync(cancel))
        {
            if (ViewIn(await reader.GetFieldValueAsync<byte[]>(1, cancel), type) is { } view)
                found.Add((reader.GetString(0), view));
        }
        return found;
    }

    /// <summary>Something that changes when any row of a sort does.</summary>
    public async Task<string> Fingerprint(string stateName, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select coalesce(string_agg(id || ':' || version, ',' order by id), '') from entity where state_name = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stateName });
        return (string)(await command.ExecuteScalarAsync(cancel) ?? "");
    }

    /// <summary>The version of a project's own mixins (0: there are none), and the mixins if it is another one than <paramref name="known"/>.</summary>
    public async Task<(int Version, UserMixinsView? View)> UserMixins(Guid project, int known, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select version, case when version <> $2 then payload end from entity where state_name = 'usermixins' and id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = GrainKeys.Of(GrainKeys.UserMixinsTerm, project) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = known });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return (0, null);
        return (reader.GetInt32(0), reader.IsDBNull(1) ? null : ViewIn(reader.GetFieldValue<byte[]>(1), ContractsJson.Default.RowUserMixinsView));
    }

    /// <summary>The versions of these projects' own mixins; a project that has none is not there.</summary>
    public async Task<Dictionary<Guid, int>> UserMixinsVersions(Guid[] projects, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select entity_id, version from entity where state_name = 'usermixins' and id = any($1)");
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. projects.Select(p => GrainKeys.Of(GrainKeys.UserMixinsTerm, p))] });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new Dictionary<Guid, int>();
        while (await reader.ReadAsync(cancel))
            found[reader.GetGuid(0)] = reader.GetInt32(1);
        return found;
    }

    /// <summary>The availability zones that hosts are in.</summary>
    public async Task<List<string>> Zones(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select distinct facts ->> 'zone' from entity where state_name = 'host' and facts ->> 'zone' is not null order by 1");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<string>();
        while (await reader.ReadAsync(cancel))
            found.Add(reader.GetString(0));
        return found;
    }

    /// <summary>The last decision about where something is placed, or (not <paramref name="placed"/>) is not; null: there is none, or it was too long ago.</summary>
    public async Task<PlacementDecision?> Placement(string term, Guid consumer, bool placed, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select project, host, outcome, why, detail::text, decided from placement_decision where consumer = $1 and term = $2 and placed = $3");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = consumer });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = term });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = placed });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return !await reader.ReadAsync(cancel) ? null : new(
            reader.GetGuid(0), reader.IsDBNull(1) ? null : reader.GetGuid(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3),
            (JsonObject)JsonNode.Parse(reader.GetString(4))!,   // the column is never null, and an object
            reader.GetFieldValue<DateTimeOffset>(5));
    }

    /// <summary>Where agents can dial in: the gateways heard of in the last minute.</summary>
    public async Task<List<string>> Gateways(CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select endpoint from gateway where seen > now() - interval '60 seconds' order by silo");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<string>();
        while (await reader.ReadAsync(cancel))
            found.Add(reader.GetString(0));
        return found;
    }

    /// <summary>Fails when the database does not answer.</summary>
    public async Task Ping(CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select 1");
        await command.ExecuteScalarAsync(cancel);
    }

    private static TView? ViewIn<TView>(byte[] payload, JsonTypeInfo<Row<TView>> type) where TView : class =>
        JsonSerializer.Deserialize(payload, type)?.View;
}
