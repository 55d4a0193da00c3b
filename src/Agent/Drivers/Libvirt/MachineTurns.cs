namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// One call at a time that waits for a machine's QEMU. libvirtd would let the second fail after half a minute in which it holds one of its
/// few threads, and a call that is let go of while it runs must not meet the one that replaces it.
/// </summary>
internal sealed class MachineTurns(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Errand Errand, long Since)> _current = [];

    /// <summary>Waits until nothing is under way on the errand's machine, which then is this errand's.</summary>
    /// <exception cref="DriverException">Code <c>hypervisor-stuck</c> when what is under way has been given up.</exception>
    public async Task Take(Errand errand, CancellationToken cancel)
    {
        while (true)
        {
            Errand before;
            lock (_lock)
            {
                if (!_current.TryGetValue(errand.Machine!, out var current) || current.Errand.HasReturned)
                {
                    _current[errand.Machine!] = (errand, time.GetTimestamp());
                    return;
                }
                before = current.Errand;
                if (before.IsStuck)
                {
                    throw Stuck.Because(
                        $"Machine {errand.Machine} is not asked for {errand.What}: its QEMU has not answered {before.What} "
                        + $"for {time.GetElapsedTime(current.Since).TotalSeconds:0} s.");
                }
            }
            await before.Decided.WaitAsync(cancel);
        }
    }

    /// <summary>Completes when what is under way on the machine has returned.</summary>
    public Task Idle(string machine)
    {
        lock (_lock) return _current.TryGetValue(machine, out var current) ? current.Errand.Returned : Task.CompletedTask;
    }

    public void Leave(Errand errand)
    {
        lock (_lock)
        {
            if (_current.TryGetValue(errand.Machine!, out var current) && current.Errand == errand)
                _current.Remove(errand.Machine!);
        }
    }
}
