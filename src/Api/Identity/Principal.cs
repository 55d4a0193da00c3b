using Controller.Contracts;

namespace Controller.Api.Identity;

/// <summary>A project by its id, and what people call it.</summary>
internal sealed record ProjectName(Guid Id, string Name)
{
    /// <summary>Whether somebody means it who says that.</summary>
    public bool Is(string idOrName) => Name == idOrName || Id.ToString("D").Equals(idOrName, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A role, in a project or (null) in the cloud.</summary>
internal sealed record Binding(Guid? Project, Role Role);

/// <summary>
/// Who asks, before it is known in which project. Roles are bound in the cloud or in projects. In the cloud: a reader and a member are so in all projects; an operator steers hosts and has of projects
/// what is bound there; an admin may do everything. In a project: reader, member, or admin, who is a member that says who else is one.
/// </summary>
internal sealed record Principal
{
    /// <summary>The name in logs and the audit log.</summary>
    public required string Name { get; init; }

    /// <summary>The account; null: a token that belongs to nobody in particular.</summary>
    public Guid? Account { get; init; }

    /// <summary><c>local</c>, <c>service</c>, <c>external</c> or <c>token</c>.</summary>
    public required string Kind { get; init; }

    public string? DisplayName { get; init; }

    public string? Email { get; init; }

    public required IReadOnlyList<Binding> Bindings { get; init; }

    /// <summary>The most that the token it came with is good for; null: all that the account may.</summary>
    public Role? Ceiling { get; init; }

    /// <summary>The only project that the token is good for.</summary>
    public Guid? Only { get; init; }

    /// <summary>The project of a request that names none.</summary>
    public Guid? Home { get; init; }

    /// <summary>Until when it is signed in; null: as long as the token lasts.</summary>
    public DateTimeOffset? Until { get; init; }

    public static Principal Of(TokenView token) => new()
    {
        Name = token.Name, Kind = "token", Home = token.Project, Until = token.Expires,
        Bindings = token.Role >= Role.Operator ? [new(null, token.Role), new(token.Project, Role.Member)] : [new(token.Project, token.Role)],
    };

    /// <summary>The role in the cloud. A token of one project has none.</summary>
    public Role? InCloud => Only is null && Bound(null) is { } role ? Least(role) : null;

    /// <summary>What it may do in that project; null: the project does not exist for it.</summary>
    public Role? In(Guid project)
    {
        if (Only is { } only && only != project)
            return null;
        var cloud = Bound(null);
        // An admin of a project is one there and nowhere else: what that is good for besides, Manages says.
        var own = Bound(project) is { } role ? (Role?)Min(role, Role.Member) : null;
        var all = cloud switch
        {
            Role.Admin => Only is null ? Role.Admin : Role.Member,   // what goes beyond the one project is not the token's
            Role.Operator => own is null ? null : Only is null ? Role.Operator : own,
            { } everywhere when own is null || everywhere > own => everywhere,
            _ => own,
        };
        return all is { } found ? Least(found) : null;
    }

    /// <summary>Whether it decides who is a member of that project.</summary>
    public bool Manages(Guid project) =>
        Ceiling is null or Role.Admin && (Only is null || Only == project) && (Bound(null) == Role.Admin || Bound(project) == Role.Admin);

    private Role Least(Role role) => Ceiling is { } most ? Min(role, most) : role;

    private Role? Bound(Guid? project) => Bindings.Where(b => b.Project == project).Select(b => (Role?)b.Role).Max();

    private static Role Min(Role a, Role b) => a < b ? a : b;
}

/// <summary>How a request came: who it is and the projects that it may choose from.</summary>
internal sealed record Arrival(Principal Principal, IReadOnlyList<ProjectName> Projects);
