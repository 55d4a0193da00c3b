namespace Controller.Agent.Leases;

/// <summary>
/// A watchdog device of the kernel, <c>/dev/watchdog</c>: it resets the host when nobody writes to it any more. The guard stops to when it cannot end a machine whose
/// lease is over. Without a device there is none.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private readonly FileStream? _device;

    public Watchdog(string? device) => _device = string.IsNullOrEmpty(device) ? null : new FileStream(device, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    public void Feed() => _device?.Write("1"u8);

    /// <summary>The magic close: the host need not be reset. A guard that dies has not said so.</summary>
    public void Disarm() => _device?.Write("V"u8);

    public void Dispose() => _device?.Dispose();
}
