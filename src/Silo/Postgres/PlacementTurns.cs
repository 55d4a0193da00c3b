using Controller.Grains.Placement;

namespace Controller.Silo.Postgres;

/// <summary>
/// Placements of a project follow one another: its quota is counted under its lock. Those that wait do so here and not each on a connection to the database, of which there would be none for
/// anybody else; and those that are alike are done together, in one transaction.
/// </summary>
/// <param name="one">Places one.</param>
/// <param name="together">Places several that are alike; what it leaves out is placed one by one.</param>
/// <param name="time">Of waits.</param>
internal sealed class PlacementTurns(
    Func<PlacementRequest, Task<PlacementResult>> one, Func<IReadOnlyList<PlacementRequest>, Task<IReadOnlyDictionary<PlacementRequest, Placing>>> together, TimeProvider time)
{
    /// <summary>So many in a transaction: each waits for all, and a host's lock is held for so long.</summary>
    internal const int Most = 64;

    /// <summary>While one commits the next stands ready behind the lock.</summary>
    private const int AtATime = 2;

    /// <summary>Whoever has waited for longer is not asked for any more: its caller has given up.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Line> _lines = [];

    public Task<PlacementResult> Place(PlacementRequest request)
    {
        var waiting = new Waiting(request, time.GetTimestamp());
        lock (_lock)
        {
            if (!_lines.TryGetValue(request.Project, out var line))
                _lines.Add(request.Project, line = new());
            line.Waiting.AddLast(waiting);
            if (line.Runners < AtATime)
            {
                line.Runners++;
                _ = Task.Run(() => Run(request.Project, line));
            }
        }
        return waiting.Done.Task;
    }

    private async Task Run(Guid project, Line line)
    {
        while (Next(project, line) is { } group)
        {
            try
            {
                await Place(group);
            }
            catch (Exception e)
            {
                foreach (var waiting in group)
                    waiting.Done.TrySetException(e);
            }
        }
    }

    private async Task Place(List<Waiting> group)
    {
        var placed = group.Count > 1 ? await together([.. group.Select(w => w.Request)]) : null;
        var left = new List<Waiting>();
        foreach (var waiting in group)
        {
            if (placed?.GetValueOrDefault(waiting.Request) is { } done)
                done.Tell(waiting.Done);
            else
                left.Add(waiting);
        }
        foreach (var waiting in left)
            await PlaceOne(waiting);
    }

    private async Task PlaceOne(Waiting waiting)
    {
        try
        {
            waiting.Done.TrySetResult(await one(waiting.Request));
        }
        catch (Exception e)
        {
            waiting.Done.TrySetException(e);   // its own trouble, and nobody else's
        }
    }

    // Null: nobody waits, and the runner ends.
    private List<Waiting>? Next(Guid project, Line line)
    {
        lock (_lock)
        {
            while (line.Waiting.First?.Value is { } tooLong && time.GetElapsedTime(tooLong.Since) > Patience)
            {
                line.Waiting.RemoveFirst();
                tooLong.Done.TrySetException(new TimeoutException($"Many placements of the project {project} were asked for at once: this one has waited for {Patience.TotalSeconds:0} s. Nothing was taken."));
            }
            if (line.Waiting.First is not { } first)
            {
                if (--line.Runners == 0)
                    _lines.Remove(project);
                return null;
            }
            var group = new List<Waiting> { first.Value };
            var consumers = new HashSet<Guid> { first.Value.Request.Consumer };
            for (var (node, alike) = (first.Next, AreAlike.Of(first.Value.Request)); alike is not null && node is not null && group.Count < Most;)
            {
                var next = node.Next;
                if (alike == AreAlike.Of(node.Value.Request) && consumers.Add(node.Value.Request.Consumer))
                {
                    group.Add(node.Value);
                    line.Waiting.Remove(node);
                }
                node = next;
            }
            line.Waiting.Remove(first);
            return group;
        }
    }

    private sealed class Line
    {
        public LinkedList<Waiting> Waiting { get; } = new();

        public int Runners { get; set; }
    }

    private sealed record Waiting(PlacementRequest Request, long Since)
    {
        public TaskCompletionSource<PlacementResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What all of a group must have in common, so that the same hosts fit all of them. Null: it has something of its own, and is placed alone.</summary>
    private sealed record AreAlike(string Term, int Cores, long MemoryBytes, long DiskBytes, string? Architecture, string? Zone, string? Image, string Features)
    {
        public static AreAlike? Of(PlacementRequest r) =>
            r.OnlyHost is null && r.Group is null && r.FromDriver is null && r.Pool is null && r.SeesPools.Count == 0 && r.Volumes.Count == 0 && r.ExceptHosts.Count == 0 && r.Addresses.Count == 0
                ? new(r.Term, r.Cores, r.MemoryBytes, r.DiskBytes, r.Architecture, r.Zone, r.Image, string.Join('\n', r.Features))
                : null;
    }
}

/// <summary>How a placement among several ended: on a host, or with why it was not decided at all.</summary>
internal sealed record Placing(PlacementResult? Result, Exception? Why = null)
{
    public void Tell(TaskCompletionSource<PlacementResult> waiting)
    {
        if (Why is not null)
            waiting.TrySetException(Why);
        else
            waiting.TrySetResult(Result!);   // one of both is there
    }
}
