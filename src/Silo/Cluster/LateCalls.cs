using Controller.Contracts;

namespace Controller.Silo.Cluster;

/// <summary>
/// Calls of API processes that nobody waits for any more are not carried out. Who asked was told that it is not known what became of it, may have asked again since and undone it, and a late
/// second coming of the first would make what was deleted, or stop what was started. What grains call of each other is their own affair.
/// </summary>
internal sealed class LateCalls(DatabaseClock clock) : IIncomingGrainCallFilter
{
    /// <summary>Two processes' notions of the database's clock differ by less.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.SourceId is { } source && source.IsClient() && Asking.Until is { } until && clock.Now is { } now && now > until + Grace)
            throw new UnavailableException($"{context.InterfaceName}.{context.MethodName} was asked for too long ago: nobody waits for it since {until:u}, and it is {now:u}.");
        return context.Invoke();
    }
}
