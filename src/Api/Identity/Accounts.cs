using System.Text.Json;
using Controller.Api.Http;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Controller.Api.Identity;

/// <summary>Whom sessions and personal tokens belong to, and which projects there are: read, and trusted for five seconds.</summary>
internal sealed class Accounts : IDisposable
{
    /// <summary>What a personal token begins with: other secrets need not be looked for here.</summary>
    public const string TokenPrefix = "ctp_";

    private const string Everybody = "all";

    private readonly NpgsqlDataSource _database;
    private readonly Oidc.OidcOptions _oidc;
    private readonly TimeProvider _time;
    private readonly Remembered<Known> _sessions;
    private readonly Remembered<Known> _tokens;
    private readonly Remembered<Known> _accounts;
    private readonly Remembered<Known> _certificates;
    private readonly Remembered<IReadOnlyList<ProjectName>> _projects;

    public Accounts(NpgsqlDataSource database, IOptions<Oidc.OidcOptions> oidc, TimeProvider time)
    {
        (_database, _oidc, _time) = (database, oidc.Value, time);
        _sessions = new((hash, cancel) => Read("account_session s join account a on a.id = s.account where s.hash = $1", "s.expires, null::uuid, null::smallint, null::timestamptz", hash, cancel), time);
        _tokens = new((hash, cancel) => Token(hash, cancel), time);
        _certificates = new((key, cancel) => Certificate(key, cancel), time);
        _accounts = new((id, cancel) => Read("account a where a.id::text = $1", "null::timestamptz, null::uuid, null::smallint, null::timestamptz", id, cancel), time);
        _projects = new(async (_, cancel) => await AllProjects(cancel), time);
    }

    private sealed record Known(Principal Principal, bool Disabled, string[] Groups, DateTimeOffset? LastUsed);

    /// <summary>Who is signed in with that cookie's secret.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Session(string secret, CancellationToken cancel)
    {
        var (known, busy) = await _sessions.Find(Credentials.HashOf(secret), cancel);
        return known is null ? (null, busy ?? Problems.Unauthenticated("The session has ended: sign in again.")) : await Judged(known, known.Groups, "The session has ended: sign in again.", cancel);
    }

    /// <summary>Whose personal token it is.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Personal(string secret, CancellationToken cancel)
    {
        var (known, busy) = await _tokens.Find(Credentials.HashOf(secret), cancel);
        return known is null ? (null, busy ?? Problems.Unauthenticated("The token is unknown.")) : await Judged(known, known.Groups, "The token has expired.", cancel);
    }

    /// <summary>Whom certificates of that subject are for.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Certificate(string subject, string fingerprint, CancellationToken cancel)
    {
        var (known, busy) = await _certificates.Find(fingerprint + subject, cancel);
        return known is null
            ? (null, busy ?? Problems.Unauthenticated($"The client certificate of {subject} belongs to nobody here: an admin can map its subject to a user."))
            : await Judged(known, known.Groups, "", cancel);
    }

    /// <summary>An account that somebody else vouches for, who says which groups it is in.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Account(Guid id, string[] groups, CancellationToken cancel)
    {
        var (known, busy) = await _accounts.Find(id.ToString("D"), cancel);
        return known is null ? (null, busy ?? Problems.Unauthenticated("The account is gone.")) : await Judged(known, groups, "", cancel);
    }

    /// <summary>All projects, by name. Where <paramref name="wanted"/> is none of them, which may be new, it is looked again.</summary>
    public async ValueTask<(IReadOnlyList<ProjectName>? Projects, Problem? Why)> Projects(CancellationToken cancel, string? wanted = null)
    {
        var (known, why) = await _projects.Find(Everybody, cancel);
        if (string.IsNullOrEmpty(wanted) || known is null || known.Any(p => p.Is(wanted)))
            return (known, why);
        _projects.ForgetAll();
        return await _projects.Find(Everybody, cancel);
    }

    /// <summary>Something was changed through this API: it shows at once.</summary>
    public void Forget()
    {
        _sessions.ForgetAll();
        _tokens.ForgetAll();
        _accounts.ForgetAll();
        _certificates.ForgetAll();
        _projects.ForgetAll();
    }

    public void Dispose()
    {
        _sessions.Dispose();
        _tokens.Dispose();
        _accounts.Dispose();
        _certificates.Dispose();
        _projects.Dispose();
    }

    private async ValueTask<(Principal? Principal, Problem? Why)> Judged(Known known, string[] groups, string ended, CancellationToken cancel)
    {
        if (known.Disabled)
            return (null, Problems.Unauthenticated("The account is disabled."));
        if (known.Principal.Until is { } until && until <= _time.GetUtcNow())
            return (null, Problems.Unauthenticated(ended));
        if (groups.Length == 0 || _oidc.Roles.Count == 0 || known.Principal.Kind != "external")
            return (known.Principal, null);
        // What its groups are good for comes beside what it was given here.
        var (projects, busy) = await Projects(cancel);
        if (projects is null)
            return (null, busy);
        var mapped = _oidc.Roles.Where(r => groups.Contains(r.Group))
            .Select(r => (r.Role, Found: r.Project is null || projects.Any(p => p.Is(r.Project)), Project: r.Project is null ? null : projects.FirstOrDefault(p => p.Is(r.Project))?.Id))
            .Where(r => r.Found).Select(r => new Binding(r.Project, r.Role));
        return (known.Principal with { Bindings = [.. known.Principal.Bindings, .. mapped] }, null);
    }

    private async Task<Known?> Token(string hash, CancellationToken cancel)
    {
        var known = await Read("account_token t join account a on a.id = t.account where t.hash = $1", "t.expires, t.project, t.role, t.last_used", hash, cancel);
        if (known is not null && !(known.LastUsed > _time.GetUtcNow() - TimeSpan.FromMinutes(10)))
        {
            // Not each request: it tells people which tokens are forgotten, and no more.
            await using var command = _database.CreateCommand("update account_token set last_used = now() where hash = $1");
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hash });
            await command.ExecuteNonQueryAsync(cancel);
        }
        return known;
    }

    // The key is the fingerprint, in 64 characters, and the subject.
    private async Task<Known?> Certificate(string key, CancellationToken cancel)
    {
        var known = await Read(
            "account_certificate c join account a on a.id = c.account where c.subject = substr($1, 65) and (c.fingerprint is null or c.fingerprint = left($1, 64))",
            "null::timestamptz, null::uuid, null::smallint, c.last_used", key, cancel);
        if (known is not null && !(known.LastUsed > _time.GetUtcNow() - TimeSpan.FromMinutes(10)))
        {
            await using var command = _database.CreateCommand("update account_certificate set last_used = now() where subject = substr($1, 65)");
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
            await command.ExecuteNonQueryAsync(cancel);
        }
        return known;
    }

    private async Task<Known?> Read(string from, string columns, string key, CancellationToken cancel)
    {
        await using var command = _database.CreateCommand(
            $"""
            select a.id, a.name, a.kind, a.display_name, a.email, a.disabled, a.groups,
                (select coalesce(json_agg(json_build_object('project', b.project, 'role', b.role)), '[]')::text from role_binding b where b.account = a.id), {columns}
            from {from}
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var r = await command.ExecuteReaderAsync(cancel);
        if (!await r.ReadAsync(cancel))
            return null;
        using var bindings = JsonDocument.Parse(r.GetString(7));
        var principal = new Principal
        {
            Account = r.GetGuid(0),
            Name = r.GetString(1),
            Kind = r.GetString(2),
            DisplayName = r.IsDBNull(3) ? null : r.GetString(3),
            Email = r.IsDBNull(4) ? null : r.GetString(4),
            Bindings = [.. bindings.RootElement.EnumerateArray().Select(b => new Binding(
                b.GetProperty("project") is { ValueKind: JsonValueKind.String } project ? project.GetGuid() : null, (Role)b.GetProperty("role").GetByte()))],
            Until = r.IsDBNull(8) ? null : r.GetFieldValue<DateTimeOffset>(8),
            Only = r.IsDBNull(9) ? null : r.GetGuid(9),
            Ceiling = r.IsDBNull(10) ? null : (Role)r.GetInt16(10),
        };
        return new(principal, r.GetBoolean(5), r.GetFieldValue<string[]>(6), r.IsDBNull(11) ? null : r.GetFieldValue<DateTimeOffset>(11));
    }

    private async Task<IReadOnlyList<ProjectName>> AllProjects(CancellationToken cancel)
    {
        await using var command = _database.CreateCommand("select entity_id, title from entity where state_name = 'project' and entity_id is not null order by title");
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<ProjectName>();
        while (await r.ReadAsync(cancel))
            found.Add(new(r.GetGuid(0), r.IsDBNull(1) ? "" : r.GetString(1)));
        return found;
    }
}
