using Controller.Api.Http;
using Controller.Contracts;

namespace Controller.Api.Identity;

/// <summary>On a route that names its projects itself, or is about none: a request need not choose one.</summary>
internal sealed class AnyProject;

/// <summary>In which project a request acts.</summary>
internal static class ProjectChoice
{
    public const string Header = "X-Project";
    private const int Listed = 20;

    /// <summary>Those that it may act in.</summary>
    public static IReadOnlyList<ProjectName> Of(Principal principal, IEnumerable<ProjectName> all) => [.. all.Where(p => principal.In(p.Id) is not null)];

    /// <summary>The caller, or why it is not clear who that is. An empty project: none was chosen, and none needs to be.</summary>
    public static (Caller? Caller, Problem? Why) Choose(Arrival arrival, string wanted, bool anyProject)
    {
        var (principal, projects) = arrival;
        if (wanted.Length > 0)
        {
            return projects.FirstOrDefault(p => p.Is(wanted)) is { } named
                ? (In(principal, named.Id), null)
                : (null, Problems.BadQuery($"{Header} must be the id or the name of a project of yours{Names(projects)}, found '{wanted}'."));
        }
        if (principal.Home is { } home && principal.In(home) is not null)
            return (In(principal, home), null);
        if (projects is [var only])
            return (In(principal, only.Id), null);
        // Operators and admins have work that is no project's.
        if (anyProject || principal.InCloud >= Role.Operator)
            return (new(Guid.Empty, principal.InCloud ?? Role.Reader, principal.Name), null);
        return (null, projects.Count == 0
            ? Problems.Forbidden($"{principal.Name} has no role in any project. An admin, or an admin of a project, can give one.")
            : Needed(projects));
    }

    /// <summary>What refuses to make something that would be nobody's.</summary>
    public static Problem Needed(IReadOnlyList<ProjectName> projects) =>
        Problems.BadQuery($"The header {Header} is missing: the id or the name of the project{(projects.Count == 0 ? "" : Names(projects))}.");

    private static Caller In(Principal principal, Guid project) => new(project, principal.In(project)!.Value, principal.Name);   // it is among those that it may act in

    private static string Names(IReadOnlyList<ProjectName> projects) => projects.Count == 0 ? ", and there is none" :
        $" ({string.Join(", ", projects.Take(Listed).Select(p => p.Name))}{(projects.Count > Listed ? $" and {projects.Count - Listed} more" : "")})";
}
