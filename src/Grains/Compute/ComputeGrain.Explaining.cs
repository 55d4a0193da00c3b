using Controller.Contracts;

namespace Controller.Grains.Compute;

// Why it is in its state.
internal sealed partial class ComputeGrain : IExplainedGrain
{
    public Task<Explanation?> Explain() => Task.FromResult(_record.Explain(present => new Explanation
    {
        Project = present.Project,
        State = _record.View is null ? null : ComputeProjection.ToOcci(present.Phase),
        Phase = present.Phase.ToString().ToLowerInvariant(),
        Message = present.Message,
        Host = present.Host,
        Incarnation = present.Host is null ? null : present.Incarnation,
        Generation = present.Generation,
        ObservedGeneration = present.ObservedGeneration,
        Operation = present.Operation?.Explain(),
    }));
}
