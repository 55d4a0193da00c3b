using Controller.Contracts;
using Controller.Grains.Consoles;
using Npgsql;

namespace Controller.Silo.Postgres;

internal sealed class PostgresConsoleTickets(NpgsqlDataSource database) : IConsoleTickets
{
    public async Task Add(string hash, ConsoleTicket ticket, DateTimeOffset now, DateTimeOffset until)
    {
        await using var command = database.CreateCommand(
            """
            WITH gone AS (DELETE FROM console_ticket WHERE expires <= $8)
            INSERT INTO console_ticket (hash, compute, kind, project, role, principal, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)
            """);
        command.Parameters.Add(new() { Value = hash });
        command.Parameters.Add(new() { Value = ticket.Compute });
        command.Parameters.Add(new() { Value = (short)ticket.Kind });
        command.Parameters.Add(new() { Value = ticket.Caller.Project });
        command.Parameters.Add(new() { Value = (short)ticket.Caller.Role });
        command.Parameters.Add(new() { Value = ticket.Caller.Principal });
        command.Parameters.Add(new() { Value = until.UtcDateTime });
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        await command.ExecuteNonQueryAsync();
    }

    public async Task<ConsoleTicket?> Take(string hash, DateTimeOffset now)
    {
        await using var command = database.CreateCommand("DELETE FROM console_ticket WHERE hash = $1 RETURNING compute, kind, project, role, principal, expires");
        command.Parameters.Add(new() { Value = hash });
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync() || reader.GetDateTime(5) <= now.UtcDateTime)
            return null;
        return new(reader.GetGuid(0), (ConsoleKind)reader.GetInt16(1), new(reader.GetGuid(2), (Role)reader.GetInt16(3), reader.GetString(4)));
    }
}
