using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Grains.Projects;

/// <summary>Persisted: additive changes only.</summary>
internal sealed record ProjectRecord(Guid Id, string Name, DateTimeOffset Created, Quota Quota);

/// <summary>Persisted: additive changes only.</summary>
internal sealed record TokenRecord(Guid Id, string Name, Guid Project, Role Role, DateTimeOffset Created, DateTimeOffset? Expires, DateTimeOffset? Revoked);

/// <summary>Persisted: additive changes only.</summary>
internal sealed record JoinRecord(string CreatedBy, DateTimeOffset Expires, Guid? UsedFor)
{
    public HostAdmission Admission { get; init; }

    /// <summary>Who used it: SHA-256 of its public key.</summary>
    public string? Key { get; init; }

    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Revoked { get; init; }
}

[GrainType("project")]
internal sealed class ProjectGrain(
    [PersistentState("project", "entities")] IPersistentState<Stored<ProjectRecord, ProjectView>> state, TimeProvider time) : Grain, IProjectGrain
{
    private readonly Record<ProjectRecord, ProjectView> _record = new(
        state,
        (r, _) => new(r.Id, r.Name, r.Created, r.Quota),
        r => new() { EntityId = r.Id, Project = r.Id, Title = r.Name });

    public async Task<bool> Create(string name, Quota quota)
    {
        if (_record.Exists)
            return false;
        await _record.Write(new(GrainKeys.IdOf(this.GetPrimaryKeyString()), name, time.GetUtcNow(), quota));
        return true;
    }

    public Task<ProjectView?> View() => Task.FromResult(_record.View);

    public async Task<bool> SetQuota(Quota quota)
    {
        if (_record.Value is not { } present)
            return false;
        await _record.Write(present with { Quota = quota });
        return true;
    }

    public async Task<bool> Rename(string name)
    {
        if (_record.Value is not { } present)
            return false;
        if (present.Name != name)
            await _record.Write(present with { Name = name });
        return true;
    }

    public async Task<bool> Delete()
    {
        if (!_record.Exists)
            return false;
        await _record.Clear();
        DeactivateOnIdle();
        return true;
    }
}

[GrainType("token")]
internal sealed class TokenGrain(
    [PersistentState("token", "entities")] IPersistentState<Stored<TokenRecord, TokenView>> state, TimeProvider time) : Grain, ITokenGrain
{
    private readonly Record<TokenRecord, TokenView> _record = new(
        state,
        (r, _) => new(r.Id, r.Name, r.Project, r.Role, r.Created, r.Expires, r.Revoked),
        r => new() { EntityId = r.Id, Project = r.Project, Title = r.Name });

    public async Task<bool> Create(string name, Guid project, Role role, DateTimeOffset? expires)
    {
        if (_record.Exists)
            return false;
        await _record.Write(new(Guid.NewGuid(), name, project, role, time.GetUtcNow(), expires, null));
        return true;
    }

    public Task<TokenView?> View() => Task.FromResult(_record.View);

    public async Task<bool> Revoke()
    {
        if (_record.Value is not { } present)
            return false;
        if (present.Revoked is null)
            await _record.Write(present with { Revoked = time.GetUtcNow() });
        return true;
    }
}

[GrainType("join")]
internal sealed class JoinTokenGrain(
    [PersistentState("join", "entities")] IPersistentState<Stored<JoinRecord, JoinResult>> state, TimeProvider time) : Grain, IJoinTokenGrain
{
    private readonly Record<JoinRecord, JoinResult> _record = new(
        state,
        (r, _) => new(r.UsedFor, null) { Token = new(r.CreatedBy, r.Created, r.Expires, r.UsedFor, r.Revoked, r.Admission == HostAdmission.Pending) },
        _ => new());

    public Task<bool> Create(string createdBy, DateTimeOffset expires) => CreateFor(createdBy, expires, HostAdmission.Approved);

    public async Task<bool> CreateFor(string createdBy, DateTimeOffset expires, HostAdmission admission)
    {
        if (_record.Exists)
            return false;
        await _record.Write(new(createdBy, expires, null) { Admission = admission, Created = time.GetUtcNow() });
        return true;
    }

    public Task<JoinResult> Redeem() => RedeemFor("");

    public async Task<JoinResult> RedeemFor(string key)
    {
        if (_record.Value is not { } present)
            return new(null, "There is no such join token.");
        if (present is { UsedFor: { } same, Revoked: null } && key.Length > 0 && present.Key == key && present.Expires > time.GetUtcNow())
            return new(same, null) { Admission = present.Admission };   // its answer was lost, unless the host says that it was not
        if (present.UsedFor is { } host)
            return new(null, $"The join token was used already, for host {host}.");
        if (present.Revoked is { } revoked)
            return new(null, $"The join token was revoked at {revoked:u}.");
        if (present.Expires <= time.GetUtcNow())
            return new(null, $"The join token expired at {present.Expires:u}.");
        // Written before the host exists: whoever comes second finds it used.
        var used = Guid.NewGuid();
        await _record.Write(present with { UsedFor = used, Key = key });
        return new(used, null) { Admission = present.Admission };
    }

    public Task<JoinTokenView?> View() => Task.FromResult(_record.View?.Token);

    public async Task<bool> Revoke()
    {
        if (_record.Value is not { } present)
            return false;
        if (present.Revoked is null)
            await _record.Write(present with { Revoked = time.GetUtcNow() });
        return true;
    }
}
