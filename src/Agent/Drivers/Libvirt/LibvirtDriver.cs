using System.ComponentModel.DataAnnotations;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Drivers.Libvirt.Moving;
using Controller.Agent.Drivers.Libvirt.Networks;
using Controller.Agent.Drivers.Libvirt.Storage;
using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>QEMU machines through libvirtd on this host.</summary>
internal sealed partial class LibvirtDriver : IHypervisorDriver
{
    private readonly LibvirtOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Folders _folders;
    private readonly Link _link;
    private readonly Places _places;
    private readonly ImageCache _images;
    private readonly VolumeStore _volumes;
    private readonly Underlay _underlay;
    private readonly NicGuards _guards;
    private readonly FloatingAddresses _floating;
    private readonly NetworkStore _networks;
    private readonly ConsoleLogs _consoles;
    private readonly DiskCopying _copying;
    private readonly GuestAgents _agents;
    private MachineStore? _machines;
    private Rebooting? _rebooting;
    private Leaving? _leaving;
    private Coming? _coming;

    public LibvirtDriver(LibvirtOptions options, TimeProvider time, ILogger<LibvirtDriver> log)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        _options = options;
        _log = log;
        _time = time;
        _folders = new Folders(options.Directory);
        _link = new Link(options, time, log);
        _places = new Places(_folders, options.SharedPools.AsReadOnly());
        _images = new ImageCache(_folders, time);
        _agents = new GuestAgents(_link, time);
        _copying = new DiskCopying(_folders, _places, _link, _agents);
        _volumes = new VolumeStore(_folders, _places, _images, _copying, _link);
        var host = new HostNetwork(options);
        _underlay = new Underlay(host, options);
        _guards = new NicGuards(options, _folders, new HostFirewall(host, options), time);
        _networks = new NetworkStore(_link, host, new Overlay(host, _underlay), new PhysicalNetworks(host, options));
        _floating = new FloatingAddresses(_folders, host, _networks, time);
        _consoles = new ConsoleLogs(_folders);
    }

    public event Action<string?>? Changed
    {
        add => _link.Changed += value;
        remove => _link.Changed -= value;
    }

    public DriverHealth Health => _link.Health;

    /// <summary>Changes when all machines stopped: the host booted, or the namespaces of a libvirtd of deploy/libvirtd were made anew.</summary>
    public string Instance => HostFacts.Life(_options.Uri);

    public Task<Capabilities> Start(CancellationToken cancel) => Guard(async () =>
    {
        _folders.Create();
        foreach (var why in _places.Open())
            LogNoPool(why);
        await _link.Start(cancel);
        await _copying.EndAll(cancel);
        await _underlay.Find(cancel);
        await _guards.Start(cancel);
        await _agents.ThawAll(cancel);
        var probe = new Probe(_options, _folders, _link);
        var kvm = _options.Acceleration == Acceleration.Kvm || (_options.Acceleration == Acceleration.Probe && await probe.Kvm(cancel));
        var traits = new HostTraits(kvm, await probe.CpuShares(cancel), _options.TranslationCacheMiB, _options.Ports, _options.Graphics);
        LogTraits(traits.Kvm, traits.CpuShares);

        var power = new PowerSwitch(_link, _time);
        _machines = new MachineStore(_folders, _images, _places, _link, new DeviceFitting(_link, _options), new SizeFitting(_link, _log), power, _guards, _floating, traits,
            new Leases.QemuProcesses(_options.NamespaceFile));
        _rebooting = new Rebooting(_link, power, _time);
        _leaving = new Leaving(_options, _folders, _places, _link, power, _copying, _time);
        _coming = new Coming(_options, _folders, _places, _link, _machines);
        var capabilities = await _link.Call(connect => HostFacts.Read(connect, _places, traits), cancel);
        capabilities.UnderlayAddress = _underlay.Address ?? "";
        capabilities.Features.Add(_options.PhysicalNetworks.Keys.Order(StringComparer.Ordinal).Select(name => $"physical-network:{name}"));
        if (_options.PhysicalNetworks.Count > 0)
            capabilities.Features.Add("floating-addresses");
        return capabilities;
    });

    public Task<Inventory> Inspect(CancellationToken cancel) => Guard(async () =>
    {
        await _guards.Check(cancel);
        await CheckFloating(cancel);
        var domains = await _link.Call(Domains.All, cancel);
        return new Inventory(
            [.. domains.Where(domain => domain.Label is not null).Select(_agents.Observe)],
            _volumes.All(),
            await _networks.All(cancel),
            [
                .. from domain in domains
                   where domain.Label is null
                   select new UnmanagedMachine { Uuid = domain.Id, Name = domain.Name, Power = domain.Power },
            ]);
    });

    /// <summary>What is wrong with some machines' addresses hides no machine.</summary>
    private async Task CheckFloating(CancellationToken cancel)
    {
        try
        {
            await _floating.Check(cancel);
        }
        catch (Exception trouble) when (trouble is DriverException or IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            LogFloating(trouble.Message);
        }
    }

    public Task<ObservedMachine> EnsureMachine(string id, string incarnation, ulong generation, MachineSpec spec, CancellationToken cancel) =>
        Guard(async () =>
        {
            var observed = _agents.Observe(await Machines.Ensure(ObjectKey.Of(id, incarnation), generation, spec, cancel));
            new SocketFolder(_options.Socket, incarnation).Remove();   // it came from another host
            return observed;
        });

    public Task GuardMachine(string id, string incarnation, MachineSpec spec, CancellationToken cancel) =>
        Guard(() => Machines.Guard(ObjectKey.Of(id, incarnation), spec, cancel));

    public Task RemoveMachine(string id, string incarnation, CancellationToken cancel) =>
        Guard(async () =>
        {
            await Machines.Remove(ObjectKey.Of(id, incarnation), cancel);
            new SocketFolder(_options.Socket, incarnation).Remove();
        });

    public Task<bool> EndMachine(string id, string incarnation, CancellationToken cancel) => Guard(() => Machines.End(ObjectKey.Of(id, incarnation), cancel));

    public Task Reboot(string id, string incarnation, RebootMethod method, TimeSpan grace, CancellationToken cancel) =>
        Guard(() => (_rebooting ?? throw NotStarted).Reboot(ObjectKey.Of(id, incarnation), method, grace, cancel));

    public Task<DiskCopy> CopyRootDisk(string id, string incarnation, CancellationToken cancel) => Guard(() => _copying.Copy(ObjectKey.Of(id, incarnation), cancel));

    public Task SendAway(Departure what, IPeer peer, Action<MoveProgress> progress, CancellationToken cancel) =>
        Guard(() => (_leaving ?? throw NotStarted).Send(what, peer, progress, cancel));

    public Task<PeerAnswer> Receive(Arrival what, PeerRequest request, CancellationToken cancel) => Guard(() => (_coming ?? throw NotStarted).Receive(what, request, cancel));

    public Task<Stream> Reach(Arrival what, Channel channel, CancellationToken cancel) => Guard(() => (_coming ?? throw NotStarted).Reach(what, channel, cancel));

    public Task<ObservedVolume> EnsureVolume(string id, string incarnation, ulong generation, VolumeSpec spec, CancellationToken cancel) =>
        Guard(() => _volumes.Ensure(ObjectKey.Of(id, incarnation), generation, spec, cancel));

    public Task RemoveVolume(string id, string incarnation, string pool, CancellationToken cancel) =>
        Guard(() => _volumes.Remove(ObjectKey.Of(id, incarnation), pool, cancel));

    public Task ReleaseVolume(string id, string incarnation, CancellationToken cancel) =>
        Guard(() => _volumes.Release(ObjectKey.Of(id, incarnation), cancel));

    public Task WipeVolume(string id, string incarnation, string pool, CancellationToken cancel) =>
        Guard(() => _volumes.Wipe(ObjectKey.Of(id, incarnation), pool, cancel));

    public Task RemoveRootDisk(string id, string pool, string disk, CancellationToken cancel) => Guard(() => Machines.RemoveRootDisk(id, pool, disk, cancel));

    public Task<ObservedNetwork> EnsureNetwork(string id, string incarnation, ulong generation, NetworkSpec spec, CancellationToken cancel) =>
        Guard(() => _networks.Ensure(ObjectKey.Of(id, incarnation), generation, spec, cancel));

    public Task RemoveNetwork(string id, string incarnation, CancellationToken cancel) =>
        Guard(() => _networks.Remove(ObjectKey.Of(id, incarnation), cancel));

    public Task<bool> HasImage(Image image, CancellationToken cancel) => Guard(() => Task.FromResult(_images.Has(image)));

    public Task EnsureImage(Image image, Stream bytes, CancellationToken cancel) => Guard(() => _images.Store(image, bytes, cancel));

    public Task PruneImages(IReadOnlySet<string> wanted, long mostBytes, CancellationToken cancel) => Guard(() =>
    {
        foreach (var place in _places.Shared)
            place.PruneImages(_time.GetUtcNow().UtcDateTime);
        return Task.FromResult(_images.Prune(wanted, mostBytes));
    });

    public Task PruneConsoles(IReadOnlySet<(string Id, string Incarnation)> wanted, CancellationToken cancel) => Guard(async () =>
    {
        var here = await _link.Call(Domains.All, cancel);
        HashSet<ObjectKey> kept =
        [
            .. wanted.Select(machine => new ObjectKey(machine.Id, machine.Incarnation)),
            .. here.Where(domain => domain.Label is not null).Select(domain => new ObjectKey(domain.Id, domain.Label!.Incarnation)),
        ];
        _consoles.Prune(kept, _time.GetUtcNow().UtcDateTime);
    });

    public Task<ConsolePart> ReadConsole(string id, ulong offset, int maxBytes, CancellationToken cancel) =>
        Guard(() => _consoles.Read(id, offset, maxBytes, cancel));

    public async ValueTask DisposeAsync()
    {
        await _agents.DisposeAsync();
        await _link.DisposeAsync();
        _guards.Dispose();
        _floating.Dispose();
    }

    private MachineStore Machines => _machines ?? throw NotStarted;

    private static InvalidOperationException NotStarted => new("Start comes before anything else.");

    private static Task<bool> Guard(Func<Task> work) => Guard(async () =>
    {
        await work();
        return true;
    });

    private static async Task<T> Guard<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (LibvirtException error)
        {
            throw error.ToDriverException();
        }
        catch (IOException error) when (error.HResult == NoSpace)
        {
            throw new DriverException("no-space", error.Message, retryable: true, error);
        }
    }

    private const int NoSpace = 28;   // ENOSPC

    [LoggerMessage(Level = LogLevel.Error, Message = "Machines' floating addresses cannot be put back; it is tried again: {Why}")]
    private partial void LogFloating(string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Why} The host goes on without it; start the agent again when it is there.")]
    private partial void LogNoPool(string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Machines execute with KVM: {Kvm}; CPU shares can be set: {CpuShares}")]
    private partial void LogTraits(bool kvm, bool cpuShares);
}
