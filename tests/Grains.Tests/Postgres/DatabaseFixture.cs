using Controller.Silo;
using Controller.Silo.Postgres;
using Controller.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Controller.Grains.Tests.Postgres;

/// <summary>A migrated database and nobody in it.</summary>
public sealed class DatabaseFixture : IAsyncLifetime
{
    private PrivatePostgres _postgres = null!;   // set by InitializeAsync, as the other

    public NpgsqlDataSource Database { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _postgres = await PrivatePostgres.Start();
        Database = SiloHost.Database(await _postgres.CreateDatabase());
        await new Migrator(Database, NullLogger<Migrator>.Instance).Apply(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await Database.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>First column of each row, as text.</summary>
    public async Task<List<string>> Rows(string sql, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        return rows;
    }

    public async Task Execute(string sql, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await command.ExecuteNonQueryAsync();
    }

    private NpgsqlCommand Command(string sql, object[] parameters)
    {
        var command = Database.CreateCommand(sql);
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}

[CollectionDefinition("database")]
public sealed class DatabaseCollection : ICollectionFixture<DatabaseFixture>;
