using Npgsql;

namespace Controller.Silo;

/// <summary>Ready: the database answers and this silo is active in the cluster. Live never asks the database: a restart would not mend it.</summary>
internal sealed class SiloHealth(NpgsqlDataSource database, ISiloStatusOracle oracle, IHostApplicationLifetime lifetime)
{
    public async Task<IResult> Ready()
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return Results.Text("stopping", statusCode: 503);
        if (oracle.CurrentStatus != SiloStatus.Active)
            return Results.Text($"the silo is {oracle.CurrentStatus}", statusCode: 503);
        try
        {
            await using var command = database.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync();
            return Results.Text("ready");
        }
        catch (NpgsqlException e)
        {
            return Results.Text($"the database does not answer: {e.Message}", statusCode: 503);
        }
    }
}
