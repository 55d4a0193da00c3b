using Controller.Api.Http;
using Controller.Contracts;

namespace Controller.Api.Cluster;

/// <summary>
/// A silo that dies takes its calls with it; the second attempt finds the grain on another one. For reads, and for commands that may be
/// carried out twice: creates are idempotent by id, updates and deletes by nature. Not for actions: a restart twice is two restarts.
/// </summary>
internal static class Twice
{
    public static async Task<T> Try<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (Problems.IsClusterAway(exception))
        {
            Telemetry.Retries.Add(1);
            return await call();
        }
    }

    /// <summary>What is wished on the condition of a version is asked for once: the first attempt may have changed it, and the second would say that somebody else had.</summary>
    public static Task<Outcome> Try(long? version, Func<Task<Outcome>> call) => version is null ? Try(call) : call();

    /// <summary>A deletion: whoever looks a second time and finds nothing has what was wished, and may have done it.</summary>
    public static async Task<Outcome> Delete(long? version, Func<Task<Outcome>> call)
    {
        if (version is not null)
            return await call();
        var (outcome, again) = await Counted(call);
        return again && outcome.Kind == OutcomeKind.NotFound ? new(OutcomeKind.AlreadyDone) : outcome;
    }

    /// <summary>Tells whether it took a second attempt: what that one finds done, the first may have done.</summary>
    public static async Task<(Outcome Outcome, bool Again)> Counted(Func<Task<Outcome>> call)
    {
        var attempts = 0;
        var outcome = await Try(() =>
        {
            attempts++;
            return call();
        });
        return (outcome, attempts > 1);
    }
}
