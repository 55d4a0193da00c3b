using Npgsql;

namespace Controller.Api.Inventory;

/// <summary>
/// A connection to listen on. Not one of the pool's: it is never given back, and it asks for a sign of life, since a listener would not notice otherwise that the
/// other side is gone.
/// </summary>
internal sealed class ListeningConnection(string connectionString)
{
    private const int KeepAliveSeconds = 10;

    private readonly string _connectionString = new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        KeepAlive = KeepAliveSeconds,
        ApplicationName = "controller-api-listener",
    }.ConnectionString;

    public async Task<NpgsqlConnection> Open(CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
