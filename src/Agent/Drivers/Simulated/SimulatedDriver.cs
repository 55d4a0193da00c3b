using System.Security.Cryptography;
using System.Text.Json;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>
/// A hypervisor in memory. It keeps the driver's contract to the letter, takes as long as it is told and fails when it is told, and its
/// machines live on while the agent is away. Networks and images are here, machines and volumes in files of their own.
/// </summary>
internal sealed partial class SimulatedDriver : IHypervisorDriver
{
    private const string FaultsFileName = "faults.json";

    private readonly SimulatedOptions _options;
    private readonly TimeProvider _time;
    private readonly SimulatedFaults _faults;
    private readonly SimulatedStore _store;
    private readonly SimulatedPools _pools;
    private readonly CancellationTokenSource _disposed = new();
    private readonly string? _faultsPath;
    private ITimer? _faultsTimer;
    private DateTime _faultsRead;

    public SimulatedDriver(SimulatedOptions options, TimeProvider time)
        : this(options, time, new SimulatedFaults())
    {
    }

    public SimulatedDriver(SimulatedOptions options, TimeProvider time, SimulatedFaults faults)
    {
        (_options, _time, _faults) = (options, time, faults);
        _store = new SimulatedStore(options.Directory);
        _pools = new SimulatedPools(options.SharedPools);
        _faultsPath = options.Directory.Length == 0 ? null : Path.Combine(options.Directory, FaultsFileName);
        _faults.HealthChanged += OnHealthChanged;
        _faults.GuestPoweredOff += PowerOffGuest;
        _faults.GuestCrashed += CrashGuest;
        _faults.HostRebooted += RebootHost;
    }

    public event Action<string?>? Changed;

    public DriverHealth Health => _faults.Unhealthy is { } why
        ? new DriverHealth { Healthy = false, Why = why }
        : new DriverHealth { Healthy = true };

    public string Instance => _store.Read(host => host.Instance);

    public async Task<Capabilities> Start(CancellationToken cancel)
    {
        if (_faultsPath is not null) _faultsTimer = _time.CreateTimer(_ => ReadFaults(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
        await Begin(nameof(Start), cancel);
        _pools.Open();
        var capabilities = new Capabilities
        {
            Driver = "simulated",
            Hypervisor = "simulated, in memory",
            Cores = (uint)_options.Cores,
            MemoryBytes = (ulong)_options.MemoryBytes,
            DiskBytes = (ulong)_options.DiskBytes,
            Architecture = "x64",
            Leases = true,
            UnderlayAddress = _options.UnderlayAddress,
        };
        capabilities.Features.Add([
            "hotplug-disk", "hotplug-nic", "suspend", "hibernate", "console-serial", "console-vnc", "hotplug-cpu", "hotplug-memory", "guest-agent", "security-groups", "floating-addresses", "existing",
            "machine-q35", "machine-pc", "firmware-uefi", .. _options.PhysicalNetworks.Select(name => $"physical-network:{name}")]);
        capabilities.Pools.AddRange(_pools.All.Select(pool => pool.Describe()));
        return capabilities;
    }

    public async Task<Inventory> Inspect(CancellationToken cancel)
    {
        // It answers also while unhealthy, with what it happens to believe: callers must look at Health.
        await Delay(nameof(Inspect), cancel);
        if (_faults.Unhealthy is null) _faults.ThrowIfDue(nameof(Inspect));
        if (_faults.LieEmpty) return new Inventory([], [], [], []);
        return _store.Read(host => new Inventory(
            [.. host.Machines.Select(Observe)], [.. host.Volumes.Select(Observe)], [.. host.Networks.Select(Observe)], []));
    }

    public async Task<ObservedNetwork> EnsureNetwork(string id, string incarnation, ulong generation, NetworkSpec spec, CancellationToken cancel)
    {
        await Begin(nameof(EnsureNetwork), cancel);
        return _store.Change(host =>
        {
            var network = host.Networks.FirstOrDefault(known => known.Id == id);
            if (network is not null && network.Incarnation != incarnation) throw OtherIncarnation("network", id, network.Incarnation, incarnation);
            if (spec.Cidr.Length > 0 && !System.Net.IPNetwork.TryParse(spec.Cidr, out _))
                throw new DriverException("invalid", $"A network's range must be like 10.128.3.0/24, and is '{spec.Cidr}'.", retryable: false);
            if (spec.Mode == NetworkSpec.Types.Mode.Bridged && !_options.PhysicalNetworks.Contains(spec.Physical))
                throw new DriverException("no-physical-network", $"This host has no physical network '{spec.Physical}'.", retryable: true);
            if (network is null) host.Networks.Add(network = new SimulatedNetwork { Id = id, Incarnation = incarnation });
            (network.Spec, network.Generation) = (spec.Clone(), generation);
            return Observe(network);
        });
    }

    public async Task RemoveNetwork(string id, string incarnation, CancellationToken cancel)
    {
        await Begin(nameof(RemoveNetwork), cancel);
        _store.Change(host =>
        {
            if (host.Networks.FirstOrDefault(known => known.Id == id && known.Incarnation == incarnation) is not { } network) return false;
            if (host.Machines.FirstOrDefault(machine => Specs(machine).Any(spec => spec.Nics.Any(nic => nic.NetworkId == id))) is { } user)
                throw new DriverException("in-use", $"Network {id} has a NIC of machine {user.Id} on it.", retryable: true);
            return host.Networks.Remove(network);
        });
    }

    public async Task<bool> HasImage(Image image, CancellationToken cancel)
    {
        await Begin(nameof(HasImage), cancel);
        return _store.Read(host => host.Images.Any(known => known.Sha256 == image.Sha256));
    }

    public async Task EnsureImage(Image image, Stream bytes, CancellationToken cancel)
    {
        await Begin(nameof(EnsureImage), cancel);
        var (found, boots, virtualSize) = await Look(bytes, cancel);
        if (found != image.Sha256)
            throw new DriverException("image-digest", $"The image was to have SHA-256 {image.Sha256} and has {found}.", retryable: true);
        _store.Change(host =>
        {
            if (host.Images.Any(known => known.Sha256 == image.Sha256)) return false;
            Reserve(host, image.SizeBytes);
            host.Images.Add(new SimulatedImage { Sha256 = image.Sha256, SizeBytes = image.SizeBytes, Boots = boots, VirtualSizeBytes = virtualSize });
            return true;
        });
    }

    /// <summary>An image's digest and what a guest left on it. Of one that is too large to be ours, the beginning is looked at.</summary>
    private static async Task<(string Sha256, uint Boots, ulong VirtualSize)> Look(Stream bytes, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var head = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await bytes.ReadAsync(buffer, cancel)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
            head.Write(buffer, 0, (int)Math.Min(read, SimulatedDisk.MostBytes - head.Length));
        }
        var (boots, virtualSize) = SimulatedDisk.Read(head.ToArray());
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), boots, virtualSize);
    }

    public async ValueTask DisposeAsync()
    {
        _faults.HealthChanged -= OnHealthChanged;
        _faults.GuestPoweredOff -= PowerOffGuest;
        _faults.GuestCrashed -= CrashGuest;
        _faults.HostRebooted -= RebootHost;
        if (_faultsTimer is not null) await _faultsTimer.DisposeAsync();
        await _disposed.CancelAsync();
    }

    private async Task Begin(string operation, CancellationToken cancel)
    {
        await Delay(operation, cancel);
        _faults.ThrowIfDue(operation);
    }

    private Task Delay(string operation, CancellationToken cancel) =>
        Wait((_options.Latencies.TryGetValue(operation, out var own) ? own : _options.Latency) + _faults.SlowBy(operation), cancel);

    private Task Wait(TimeSpan delay, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return delay > TimeSpan.Zero ? Task.Delay(delay, _time, cancel) : Task.CompletedTask;
    }

    private void Reserve(SimulatedHost host, ulong more)
    {
        if (more == 0) return;
        var used = host.Volumes.Aggregate(0UL, (sum, volume) => sum + volume.SizeBytes) + host.Images.Aggregate(0UL, (sum, image) => sum + image.SizeBytes);
        var free = _faults.DiskFull ? 0 : (ulong)_options.DiskBytes - Math.Min(used, (ulong)_options.DiskBytes);
        if (more > free) throw new DriverException("no-space", $"{more} bytes more were wanted of the pool, and {free} are free.", retryable: true);
    }

    private void ReadFaults()
    {
        try
        {
            var written = File.GetLastWriteTimeUtc(_faultsPath!); // 1601 when there is no file
            if (written == _faultsRead || !File.Exists(_faultsPath)) return;
            _faults.Apply(File.ReadAllText(_faultsPath));
            _faultsRead = written;
        }
        catch (Exception unreadable) when (unreadable is IOException or JsonException)
        {
            // Half-written by a person's editor: it is looked at again in a moment.
        }
    }

    private void OnHealthChanged() => Changed?.Invoke(null);

    private static IEnumerable<MachineSpec> Specs(SimulatedMachine machine) => machine.Running is null ? [machine.Spec] : [machine.Spec, machine.Running];

    private static ObservedVolume Observe(SimulatedVolume volume) => new()
    {
        Id = volume.Id, Incarnation = volume.Incarnation, Generation = volume.Generation, Present = true, SizeBytes = volume.SizeBytes,
    };

    private static ObservedNetwork Observe(SimulatedNetwork network) => new()
    {
        Id = network.Id, Incarnation = network.Incarnation, Generation = network.Generation, Present = true, Active = network.Spec.Active,
    };

    private static DriverException OtherIncarnation(string what, string id, string found, string wanted) =>
        new("incarnation", $"Incarnation {wanted} of {what} {id} was wanted, and incarnation {found} is on this host.", retryable: true);
}
