using Controller.Contracts;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Mixins;

/// <summary>
/// A project's own mixins. A removal is written before any entity is touched, so a crash repeats steps and forgets none; entities are looked for until a look
/// finds none, and again for a while after (<see cref="RemovalPhase.Watched"/>).
/// </summary>
[GrainType("usermixins")]
internal sealed partial class UserMixinsGrain : Grain, IUserMixinsGrain
{
    private readonly Record<UserMixinsRecord, UserMixinsView> _record;
    private readonly Release _release;
    private readonly TimeProvider _time;
    private readonly ILogger<UserMixinsGrain> _logger;

    public UserMixinsGrain(
        [PersistentState("usermixins", "entities")] IPersistentState<Stored<UserMixinsRecord, UserMixinsView>> state,
        IMixinMembers members,
        TimeProvider time,
        ILogger<UserMixinsGrain> logger)
    {
        _record = new(state, UserMixinsProjection.View, UserMixinsProjection.Index, time);
        _release = new(GrainFactory, members, time);
        (_time, _logger) = (time, logger);
    }

    private Guid Project => GrainKeys.IdOf(this.GetPrimaryKeyString());

    private UserMixinsRecord Present => _record.Value ?? new() { Project = Project };

    public async Task<Outcome> Add(AddUserMixins command)
    {
        var present = Present;
        var (next, refusal) = UserMixinsChanges.Add(present, command, _time.GetUtcNow());
        if (next is null)
            return refusal!;   // one of the two is there
        string[] added = [.. next.Mixins.Except(present.Mixins).Select(m => m.Mixin.Type)];
        if (added.Length == 0)
            return new(OutcomeKind.AlreadyDone);
        // A mixin of that name may have been removed before: whoever still has the old one does not get the new one by it.
        var (none, error) = await _release.Run(Project, command.Caller.Principal, added);
        if (!none)
            return new(OutcomeKind.Conflict, $"A mixin of that name is still being removed. {error}".TrimEnd());
        await _record.Write(next);
        LogAdded(string.Join(' ', added), command.Caller.Principal, Project);
        return new(OutcomeKind.Created);
    }

    public async Task<Outcome> Remove(RemoveUserMixins command)
    {
        var present = Present;
        var (next, refusal) = UserMixinsChanges.Remove(present, command, _time.GetUtcNow());
        if (next is null)
            return refusal!;   // one of the two is there
        if (next.Mixins.Length == present.Mixins.Length)
            return new(OutcomeKind.AlreadyDone);
        await _record.Write(next);
        LogRemoved(string.Join(' ', command.Types), command.Caller.Principal, Project);
        try
        {
            await Step();
        }
        catch (Exception e)
        {
            LogHeld(Project, e.Message);   // it is durable: the sweeper goes on with it
        }
        return new(OutcomeKind.Done);
    }

    public Task Reconcile() => _record.Value is { Removed.Length: > 0 } ? Step() : Task.CompletedTask;

    private async Task Step()
    {
        var present = _record.Value!;
        var (none, error) = await _release.Run(Project, present.Removed[0].RemovedBy, [.. present.Removed.Select(r => r.Type)]);
        await _record.Write(UserMixinsChanges.Looked(present, none, error, _time.GetUtcNow()));
        if (error is not null)
            LogHeld(Project, error);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Mixins {Mixins} were made by {Principal} in project {Project}")]
    private partial void LogAdded(string mixins, string principal, Guid project);

    [LoggerMessage(Level = LogLevel.Information, Message = "Mixins {Mixins} were removed by {Principal} in project {Project}")]
    private partial void LogRemoved(string mixins, string principal, Guid project);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An entity of project {Project} keeps a mixin that was removed, it is tried again: {Why}")]
    private partial void LogHeld(Guid project, string why);
}
