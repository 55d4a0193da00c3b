using System.Text.RegularExpressions;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Identity;

/// <summary>An account as admins see it.</summary>
internal sealed record AccountView(
    Guid Id, string Name, string Kind, string? DisplayName, string? Email, bool Disabled, bool HasPassword, DateTimeOffset Created, string CreatedBy, DateTimeOffset? LastSignIn, string? Issuer)
{
    public IReadOnlyList<Binding> Roles { get; init; } = [];
}

/// <summary>A personal token, without its secret.</summary>
internal sealed record PersonalTokenView(Guid Id, string Name, Guid? Project, Role? Role, DateTimeOffset Created, string CreatedBy, DateTimeOffset? Expires, DateTimeOffset? LastUsed);

/// <summary>Whose certificates of a subject are. <c>Fingerprint</c>: SHA-256 of the only one that is taken, in lower-case hex; null: any of that subject.</summary>
internal sealed record CertificateView(Guid Id, string Subject, string? Fingerprint, DateTimeOffset Created, string CreatedBy, DateTimeOffset? LastUsed);

/// <summary>Writes accounts, their roles and what they sign in with: each change in one transaction.</summary>
internal sealed partial class AccountStore(NpgsqlDataSource database, Accounts known)
{
    private const string Columns = "a.id, a.name, a.kind, a.display_name, a.email, a.disabled, a.password is not null, a.created, a.created_by, a.last_sign_in, a.issuer";

    /// <summary>Whether something can be an account's name.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    /// <summary>A new account; null: the name is taken.</summary>
    public async Task<Guid?> Create(string name, string kind, string? displayName, string? email, string? password, string by, CancellationToken cancel)
    {
        await using var command = Command(
            "insert into account (id, name, kind, display_name, email, password, created_by) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id",
            Guid.NewGuid(), name, kind, displayName, email, password, by);
        return await command.ExecuteScalarAsync(cancel) as Guid?;
    }

    /// <summary>The account that an issuer vouches for, made where there is none and kept as the issuer says; null: the name is another's.</summary>
    public async Task<Guid?> External(string issuer, string subject, string name, string? displayName, string? email, string[] groups, CancellationToken cancel)
    {
        await using var command = Command(
            """
            with known as (
                update account set display_name = coalesce($4, display_name), email = coalesce($5, email), groups = $6 where issuer = $1 and subject = $2 returning id),
            made as (
                insert into account (id, name, kind, issuer, subject, display_name, email, groups, created_by)
                select gen_random_uuid(), $3, 'external', $1, $2, $4, $5, $6, $1 where not exists (select from known)
                on conflict do nothing returning id)
            select id from known union all select id from made
            """,
            issuer, subject, name, displayName, email, groups);
        var id = await command.ExecuteScalarAsync(cancel) as Guid?;
        known.Forget();
        return id;
    }

    /// <summary>The account of that id or name.</summary>
    public async Task<AccountView?> Find(string idOrName, CancellationToken cancel) => await List("a.id = $1 or lower(a.name) = lower($2)", cancel, Guid.TryParse(idOrName, out var id) ? id : Guid.Empty, idOrName) is [var one, ..] ? one : null;

    public Task<List<AccountView>> All(CancellationToken cancel) => List("true", cancel);

    /// <summary>Those that have a role in that project itself.</summary>
    public Task<List<AccountView>> Members(Guid project, CancellationToken cancel) => List("exists (select from role_binding m where m.account = a.id and m.project = $1)", cancel, project);

    public async Task Change(Guid id, string? displayName, string? email, bool disabled, CancellationToken cancel)
    {
        await using (var command = Command("update account set display_name = $2, email = $3, disabled = $4 where id = $1", id, displayName, email, disabled))
            await command.ExecuteNonQueryAsync(cancel);
        known.Forget();
    }

    /// <summary>With its roles, sessions and tokens.</summary>
    public Task Delete(Guid id, CancellationToken cancel) => Run("delete from account where id = $1", cancel, id);

    /// <summary>Gives a role, or another one, in a project or (null) in the cloud.</summary>
    public Task Bind(Guid account, Guid? project, Role role, string by, CancellationToken cancel) => Run(
        """
        insert into role_binding (account, project, role, created_by) values ($1, $2, $3, $4)
        on conflict (account, coalesce(project, '00000000-0000-0000-0000-000000000000')) do update set role = excluded.role, created = now(), created_by = excluded.created_by
        """,
        cancel, account, project, (short)role, by);

    /// <summary>Takes it; false: there was none.</summary>
    public Task<bool> Unbind(Guid account, Guid? project, CancellationToken cancel) => Run("delete from role_binding where account = $1 and project is not distinct from $2", cancel, account, project);

    /// <summary>Takes all roles in a project that is gone, and the tokens that were for it alone.</summary>
    public Task ForgetProject(Guid project, CancellationToken cancel) => Run("with t as (delete from account_token where project = $1) delete from role_binding where project = $1", cancel, project);

    /// <summary>The hash of an account's password, for who has that name; a disabled or another kind of account has none.</summary>
    public async Task<(Guid Id, string Name, string Hash)?> Password(string name, CancellationToken cancel)
    {
        await using var command = Command("select id, name, password from account where lower(name) = lower($1) and kind = 'local' and not disabled and password is not null", name);
        await using var r = await command.ExecuteReaderAsync(cancel);
        return await r.ReadAsync(cancel) ? (r.GetGuid(0), r.GetString(1), r.GetString(2)) : null;
    }

    /// <summary>The same password with newer parameters.</summary>
    public Task Rehash(Guid account, string old, string hash, CancellationToken cancel) => Run("update account set password = $3 where id = $1 and password = $2", cancel, account, old, hash);

    /// <summary>Another password: all sessions but one end, and a reset is of no use any more.</summary>
    public Task SetPassword(Guid account, string hash, string? butSession, CancellationToken cancel) => Run(
        """
        with s as (delete from account_session where account = $1 and hash is distinct from $3), r as (delete from password_reset where account = $1)
        update account set password = $2 where id = $1
        """,
        cancel, account, hash, butSession);

    /// <summary>From now on nobody is signed in and no password is good, but with that token a new one can be set, once.</summary>
    public Task Reset(Guid account, string tokenHash, DateTimeOffset expires, CancellationToken cancel) => Run(
        """
        with s as (delete from account_session where account = $1), p as (update account set password = null where id = $1)
        insert into password_reset (account, hash, expires) values ($1, $2, $3) on conflict (account) do update set hash = excluded.hash, expires = excluded.expires
        """,
        cancel, account, tokenHash, expires.UtcDateTime);

    /// <summary>Sets a password with the token that is for it; the account, null: the token is of no use.</summary>
    public async Task<(Guid Id, string Name)?> Redeem(string tokenHash, string passwordHash, DateTimeOffset now, CancellationToken cancel)
    {
        await using var command = Command(
            """
            with r as (delete from password_reset where hash = $1 and expires > $3 returning account)
            update account a set password = $2 from r where a.id = r.account and a.kind = 'local' and not a.disabled returning a.id, a.name
            """,
            tokenHash, passwordHash, now.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? (reader.GetGuid(0), reader.GetString(1)) : null;
    }

    /// <summary>Whether such a token is good still.</summary>
    public async Task<bool> MayRedeem(string tokenHash, DateTimeOffset now, CancellationToken cancel)
    {
        await using var command = Command("select exists (select from password_reset where hash = $1 and expires > $2)", tokenHash, now.UtcDateTime);
        return (bool)(await command.ExecuteScalarAsync(cancel))!;   // an exists
    }

    /// <summary>Signs in. What has ended goes.</summary>
    public Task AddSession(string hash, Guid account, string method, string? idToken, DateTimeOffset expires, CancellationToken cancel) => Run(
        """
        with old as (delete from account_session where expires < now()), a as (update account set last_sign_in = now() where id = $2)
        insert into account_session (hash, account, method, id_token, expires) values ($1, $2, $3, $4, $5)
        """,
        cancel, hash, account, method, idToken, expires.UtcDateTime);

    public Task EndSession(string hash, CancellationToken cancel) => Run("delete from account_session where hash = $1", cancel, hash);

    public Task AddToken(Guid id, string hash, Guid account, string name, Guid? project, Role? role, DateTimeOffset? expires, string by, CancellationToken cancel) => Run(
        """
        with old as (delete from account_token where account = $3 and expires < now() - interval '1 day')
        insert into account_token (id, hash, account, name, project, role, expires, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        cancel, id, hash, account, name, project, (short?)role, expires?.UtcDateTime, by);

    /// <summary>False: that account has no such token.</summary>
    public Task<bool> RemoveToken(Guid account, Guid id, CancellationToken cancel) => Run("delete from account_token where account = $1 and id = $2", cancel, account, id);

    /// <summary>Certificates of that subject are the account's from now on; false: they are somebody's already.</summary>
    public Task<bool> AddCertificate(Guid id, Guid account, string subject, string? fingerprint, string by, CancellationToken cancel) => Run(
        "insert into account_certificate (id, account, subject, fingerprint, created_by) values ($1, $2, $3, $4, $5) on conflict do nothing", cancel, id, account, subject, fingerprint, by);

    /// <summary>False: that account has no such mapping.</summary>
    public Task<bool> RemoveCertificate(Guid account, Guid id, CancellationToken cancel) => Run("delete from account_certificate where account = $1 and id = $2", cancel, account, id);

    /// <summary>Whose certificates of that subject are, by name.</summary>
    public async Task<string?> OwnerOf(string subject, CancellationToken cancel)
    {
        await using var command = Command("select a.name from account_certificate c join account a on a.id = c.account where c.subject = $1", subject);
        return await command.ExecuteScalarAsync(cancel) as string;
    }

    public async Task<List<CertificateView>> Certificates(Guid account, CancellationToken cancel)
    {
        await using var command = Command("select id, subject, fingerprint, created, created_by, last_used from account_certificate where account = $1 order by created, id", account);
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<CertificateView>();
        while (await r.ReadAsync(cancel))
        {
            found.Add(new(
                r.GetGuid(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2), r.GetFieldValue<DateTimeOffset>(3), r.GetString(4), r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5)));
        }
        return found;
    }

    public async Task<List<PersonalTokenView>> Tokens(Guid account, CancellationToken cancel)
    {
        await using var command = Command("select id, name, project, role, created, created_by, expires, last_used from account_token where account = $1 order by created, id", account);
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<PersonalTokenView>();
        while (await r.ReadAsync(cancel))
        {
            found.Add(new(
                r.GetGuid(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetGuid(2), r.IsDBNull(3) ? null : (Role)r.GetInt16(3), r.GetFieldValue<DateTimeOffset>(4), r.GetString(5),
                r.IsDBNull(6) ? null : r.GetFieldValue<DateTimeOffset>(6), r.IsDBNull(7) ? null : r.GetFieldValue<DateTimeOffset>(7)));
        }
        return found;
    }

    private async Task<List<AccountView>> List(string where, CancellationToken cancel, params object[] about)
    {
        await using var command = Command(
            $"select {Columns}, array(select b.project from role_binding b where b.account = a.id order by b.project nulls first), array(select b.role from role_binding b where b.account = a.id order by b.project nulls first) from account a where {where} order by a.name, a.id",
            about);
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<AccountView>();
        while (await r.ReadAsync(cancel))
        {
            found.Add(new(
                r.GetGuid(0), r.GetString(1), r.GetString(2), Text(3), Text(4), r.GetBoolean(5), r.GetBoolean(6), r.GetFieldValue<DateTimeOffset>(7), r.GetString(8),
                r.IsDBNull(9) ? null : r.GetFieldValue<DateTimeOffset>(9), Text(10))
            {
                Roles = [.. r.GetFieldValue<Guid?[]>(11).Zip(r.GetFieldValue<short[]>(12), (project, role) => new Binding(project, (Role)role))],
            });
        }
        return found;

        string? Text(int column) => r.IsDBNull(column) ? null : r.GetString(column);
    }

    private async Task<bool> Run(string sql, CancellationToken cancel, params object?[] about)
    {
        await using var command = Command(sql, about);
        var changed = await command.ExecuteNonQueryAsync(cancel);
        known.Forget();
        return changed > 0;
    }

    private NpgsqlCommand Command(string sql, params object?[] about)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in about)
            command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        return command;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}\z")]
    private static partial Regex Name();
}
