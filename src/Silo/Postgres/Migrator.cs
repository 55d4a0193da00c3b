using System.Reflection;
using Controller.Grains.Restoring;
using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>
/// Brings the schema up to date. Migrations only add (expand-only), so that a silo of the previous release goes on working; each is applied once, in order, in one transaction,
/// by whichever silo holds the advisory lock. Then it says whether the database was restored from a backup.
/// </summary>
internal sealed partial class Migrator(NpgsqlDataSource database, ILogger<Migrator> logger, Restoration? restoration = null)
{
    /// <summary>Arbitrary, but for ever this one.</summary>
    private const long Lock = 0x0CC1_5C4E_3A01;

    public async Task Apply(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await Execute(connection, $"SELECT pg_advisory_lock({Lock})", cancel);
        try
        {
            await Execute(connection, "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())", cancel);
            var applied = await AppliedVersions(connection, cancel);
            foreach (var (version, name, sql) in All().Where(m => !applied.Contains(m.Version)))
            {
                await using var transaction = await connection.BeginTransactionAsync(cancel);
                await Execute(connection, sql, cancel);
                await Execute(connection, $"INSERT INTO schema_version (version, name) VALUES ({version}, '{name}')", cancel);
                await transaction.CommitAsync(cancel);
                LogApplied(version, name);
            }
            await NoteRestore(connection, cancel);
        }
        finally
        {
            await Execute(connection, $"SELECT pg_advisory_unlock({Lock})", CancellationToken.None);
        }
    }

    private async Task NoteRestore(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT era, at, taken FROM restored ORDER BY era DESC LIMIT 1", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (restoration is null || !await reader.ReadAsync(cancel))
            return;
        restoration.Note(reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2));
        LogRestored(reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2), restoration.Era);
    }

    /// <summary>Embedded files <c>NNNN_name.sql</c>, in order.</summary>
    internal static IEnumerable<(int Version, string Name, string Sql)> All()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string marker = ".Migrations.";
        return assembly.GetManifestResourceNames()
            .Where(n => n.Contains(marker, StringComparison.Ordinal))
            .Select(resource =>
            {
                var file = resource[(resource.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..^".sql".Length];
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                return (int.Parse(file[..4], System.Globalization.CultureInfo.InvariantCulture), file[5..], reader.ReadToEnd());
            })
            .OrderBy(m => m.Item1);
    }

    /// <summary>Not only the highest: a lower one may have come later.</summary>
    private static async Task<HashSet<int>> AppliedVersions(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT version FROM schema_version", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var versions = new HashSet<int>();
        while (await reader.ReadAsync(cancel))
            versions.Add(reader.GetInt32(0));
        return versions;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Migration {Version} ({Name}) was applied")]
    private partial void LogApplied(int version, string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "The database was restored at {At} to what it was at {Taken}: era {Era}. Hosts are asked what they have before they are told anything")]
    private partial void LogRestored(DateTimeOffset at, DateTimeOffset taken, long era);
}
