using Controller.Contracts;

namespace Controller.Grains.SecurityGroups;

// Why it is in its state; and its row is set right at an operator's wish.
internal sealed partial class SecurityGroupGrain : IRepairedGrain, IExplainedGrain
{
    public Task<long> Version() => Task.FromResult(_record.Exists ? _record.Version : 0);

    public Task<Outcome> Rewrite() => _record.Rewrite();

    public Task<Explanation?> Explain() => Task.FromResult(_record.Explain(present => new Explanation
    {
        Project = present.Project,
        State = SecurityGroupProjection.ToOcci(present),
        Phase = present.Operation is null ? "told" : "telling",
        Message = present.Operation is null ? null : $"{present.Users.Count(u => u.Version < present.RulesVersion)} of {present.Users.Length} link(s) are still to be told of the rules.",
        Operation = present.Operation?.Explain(),
    }));
}
