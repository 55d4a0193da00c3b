namespace Controller.Agent;

/// <summary>Tasks under way that somebody must wait for in the end; those that ended leave.</summary>
internal sealed class TaskSet
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _tasks = [];

    public int Count
    {
        get { lock (_lock) return _tasks.Count; }
    }

    public void Add(Task task)
    {
        lock (_lock) _tasks.Add(task);
        _ = task.ContinueWith(Remove, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Waits for all of them; how each ended is its own affair.</summary>
    public async Task Ended()
    {
        Task[] left;
        lock (_lock) left = [.. _tasks];
        await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Remove(Task task)
    {
        lock (_lock) _tasks.Remove(task);
    }
}
