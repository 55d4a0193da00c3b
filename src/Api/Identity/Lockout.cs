using Microsoft.Extensions.Options;
using Npgsql;

namespace Controller.Api.Identity;

/// <summary>
/// Failed attempts at a name make it wait, longer each time, in all APIs; whether or not anybody has that name, so that nothing is learnt from it. An attempt is counted before the password is
/// looked at: many at once are many.
/// </summary>
internal sealed class Lockout(NpgsqlDataSource database, IOptions<IdentityOptions> options)
{
    /// <summary>Counts an attempt; how long it has to wait, null: it need not.</summary>
    public async Task<TimeSpan?> Begin(string name, CancellationToken cancel)
    {
        // Those of a day ago have been forgotten.
        await using var command = database.CreateCommand(
            """
            with old as (delete from sign_in_failure where until < now() - interval '1 day' and name <> $1),
            counted as (
                insert into sign_in_failure as f (name, failures, until) values ($1, 1, now())
                on conflict (name) do update set
                    failures = case when f.until < now() - interval '1 day' then 1 else f.failures + 1 end,
                    until = now() + case when f.failures + 1 <= $2 then interval '0' else least($3, interval '1 second' * power(2, least(f.failures + 1 - $2, 30) - 1)) end
                where f.until <= now()
                returning 1)
            select case when not exists (select from counted) then (select until - now() from sign_in_failure where name = $1) end
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Key(name) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = options.Value.FreeAttempts });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.LongestWait });
        return await command.ExecuteScalarAsync(cancel) is TimeSpan wait && wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>It was right, or an admin has set another password: what was before does not count.</summary>
    public async Task Clear(string name, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("delete from sign_in_failure where name = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Key(name) });
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static string Key(string name) => name.ToLowerInvariant();
}
