using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>Projects.</summary>
internal sealed class Projects(IGrainFactory grains, Rows rows)
{
    public sealed record New(string? Name, Quota? Quota);

    public async Task<IResult> Create(New project, HttpContext http, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(project.Name))
            return Problems.Invalid("name is missing: what people call the project.").ToResult();
        if (await Find(project.Name, cancel) is not null)
            return Problems.Conflict($"There is a project '{project.Name}'.").ToResult();
        var id = Guid.NewGuid();
        var grain = grains.GetGrain<IProjectGrain>(GrainKeys.Of("project", id));
        await Twice.Try(() => grain.Create(project.Name, project.Quota ?? new()));
        http.Touch("project", id, id);
        return Results.Json(await Twice.Try(grain.View), statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> List(CancellationToken cancel) => Results.Json((await All(cancel)).Select(p => p.View));

    /// <summary>The project of that name or id.</summary>
    public async Task<ProjectView?> Find(string nameOrId, CancellationToken cancel) =>
        (await All(cancel)).Select(p => p.View).FirstOrDefault(p => p.Name == nameOrId || (Guid.TryParse(nameOrId, out var id) && p.Id == id));

    private Task<List<(string Key, ProjectView View)>> All(CancellationToken cancel) => rows.All("project", ContractsJson.Default.RowProjectView, cancel);
}
