using Controller.Contracts;
using Controller.Grains.Entities;
using Occi;
using Occi.Core;
using Model = Occi.Infrastructure.Compute;

namespace Controller.Grains.Hosts;

/// <summary>What a drain asks of one compute.</summary>
internal sealed class DrainedMachine(IGrainFactory grains, Guid host, Guid compute)
{
    /// <summary>An operator's drain is of all projects.</summary>
    public static readonly Caller Anyone = new(Guid.Empty, Role.Admin, "drain");

    private readonly IComputeGrain _compute = grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute)));

    /// <summary>The compute, and where it is; null: it is gone.</summary>
    public async Task<(string? Title, string State, string? Message, Guid? Host)?> Look() =>
        await _compute.View(Anyone) is not { } view ? null
        : (view.Attributes.Text(CoreKinds.Title), view.Attributes.Text(Model.State) ?? "", view.Attributes.Text(Model.StateMessage), (await _compute.Placement(Anyone))?.Host);

    /// <summary>Whether it is still on the host that is drained.</summary>
    public bool IsHere(Guid? at) => at == host;

    /// <summary>Orders the guest to end; null, or why not.</summary>
    public async Task<string?> Stop(DrainStop how)
    {
        var method = AttributeValue.Of(how == DrainStop.PowerOff ? "poweroff" : "graceful");
        var outcome = await _compute.Invoke(new(Anyone, Model.Stop.ToString(), new() { [Model.StopMethod.Name] = method }));
        return outcome.Ok ? null : outcome.Why ?? outcome.Kind.ToString();
    }

    /// <summary>Orders it to leave for another host; the operation, or why not.</summary>
    public Task<(Guid? Operation, string? Why)> Move(DrainMethod how) =>
        Task.FromResult<(Guid?, string?)>((null, $"Nothing moves machines off host {host} yet."));

    /// <summary>Whether that move is under way.</summary>
    public Task<bool> IsMoving(Guid operation) => Task.FromResult(_compute is null);
}
