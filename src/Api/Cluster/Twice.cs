using Controller.Api.Http;

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
}
