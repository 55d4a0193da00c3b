using Google.Protobuf;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>The simulated host, in memory and, with a directory, on disk. All access is under its lock.</summary>
internal sealed class SimulatedStore
{
    private readonly Lock _lock = new();
    private readonly string? _path;

    public SimulatedStore(string directory)
    {
        if (directory.Length == 0) return;
        AtomicFile.CreateDirectory(directory);
        _path = Path.Combine(directory, "host");
        if (File.Exists(_path)) Host = SimulatedHost.Parser.ParseFrom(File.ReadAllBytes(_path));
    }

    /// <summary>Something has changed, and the lock is free again.</summary>
    public event Action? Changed;

    private SimulatedHost Host { get; } = new() { Instance = Guid.NewGuid().ToString() };

    public T Read<T>(Func<SimulatedHost, T> read)
    {
        lock (_lock) return read(Host);
    }

    /// <summary>Changes the host. What throws has changed nothing that it did not change before it threw.</summary>
    public T Change<T>(Func<SimulatedHost, T> change)
    {
        T result;
        lock (_lock)
        {
            result = change(Host);
            if (_path is not null) AtomicFile.Write(_path, Host.ToByteArray());
        }
        Changed?.Invoke();
        return result;
    }
}
