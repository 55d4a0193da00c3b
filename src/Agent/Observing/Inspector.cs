using Controller.Agent.Drivers;

namespace Controller.Agent.Observing;

/// <summary>
/// Reads the inventory for everyone who asks. A reader gets one that was begun after it asked; those who ask while one is being read
/// share the next.
/// </summary>
internal sealed class Inspector(ActiveDriver active)
{
    private readonly Lock _lock = new();
    private Task<Inventory> _running = Task.FromResult(new Inventory([], [], [], []));
    private Task<Inventory>? _next;

    /// <exception cref="DriverException">Code <c>driver-unhealthy</c>: what it says now means nothing.</exception>
    public Task<Inventory> Fresh(CancellationToken cancel)
    {
        Task<Inventory> mine;
        lock (_lock) mine = _next ??= ReadAfter(_running);
        return mine.WaitAsync(cancel);
    }

    private async Task<Inventory> ReadAfter(Task<Inventory> before)
    {
        await ((Task)before).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_lock)
        {
            _running = _next!;
            _next = null;
        }
        ThrowIfUnhealthy();
        var inventory = await active.Driver.Inspect(CancellationToken.None);
        ThrowIfUnhealthy(); // it may have broken half-way
        return inventory;
    }

    private void ThrowIfUnhealthy()
    {
        if (active.Driver.Health is { Healthy: false } health)
            throw new DriverException("driver-unhealthy", $"The hypervisor cannot be asked: {health.Why}", retryable: true);
    }
}
