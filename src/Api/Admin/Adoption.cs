using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>A machine that is on a host and that the database does not know becomes a compute of a project, its volumes storages. Repeating it goes on where it ended.</summary>
internal sealed class Adoption(IGrainFactory grains)
{
    public sealed record Order(Guid? Machine, Guid? Incarnation, Guid? Project);

    public sealed record Adopted(Guid Compute, Guid Project, string State, Guid[] Storages, string? Message);

    public async Task<IResult> Adopt(Guid id, Order order, HttpContext http)
    {
        if (order is not { Machine: { } machine, Project: { } project })
            return Problems.Invalid("machine and project were wanted, both UUIDs.").ToResult();
        var host = grains.Host(id);
        if (await Twice.Try(host.View) is not { } view)
            return Problems.NotFound($"/admin/hosts/{id}").ToResult();
        if (await Twice.Try(grains.GetGrain<IProjectGrain>(GrainKeys.Of("project", project)).View) is null)
            return Problems.Invalid($"There is no project {project}.").ToResult();
        UnmanagedMachine[] found = [.. view.Unmanaged.Where(u => u.Uuid == machine.ToString("D") && (order.Incarnation is null || u.Incarnation == order.Incarnation))];
        if (found is not [{ Incarnation: { } incarnation } there])
            return await Absent(view, machine, project, found);
        if (view.Capabilities?.Features.Contains("existing") != true)
            return Problems.Conflict($"The agent of host {view.Name} cannot describe what it has: it needs a newer one.").ToResult();
        if (await Twice.Try(() => host.Describe(machine, incarnation)) is not { } described)
            return Problems.Conflict($"Host {view.Name} is not connected, or its agent has no record of machine {machine}: what it cannot describe cannot be adopted.").ToResult();

        if (Descriptions.Refusal(described, machine, incarnation) is { } wrong)
            return Problems.Conflict($"What host {view.Name} says of machine {machine} is not to be believed: {wrong}.").ToResult();

        // Of that project, and with no more rights than its members have: a host may say that its machine has another project's network or volume.
        var caller = new Caller(project, Role.Member, http.Caller().Principal);
        foreach (var nic in described.Machine.Nics)
        {
            if (await Twice.Try(() => grains.Entity("network", nic.Network).View(caller with { Role = Role.Admin })) is { } network && network.Project != project)
                return Problems.Conflict($"Host {view.Name} says that the machine is on network {nic.Network}, which is another project's ({network.Project}).").ToResult();
        }
        var storages = new List<Guid>();
        foreach (var volume in described.Volumes)
        {
            var pool = volume.Pool is { } shared ? view.Capabilities.Pools.FirstOrDefault(p => p.Id == shared)?.Name : null;
            if (volume.Pool is not null && pool is null)
                return Problems.Conflict($"Its volume {volume.Id} is in the shared pool {volume.Pool}, which host {view.Name} does not see now.").ToResult();
            var taken = await Twice.Try(() => Storage(volume.Id).Adopt(new(caller, id, volume, pool)));
            if (taken.Kind == OutcomeKind.Created)
                storages.Add(volume.Id);
            else if (!taken.Ok && await Twice.Try(() => Storage(volume.Id).View(caller)) is null)   // one that is known is linked as it is, or said not to be
                return Problems.From(taken, $"storage {volume.Id}").ToResult();
        }
        var compute = grains.At<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", machine)));
        var adopted = await Twice.Try(() => compute.Adopt(new(caller, id, described.Machine, there.Power)));
        if (adopted.Ok)
            await Twice.Try(async () => { await host.Adopted(machine, incarnation); return true; });
        return adopted.Ok ? Answer(machine, project, storages, adopted.View) : Problems.From(adopted, $"compute {machine}").ToResult();
    }

    private async Task<IResult> Absent(HostView host, Guid machine, Guid project, UnmanagedMachine[] found)
    {
        if (found.Length > 1)
            return Problems.Conflict($"There is more than one incarnation of {machine} on host {host.Name}: name one of {string.Join(", ", found.Select(f => f.Incarnation))}.").ToResult();
        if (found.Length == 1)
            return Problems.Conflict($"The domain {found[0].Name} ({machine}) was not made by this control plane: its disks and networks are not known, so it cannot be adopted.").ToResult();
        // Told once more by a client that did not hear the answer: it is not unmanaged any more.
        var compute = await Twice.Try(() => grains.Entity("compute", machine).View(new(project, Role.Admin, "adopt")));
        return compute is not null && compute.Project == project
            ? Answer(machine, project, [], compute)
            : Problems.NotFound($"an unmanaged machine {machine} on host {host.Name}").ToResult();
    }

    private static IResult Answer(Guid machine, Guid project, List<Guid> storages, EntityView? compute) => Results.Json(new Adopted(
        machine, project, compute?.Attributes.GetValueOrDefault(Occi.Infrastructure.Compute.State.Name).Text ?? "", [.. storages],
        compute?.Attributes.GetValueOrDefault(Occi.Infrastructure.Compute.StateMessage.Name).Text));

    private IStorageGrain Storage(Guid id) => grains.At<IStorageGrain>(GrainId.Create("storage", GrainKeys.Of("storage", id)));
}
