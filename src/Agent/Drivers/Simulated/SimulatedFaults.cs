using System.Text.Json;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>
/// What goes wrong on a simulated host. Dialled by tests, or by a person who writes <c>faults.json</c> into the driver's directory, which
/// replaces the standing faults and performs its events once each time it changes:
/// <code>
/// { "unhealthy": "why", "lieEmpty": true, "diskFull": true, "ignoreAcpi": true, "slow": { "EnsureMachine": "00:00:05" },
///   "fail": [ { "operation": "EnsureVolume", "times": 2, "code": "no-space", "message": "…", "retryable": true } ],
///   "powerOff": [ "machine id" ], "crash": [ "machine id" ], "hostReboot": true }
/// </code>
/// </summary>
internal sealed class SimulatedFaults
{
    private readonly Lock _lock = new();
    private readonly List<(string Operation, Failing What)> _failing = [];
    private readonly List<(string Operation, Exception Bug)> _bugs = [];
    private readonly Dictionary<string, TimeSpan> _slow = new(StringComparer.OrdinalIgnoreCase);
    private string? _unhealthy;

    /// <summary>The health changed.</summary>
    public event Action? HealthChanged;

    /// <summary>A machine's guest powers itself off.</summary>
    public event Action<string>? GuestPoweredOff;

    /// <summary>A machine's hypervisor process dies.</summary>
    public event Action<string>? GuestCrashed;

    /// <summary>The host loses power and comes back: every machine is off.</summary>
    public event Action? HostRebooted;

    /// <summary>Why the driver is unhealthy; null while it is healthy.</summary>
    public string? Unhealthy
    {
        get { lock (_lock) return _unhealthy; }
        set
        {
            lock (_lock) _unhealthy = value;
            HealthChanged?.Invoke();
        }
    }

    /// <summary>The inventory claims that nothing is there.</summary>
    public bool LieEmpty { get; set; }

    /// <summary>There is room for no further volume, disk or image.</summary>
    public bool DiskFull { get; set; }

    /// <summary>Guests do not react to their power button.</summary>
    public bool IgnoreAcpi { get; set; }

    /// <summary>Lets the next <paramref name="times"/> calls of an operation fail. The name is that of the driver's method.</summary>
    public void Fail(string operation, int times, string code, bool retryable = true, string? message = null)
    {
        lock (_lock) _failing.Add((operation, new(times, code, message ?? $"A simulated failure of {operation}.", retryable)));
    }

    /// <summary>The next call of an operation ends as only a bug of the driver's would let it.</summary>
    public void Break(string operation, Exception bug)
    {
        lock (_lock) _bugs.Add((operation, bug));
    }

    /// <summary>Whether failures of an operation are left to come.</summary>
    public bool IsLeft(string operation)
    {
        lock (_lock) return _failing.Any(fault => string.Equals(fault.Operation, operation, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Lets an operation take longer; zero ends that.</summary>
    public void Slow(string operation, TimeSpan by)
    {
        lock (_lock) _slow[operation] = by;
    }

    public void PowerOffGuest(string machineId) => GuestPoweredOff?.Invoke(machineId);

    public void CrashGuest(string machineId) => GuestCrashed?.Invoke(machineId);

    public void RebootHost() => HostRebooted?.Invoke();

    internal TimeSpan SlowBy(string operation)
    {
        lock (_lock) return _slow.GetValueOrDefault(operation);
    }

    internal void ThrowIfDue(string operation)
    {
        lock (_lock)
        {
            if (_unhealthy is { } why) throw new DriverException("hypervisor-away", $"The simulated hypervisor does not answer: {why}", retryable: true);
            var broken = _bugs.FindIndex(fault => string.Equals(fault.Operation, operation, StringComparison.OrdinalIgnoreCase));
            if (broken >= 0)
            {
                var bug = _bugs[broken].Bug;
                _bugs.RemoveAt(broken);
                throw bug;
            }
            var at = _failing.FindIndex(fault => string.Equals(fault.Operation, operation, StringComparison.OrdinalIgnoreCase));
            if (at < 0) return;
            var (_, fault) = _failing[at];
            if (fault.Times <= 1) _failing.RemoveAt(at);
            else _failing[at] = (operation, fault with { Times = fault.Times - 1 });
            throw new DriverException(fault.Code, fault.Message, fault.Retryable);
        }
    }

    /// <exception cref="JsonException">The text is no such file.</exception>
    internal void Apply(string json)
    {
        var file = JsonSerializer.Deserialize<FaultsFile>(json, JsonSerializerOptions.Web) ?? new FaultsFile();
        (LieEmpty, DiskFull, IgnoreAcpi) = (file.LieEmpty, file.DiskFull, file.IgnoreAcpi);
        lock (_lock)
        {
            _slow.Clear();
            foreach (var (operation, by) in file.Slow) _slow[operation] = by;
            _failing.Clear();
            _failing.AddRange(file.Fail.Select(fault =>
                (fault.Operation, new Failing(fault.Times, fault.Code, fault.Message ?? $"A simulated failure of {fault.Operation}.", fault.Retryable))));
        }
        if (file.Unhealthy != Unhealthy) Unhealthy = file.Unhealthy;
        if (file.HostReboot) RebootHost();
        foreach (var machine in file.PowerOff) PowerOffGuest(machine);
        foreach (var machine in file.Crash) CrashGuest(machine);
    }

    private sealed record Failing(int Times, string Code, string Message, bool Retryable);

    private sealed record FaultsFile
    {
        public string? Unhealthy { get; init; }
        public bool LieEmpty { get; init; }
        public bool DiskFull { get; init; }
        public bool IgnoreAcpi { get; init; }
        public bool HostReboot { get; init; }
        public Dictionary<string, TimeSpan> Slow { get; init; } = [];
        public List<FailEntry> Fail { get; init; } = [];
        public List<string> PowerOff { get; init; } = [];
        public List<string> Crash { get; init; } = [];
    }

    private sealed record FailEntry(string Operation, string Code, int Times = 1, string? Message = null, bool Retryable = true);
}
