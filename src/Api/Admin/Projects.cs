using System.Text.Json;
using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Admin;

/// <summary>Projects.</summary>
internal sealed class Projects(IGrainFactory grains, Rows rows, NpgsqlDataSource database, Accounts accounts, AccountStore store, Tokens tokens)
{
    // Rows that are of a project and nothing that somebody would miss.
    private static readonly string[] NotOwned = ["project", "token", "usermixins", "creation"];

    public sealed record New(string? Name, Quota? Quota);

    public async Task<IResult> Create(New project, HttpContext http, CancellationToken cancel)
    {
        if (await Wrong(project.Name, null, cancel) is { } wrong)
            return wrong.ToResult();
        if (QuotaChange.Negative(project.Quota) is { } negative)
            return Problems.Invalid(negative).ToResult();
        var id = Guid.NewGuid();
        var grain = Grain(id);
        await Twice.Try(() => grain.Create(project.Name!, project.Quota ?? new()));   // it was looked at
        accounts.Forget();
        http.Touch("project", id, id);
        return Results.Json(await Twice.Try(grain.View), statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> List(CancellationToken cancel) => Results.Json((await All(cancel)).Select(p => p.View));

    /// <summary>Another name.</summary>
    public async Task<IResult> Rename(Guid id, New project, HttpContext http, CancellationToken cancel)
    {
        if (project.Quota is not null)
            return Problems.Invalid($"Quotas are changed with PATCH /admin/projects/{id}/quota.").ToResult();
        if (await Wrong(project.Name, id, cancel) is { } wrong)
            return wrong.ToResult();
        if (!await Twice.Try(() => Grain(id).Rename(project.Name!)))   // it was looked at
            return Problems.NotFound(http.Request.Path).ToResult();
        accounts.Forget();
        http.Touch("project", id, id);
        return Results.Json(await Twice.Try(Grain(id).View));
    }

    /// <summary>Deletes a project that owns nothing, with the roles in it and its tokens.</summary>
    public async Task<IResult> Delete(Guid id, HttpContext http, CancellationToken cancel)
    {
        if (id == WellKnown.DefaultProject)
            return Problems.Conflict("The project default can't be deleted: the first admin's token is of it.").ToResult();
        if ((await All(cancel)).All(p => p.View.Id != id))
            return Problems.NotFound(http.Request.Path).ToResult();
        http.Touch("project", id, id);
        if (await Owned(id, cancel) is { } owned)
            return owned.ToResult();
        // Nobody comes in any more, then it is looked again: what was made meanwhile keeps the project.
        await store.ForgetProject(id, cancel);
        foreach (var (key, token) in await rows.All("token", ContractsJson.Default.RowTokenView, cancel))
        {
            if (token.Project != id || token.Revoked is not null)
                continue;
            await Twice.Try(grains.GetGrain<ITokenGrain>(key).Revoke);
            tokens.Forget(key["token/".Length..]);
        }
        if (await Owned(id, cancel) is { } late)
            return late.ToResult();
        await Twice.Try(() => Grain(id).Delete());
        accounts.Forget();
        return Results.Json(new { });
    }

    /// <summary>The project of that name or id.</summary>
    public async Task<ProjectView?> Find(string nameOrId, CancellationToken cancel) =>
        (await All(cancel)).Select(p => p.View).FirstOrDefault(p => p.Name == nameOrId || (Guid.TryParse(nameOrId, out var id) && p.Id == id));

    /// <summary>
    /// The project that an operators' list is narrowed to: the query's <c>project</c>, or else the one in X-Project; null: none. The problem: there is no such project, or none that exists for who sees
    /// only <paramref name="sight"/>.
    /// </summary>
    public async Task<(Guid? Project, Problem? Problem)> Narrowed(HttpContext http, Guid? sight, CancellationToken cancel)
    {
        if (http.Request.Query["project"].ToString() is not { Length: > 0 } name)
            return (sight is null ? http.Features.Get<NamedProject>()?.Id : null, null);
        // Who sees only the own project hears of no other.
        return await Find(name, cancel) is { } found && (sight is not { } own || own == found.Id)
            ? (found.Id, null) : (null, Problems.BadQuery($"project must be the name or id of a project, found '{name}'."));
    }

    public Task<ProjectView?> Of(Guid id) => Twice.Try(Grain(id).View);

    public async Task<ProjectView?> SetQuota(Guid id, Quota quota) => await Twice.Try(() => Grain(id).SetQuota(quota)) ? await Of(id) : null;

    private IProjectGrain Grain(Guid id) => grains.GetGrain<IProjectGrain>(GrainKeys.Of("project", id));

    private async Task<Problem?> Wrong(string? name, Guid? own, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 256 || name.Any(char.IsControl))
            return Problems.Invalid("name is missing, or no text of at most 256 characters: what people call the project.");
        return await Find(name, cancel) is { } other && other.Id != own ? Problems.Conflict($"There is a project '{name}'.") : null;
    }

    private async Task<Problem?> Owned(Guid id, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select string_agg(n || ' ' || state_name, ', ' order by state_name) from (select state_name, count(*) n from entity where project = $1 and state_name <> all ($2) group by state_name) o");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = NotOwned });
        return await command.ExecuteScalarAsync(cancel) is string owned ? Problems.Conflict($"The project owns {owned}: delete these first.") : null;
    }

    private Task<List<(string Key, ProjectView View)>> All(CancellationToken cancel) => rows.All("project", ContractsJson.Default.RowProjectView, cancel);
}

/// <summary>A change of quotas, as JSON says it.</summary>
internal static class QuotaChange
{
    private const string Names = "computes, cores, memoryBytes, volumes, diskBytes, networks and addresses";

    /// <summary>The quota after it, or what is wrong with it. What is not named stays; null is no limit.</summary>
    public static (Quota Quota, string? Wrong) Of(JsonElement change, Quota quota)
    {
        if (change.ValueKind != JsonValueKind.Object)
            return (quota, $"An object was wanted, with any of {Names}.");
        foreach (var member in change.EnumerateObject())
        {
            long? limit = null;
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                if (member.Value.ValueKind != JsonValueKind.Number || !member.Value.TryGetInt64(out var number) || number < 0)
                    return (quota, $"{member.Name} must be a whole number from 0, or null for no limit; found {member.Value.GetRawText()}.");
                limit = number;
            }
            var few = (int?)(limit > int.MaxValue ? int.MaxValue : limit);
            var next = member.Name switch
            {
                "computes" => quota with { Computes = few },
                "cores" => quota with { Cores = few },
                "memoryBytes" => quota with { MemoryBytes = limit },
                "volumes" => quota with { Volumes = few },
                "diskBytes" => quota with { DiskBytes = limit },
                "networks" => quota with { Networks = few },
                "addresses" => quota with { Addresses = few },
                _ => null,
            };
            if (next is null)
                return (quota, $"There are quotas of {Names}; found {member.Name}.");
            quota = next;
        }
        return (quota, null);
    }

    public static string? Negative(Quota? q) =>
        q is not null && new long?[] { q.Computes, q.Cores, q.MemoryBytes, q.Volumes, q.DiskBytes, q.Networks, q.Addresses }.Any(n => n < 0) ? "A quota is a number from 0, or null for none." : null;
}
