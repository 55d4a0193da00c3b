using Npgsql;

namespace Controller.Silo.Images;

/// <summary>Whose turn it is to fetch an image: a row that its holder renews, by PostgreSQL's clock, so that an import holds no connection.</summary>
internal sealed class ImportTurns(NpgsqlDataSource database)
{
    /// <summary>A process that died holds its turns for this long.</summary>
    private const string Lasts = "15 seconds";

    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(4);

    private readonly Guid _me = Guid.NewGuid();

    /// <summary>Takes it, or renews it. False: another has it.</summary>
    public async Task<bool> Take(string term, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            $"""
            INSERT INTO import_turn AS t (term, holder, until) VALUES ($1, $2, now() + interval '{Lasts}')
            ON CONFLICT (term) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE t.holder = excluded.holder OR t.until < now()
            """);
        command.Parameters.Add(new() { Value = term });
        command.Parameters.Add(new() { Value = _me });
        return await command.ExecuteNonQueryAsync(cancel) > 0;
    }

    public async Task GiveBack(string term)
    {
        await using var command = database.CreateCommand("DELETE FROM import_turn WHERE term = $1 AND holder = $2");
        command.Parameters.Add(new() { Value = term });
        command.Parameters.Add(new() { Value = _me });
        await command.ExecuteNonQueryAsync();
    }
}
