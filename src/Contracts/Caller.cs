namespace Controller.Contracts;

/// <summary>What a principal may do in its project. Persisted: append only, never renumber.</summary>
public enum Role : byte
{
    /// <summary>May look.</summary>
    Reader = 1,

    /// <summary>May create, change and delete the project's entities.</summary>
    Member = 2,

    /// <summary>May also see and steer hosts.</summary>
    Operator = 3,

    /// <summary>May do everything in every project.</summary>
    Admin = 4,
}

/// <summary>Who asks: every request has an authenticated principal that acts in one project.</summary>
/// <param name="Project">The project it acts in.</param>
/// <param name="Role">Its role there; <see cref="Role.Admin"/> sees all projects.</param>
/// <param name="Principal">Its name, for logs and the record: a token's name.</param>
[GenerateSerializer, Immutable, Alias("Caller")]
public sealed record Caller([property: Id(0)] Guid Project, [property: Id(1)] Role Role, [property: Id(2)] string Principal)
{
    /// <summary>Whether entities of <paramref name="project"/> exist for this caller (else: 404, never 403).</summary>
    public bool Sees(Guid project) => Role == Role.Admin || project == Project;

    /// <summary>Whether it may change anything at all.</summary>
    public bool MayWrite => Role >= Role.Member;
}
