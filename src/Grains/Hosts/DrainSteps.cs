using Controller.Contracts;

namespace Controller.Grains.Hosts;

/// <summary>
/// What a drain does next with one machine:
/// <code>
/// Waiting ──ordered──▶ Moving ──is elsewhere──▶ Moved
///    │                   └─failed live, and cold will do──▶ Moving
///    └──────cannot───────┴─runs, and may be stopped──▶ Stopping ──is off──▶ Stopped
///                        └─runs, and may not─────────▶ Left
/// </code>
/// A machine that does not run and cannot leave is Stopped as it is. One that is deleted meanwhile is Gone, one that left by itself Moved. What is under way with a machine
/// ends first: it has a deadline.
/// </summary>
internal static class DrainSteps
{
    /// <summary>A move takes both hosts' network and disks: more at once are slower for all.</summary>
    public const int MovesAtOnce = 2;

    /// <summary>A guest that has not ended by then will not.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(5);

    public static bool IsEnd(DrainState state) => state is DrainState.Moved or DrainState.Stopped or DrainState.Left or DrainState.Gone;

    public static async Task<DrainedObject> Next(DrainedMachine machine, DrainedObject at, HostDrain drain, bool mayMove, DateTimeOffset now)
    {
        if (await machine.Look() is not { } seen)
            return at with { State = DrainState.Gone, Why = null };
        at = at with { Title = seen.Title };
        var moves = seen.Migration is { UnderWay: true };
        if (seen.Host is { } there && there != machine.Host)
        {
            // One that is on its way here since before the drain: once it is here it has its turn.
            return moves && seen.Migration!.To.Host == machine.Host ? at : at with { State = DrainState.Moved, To = there, Why = null };
        }
        if (moves)
            return at with { State = DrainState.Moving, Operation = seen.Migration!.Id, To = seen.Migration.To.Host, Why = seen.Migration.Error };
        at = at with { To = null };
        switch (at.State)
        {
            case DrainState.Stopping:
                return !seen.Runs ? at with { State = DrainState.Stopped }
                    : now - at.At > StopLimit ? at with { State = DrainState.Left, Why = $"It would not stop. {seen.Message}".TrimEnd() }
                    : at;
            case DrainState.Moving when seen.Migration is { Method: MigrateMethod.Live } failed && failed.Id == at.Operation && drain.Method == DrainMethod.Auto:
                return await Move(machine, at, drain, seen, MigrateMethod.Cold);
            case DrainState.Moving:
                return await Otherwise(machine, at, drain, seen, $"It could not be moved: {seen.Migration?.Error}");
            case DrainState.Waiting when seen.Busy:
                return at with { Why = seen.Message };
            case DrainState.Waiting when mayMove:
                // What does not run has nothing to be moved live.
                return await Move(machine, at, drain, seen, !seen.Runs || drain.Method == DrainMethod.Cold ? MigrateMethod.Cold : drain.Method == DrainMethod.Live ? MigrateMethod.Live : MigrateMethod.Auto);
            default:
                return at;
        }
    }

    private static async Task<DrainedObject> Move(DrainedMachine machine, DrainedObject at, HostDrain drain, DrainSight seen, MigrateMethod how)
    {
        var (migration, why) = await machine.Move(how);
        return migration is not null
            ? at with { State = DrainState.Moving, Operation = migration, Why = null }
            : await Otherwise(machine, at, drain, seen, why ?? "It cannot be moved.");
    }

    private static async Task<DrainedObject> Otherwise(DrainedMachine machine, DrainedObject at, HostDrain drain, DrainSight seen, string why)
    {
        if (!seen.Runs)
            return at with { State = DrainState.Stopped, Why = why };
        if (drain.Stop == DrainStop.Never)
            return at with { State = DrainState.Left, Why = why };
        return await machine.Stop(drain.Stop) is { } not
            ? at with { State = DrainState.Left, Why = $"{why} It could not be stopped either: {not}" }
            : at with { State = DrainState.Stopping, Why = why };
    }
}
