namespace Controller.Contracts;

/// <summary>Limits of a project; null: none.</summary>
[GenerateSerializer, Immutable, Alias("Quota")]
public sealed record Quota(
    [property: Id(0)] int? Computes = null, [property: Id(1)] int? Cores = null, [property: Id(2)] long? MemoryBytes = null, [property: Id(3)] long? DiskBytes = null)
{
    [Id(4)] public int? Volumes { get; init; }

    [Id(5)] public int? Networks { get; init; }

    /// <summary>IPv4 addresses of networks that give them out, reserved ones included.</summary>
    [Id(6)] public int? Addresses { get; init; }
}

/// <summary>A project: what entities belong to.</summary>
[GenerateSerializer, Immutable, Alias("ProjectView")]
public sealed record ProjectView([property: Id(0)] Guid Id, [property: Id(1)] string Name, [property: Id(2)] DateTimeOffset Created, [property: Id(3)] Quota Quota);

/// <summary>A project, keyed <c>project/uuid</c>.</summary>
[Alias("IProjectGrain")]
public interface IProjectGrain : IGrainWithStringKey
{
    /// <summary>Creates it; false when it exists (with whatever name).</summary>
    [Alias("Create")] Task<bool> Create(string name, Quota quota);

    [Alias("View")] Task<ProjectView?> View();

    [Alias("SetQuota")] Task<bool> SetQuota(Quota quota);

    /// <summary>False: there is no such project.</summary>
    [Alias("Rename")] Task<bool> Rename(string name);

    /// <summary>Whoever asks has looked that nothing is its. False: there was no such project.</summary>
    [Alias("Delete")] Task<bool> Delete();
}

/// <summary>An API token. The secret itself is never stored: the grain's key is its SHA-256.</summary>
[GenerateSerializer, Immutable, Alias("TokenView")]
public sealed record TokenView(
    [property: Id(0)] Guid Id,
    [property: Id(1)] string Name,
    [property: Id(2)] Guid Project,
    [property: Id(3)] Role Role,
    [property: Id(4)] DateTimeOffset Created,
    [property: Id(5)] DateTimeOffset? Expires,
    [property: Id(6)] DateTimeOffset? Revoked);

/// <summary>An API token, keyed <c>token/sha256-of-the-secret</c> (lower-case hex).</summary>
[Alias("ITokenGrain")]
public interface ITokenGrain : IGrainWithStringKey
{
    /// <summary>Creates it; false when it exists.</summary>
    [Alias("Create")] Task<bool> Create(string name, Guid project, Role role, DateTimeOffset? expires);

    [Alias("View")] Task<TokenView?> View();

    /// <summary>From now on it opens nothing; false when there is no such token.</summary>
    [Alias("Revoke")] Task<bool> Revoke();
}

/// <summary>A host's single-use join token, keyed <c>join/sha256-of-the-secret</c>.</summary>
[Alias("IJoinTokenGrain")]
public interface IJoinTokenGrain : IGrainWithStringKey
{
    /// <summary>Creates it; false when it exists.</summary>
    [Alias("Create")] Task<bool> Create(string createdBy, DateTimeOffset expires);

    /// <summary>The same, and the host that uses it is admitted so.</summary>
    [Alias("CreateFor")] Task<bool> CreateFor(string createdBy, DateTimeOffset expires, HostAdmission admission);

    /// <summary>Uses it up and answers the id of the new host, or says why not.</summary>
    [Alias("Redeem")] Task<JoinResult> Redeem();

    /// <summary>
    /// The same for the host with that public key (SHA-256, hexadecimal). It may ask again until the token expires or is revoked, should the answer have been lost: it is the same host, which
    /// <see cref="IHostGrain.AdmitBy"/> refuses once it has connected.
    /// </summary>
    [Alias("RedeemFor")] Task<JoinResult> RedeemFor(string key);

    [Alias("View")] Task<JoinTokenView?> View();

    /// <summary>From now on no host joins with it; one that did stays. False when there is no such token.</summary>
    [Alias("Revoke")] Task<bool> Revoke();
}

/// <summary>A join token as operators see it: without its secret, and without what could be tried as one.</summary>
/// <param name="CreatedBy">The principal that made it.</param>
/// <param name="Created">Null: by a release that did not note it.</param>
/// <param name="Expires">From when on it is of no use.</param>
/// <param name="Host">The host that joined with it.</param>
/// <param name="Revoked">When an operator took it back.</param>
/// <param name="NeedsApproval">The host that joins with it takes no machines before it is approved.</param>
[GenerateSerializer, Immutable, Alias("JoinTokenView")]
public sealed record JoinTokenView(
    [property: Id(0)] string CreatedBy,
    [property: Id(1)] DateTimeOffset? Created,
    [property: Id(2)] DateTimeOffset Expires,
    [property: Id(3)] Guid? Host,
    [property: Id(4)] DateTimeOffset? Revoked,
    [property: Id(5)] bool NeedsApproval);

/// <summary>A host id, or why there is none.</summary>
[GenerateSerializer, Immutable, Alias("JoinResult")]
public sealed record JoinResult([property: Id(0)] Guid? Host, [property: Id(1)] string? Why)
{
    [Id(2)] public HostAdmission Admission { get; init; }

    /// <summary>In the row only: what operators see of it.</summary>
    [Id(402)] public JoinTokenView? Token { get; init; }
}
