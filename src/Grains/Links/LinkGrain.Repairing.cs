using Controller.Contracts;

namespace Controller.Grains.Links;

// Why it is in its state; and its row is set right at an operator's wish.
internal abstract partial class LinkGrain : IRepairedGrain, IExplainedGrain
{
    public Task<long> Version() => Task.FromResult(Record.Exists ? Record.Version : 0);

    public Task<Outcome> Rewrite() => Record.Rewrite();

    public Task<Explanation?> Explain() => Task.FromResult(Record.Explain(present => new Explanation
    {
        Project = present.Project,
        State = Record.View is null ? null : LinkLifecycle.ToOcci(present.Phase),
        Phase = present.Phase.ToString().ToLowerInvariant(),
        Message = present.Message,
        Operation = present.Operation?.Explain(),
    }));
}
