using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>
/// Which silo this process is. It says so on each connection to PostgreSQL, which takes no write of a silo that the cluster has declared dead (<c>refuse_the_dead</c>, migration 0030).
/// </summary>
internal sealed class OwnSilo
{
    /// <summary>SQLSTATE of such a refusal.</summary>
    public const string Dead = "OCDED";

    private volatile string _name = "";

    /// <summary>It is known as soon as there are services, and connections before that write nothing for grains.</summary>
    public void Is(SiloAddress address) => _name = $"{SiloHost.Cluster} {address.Endpoint.Address} {address.Endpoint.Port} {address.Generation}";

    public void Introduce(NpgsqlConnection connection)
    {
        using var command = Introduction(connection);
        command.ExecuteNonQuery();
    }

    public async Task IntroduceAsync(NpgsqlConnection connection)
    {
        await using var command = Introduction(connection);
        await command.ExecuteNonQueryAsync();
    }

    private NpgsqlCommand Introduction(NpgsqlConnection connection) =>
        new("SELECT set_config('controller.silo', $1, false)", connection) { Parameters = { new() { Value = _name } } };
}
