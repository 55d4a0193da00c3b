using Controller.Contracts;

namespace Controller.Grains.Hosts;

/// <summary>
/// What a drain does next with one machine:
/// <code>
/// Waiting ──moved off──▶ Moving ──is elsewhere──▶ Moved
///    └──────cannot──────────┴──runs, may be stopped──▶ Stopping ──is off──▶ Stopped
///                           └──runs, may not─────────▶ Left
/// </code>
/// A machine that does not run and cannot leave is Stopped as it is. One that is deleted meanwhile is Gone, one that left by itself Moved.
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
        if (seen.Host is { } there && !machine.IsHere(there))
            return at with { State = DrainState.Moved, To = there, Why = null };
        var runs = seen.State is "active" or "suspended";
        switch (at.State)
        {
            case DrainState.Stopping:
                return !runs ? at with { State = DrainState.Stopped }
                    : now - at.At > StopLimit ? at with { State = DrainState.Left, Why = $"It would not stop. {seen.Message}".TrimEnd() }
                    : at;
            case DrainState.Moving when at.Operation is { } operation && await machine.IsMoving(operation):
                return at with { Why = seen.Message };
            case DrainState.Moving:
                return await Otherwise(machine, at, drain, runs, seen.Message ?? "It could not be moved.");
            case DrainState.Waiting when !mayMove:
                return at;
            default:
                var (begun, why) = await machine.Move(drain.Method);
                return begun is not null
                    ? at with { State = DrainState.Moving, Operation = begun, Why = null }
                    : await Otherwise(machine, at, drain, runs, why ?? "It cannot be moved.");
        }
    }

    private static async Task<DrainedObject> Otherwise(DrainedMachine machine, DrainedObject at, HostDrain drain, bool runs, string why)
    {
        if (!runs)
            return at with { State = DrainState.Stopped, Why = why };
        if (drain.Stop == DrainStop.Never)
            return at with { State = DrainState.Left, Why = why };
        return await machine.Stop(drain.Stop) is { } not
            ? at with { State = DrainState.Left, Why = $"{why} It could not be stopped either: {not}" }
            : at with { State = DrainState.Stopping, Why = why };
    }
}
