using Controller.Contracts;
using Microsoft.Extensions.Logging;
using Occi.Declared;

namespace Controller.Grains.Sweeping;

/// <summary>What is unfinished, by the inventory.</summary>
public interface IUnfinished
{
    /// <summary>Entities (and projects' mixins) whose operation is due, the oldest first.</summary>
    Task<IReadOnlyList<(string Term, Guid Id)>> Due(DateTimeOffset now, int most);

    /// <summary>Links of these kinds whose source is gone.</summary>
    Task<IReadOnlyList<(string Term, Guid Id)>> Orphans(IReadOnlyList<string> terms, int most);

    /// <summary>Hosts that are believed to be connected, or are waited for.</summary>
    Task<IReadOnlyList<Guid>> ConnectedHosts();
}

/// <summary>The one that wakes whoever has unfinished work, wherever its grain was when its silo died.</summary>
[Alias("ISweeperGrain")]
public interface ISweeperGrain : IGrainWithStringKey
{
    /// <summary>Makes sure that it runs. Every silo calls it all few seconds.</summary>
    [Alias("Wake")] Task Wake();
}

[GrainType("sweeper")]
internal sealed partial class SweeperGrain(IUnfinished unfinished, DeclaredModel model, TimeProvider time, ILogger<SweeperGrain> logger) : Grain, ISweeperGrain, IRemindable
{
    private const int Most = 200;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HostsEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OrphansEvery = TimeSpan.FromSeconds(10);
    private DateTimeOffset _hostsDue;
    private DateTimeOffset _orphansDue;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // The timer does the work; the reminder brings the grain back when its silo died and nobody else woke it.
        this.RegisterGrainTimer(Sweep, new GrainTimerCreationOptions(Every, Every) { KeepAlive = true });
        await this.RegisterOrUpdateReminder("sweep", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), cancellationToken);
    }

    public Task Wake() => Task.CompletedTask;

    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;

    private async Task Sweep(CancellationToken cancel)
    {
        try
        {
            var now = time.GetUtcNow();
            await ReconcileAll(await unfinished.Due(now, Most), cancel);
            if (model.LinkTerms.Count > 0 && now >= _orphansDue)
            {
                _orphansDue = now + OrphansEvery;
                await ReconcileAll(await unfinished.Orphans(model.LinkTerms, Most), cancel);
            }
            if (now >= _hostsDue)
            {
                _hostsDue = now + HostsEvery;
                await Task.WhenAll((await unfinished.ConnectedHosts()).Select(h => GrainFactory.Host(h).Check()));
            }
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(e);   // the next tick is the retry
        }
    }

    private Task ReconcileAll(IReadOnlyList<(string Term, Guid Id)> entities, CancellationToken cancel) => Parallel.ForEachAsync(
        entities, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel, TaskScheduler = TaskScheduler.Current }, Reconcile);

    private async ValueTask Reconcile((string Term, Guid Id) entity, CancellationToken cancel)
    {
        try
        {
            await (entity.Term == GrainKeys.UserMixinsTerm ? GrainFactory.UserMixins(entity.Id).Reconcile()
                : entity.Term == GrainKeys.Creation ? GrainFactory.CreationOf(entity.Id).Reconcile()   // a request that makes entities, and none itself
                : GrainFactory.Entity(entity.Term, entity.Id).Reconcile());
        }
        catch (Exception e)
        {
            LogStuck(e, entity.Term, entity.Id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sweep failed; the next one follows")]
    private partial void LogFailed(Exception cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Term} {Entity} could not be reconciled; it is tried again")]
    private partial void LogStuck(Exception cause, string term, Guid entity);
}
