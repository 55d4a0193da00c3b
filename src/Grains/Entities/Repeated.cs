using Controller.Contracts;

namespace Controller.Grains.Entities;

/// <summary>What a create answers whose id exists: the first one's result, if it is the same caller's.</summary>
internal static class Repeated
{
    public static Outcome Create(CreateEntity command, Guid project, EntityView? view) =>
        project != command.Caller.Project ? new(OutcomeKind.Conflict, $"The id {command.Id} is taken.")
        : view is null ? new(OutcomeKind.Conflict, $"The entity {command.Id} is being deleted, or still being created.")
        : new(OutcomeKind.AlreadyDone, View: view);
}
