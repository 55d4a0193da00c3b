using Controller.Contracts;

namespace Controller.Grains.Declared;

// Why it is in its state; and its row is set right at an operator's wish.
internal sealed partial class DeclaredGrain : IRepairedGrain, IExplainedGrain
{
    public Task<long> Version() => Task.FromResult(_record.Exists ? _record.Version : 0);

    public Task<Outcome> Rewrite() => _record.Rewrite();

    public Task<Explanation?> Explain() => Task.FromResult(_record.Explain(present => new Explanation
    {
        Project = present.Project,
        State = DeclaredProjection.Index(present, _model).State,
        Phase = DeclaredProjection.Index(present, _model).State ?? "there",
    }));
}
