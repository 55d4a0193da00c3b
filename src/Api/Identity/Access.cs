using Controller.Api.Http;
using Controller.Contracts;

namespace Controller.Api.Identity;

/// <summary>Who may do what: decided here and nowhere else. (Whose entity it is, the grain and the inventory's queries decide: foreign ones don't exist.)</summary>
internal static class Access
{
    /// <summary>Whether the caller may use that method on OCCI's URLs; null: yes.</summary>
    public static Problem? ToOcci(Caller caller, string method) =>
        caller.MayWrite || IsRead(method) ? null : Problems.Forbidden($"The role {Name(caller.Role)} may look and nothing else; {method} needs the role {Name(Role.Member)}.");

    /// <summary>Whether the caller has at least that role; null: yes.</summary>
    public static Problem? Needs(Caller caller, Role role) =>
        caller.Role >= role ? null : Problems.Forbidden($"This needs the role {Name(role)}; the token has the role {Name(caller.Role)}.");

    /// <summary>The project whose entities exist for the caller; null: all.</summary>
    public static Guid? Sight(Caller caller) => caller.Role == Role.Admin ? null : caller.Project;

    /// <summary>The project whose entities a listing shows; null: all. Who may see all and has named one sees that one's.</summary>
    public static Guid? Listed(HttpContext http) => Sight(http.Caller()) ?? http.Features.Get<NamedProject>()?.Id;

    /// <summary>Whether what belongs to no project exists for the caller.</summary>
    public static bool SeesUnowned(Caller caller) => caller.Role >= Role.Operator;

    private static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static string Name(Role role) => role.ToString().ToLowerInvariant();
}

/// <summary>The project that a request has named itself, in X-Project.</summary>
internal sealed record NamedProject(Guid Id);

/// <summary>The least role of whoever may use a route. <see cref="Authentication"/> asks, before anything of the request is read.</summary>
internal sealed record NeededRole(Role Role);
