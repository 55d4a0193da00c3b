using System.Collections.Concurrent;
using Controller.Contracts;

namespace Controller.Grains.Tests.Cluster;

/// <summary>
/// The far end of a host's session, as a gateway would hold it: it speaks the real contract, keeps what is wanted and reports it as done, in order.
/// </summary>
internal sealed class ScriptedAgent(Guid id, IHostGrain grain, IGrainFactory grains, HostCapabilities capabilities) : IAgentStream
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private IAgentStream? _self;
    private HostCapabilities _capabilities = capabilities;
    private long _sequence;

    public Guid Id => id;

    public long Epoch { get; private set; }

    /// <summary>What is wanted, by object.</summary>
    public ConcurrentDictionary<Guid, DesiredObject> Wanted { get; } = new();

    /// <summary>Every wish as it came.</summary>
    public ConcurrentQueue<DesiredObject> Told { get; } = new();

    public ConcurrentQueue<string> Hangups { get; } = new();

    public int FullSets { get; private set; }

    /// <summary>Keeps what it is told to itself until it is released.</summary>
    public bool Held { get; set; }

    /// <summary>Answers objects with this failure instead of doing them.</summary>
    public Failure? Fails { get; set; }

    /// <summary>What it says of every machine, beyond what was wanted.</summary>
    public Func<ObservedMachine, ObservedMachine> Seeing { get; set; } = machine => machine;

    public async Task Connect()
    {
        _self ??= grains.CreateObjectReference<IAgentStream>(this);
        var opened = await grain.Connect(new("boot", "1", "scripted", Epoch, _capabilities), _self);
        Epoch = opened!.Epoch;
    }

    public Task<LeaseAnswer> Renew(bool guarded = true, long? epoch = null) => grain.RenewLease(epoch ?? Epoch, guarded, guarded ? null : "the script says so", _self!);

    /// <summary>From the next connection on.</summary>
    public void Says(string underlay) => _capabilities = _capabilities with { UnderlayAddress = underlay };

    /// <summary>From the next connection on.</summary>
    public void Has(params string[] features) => _capabilities = _capabilities with { Features = features };

    public Task<bool> Heartbeat(long? epoch = null) => grain.Heartbeat(epoch ?? Epoch, true, null, _self!);

    public async Task SendDesired(bool full, DesiredObject[] objects)
    {
        await _turn.WaitAsync();
        try
        {
            FullSets += full ? 1 : 0;
            foreach (var wanted in objects)
            {
                Told.Enqueue(wanted);
                if (Wanted.TryGetValue(wanted.Id, out var known) && known.Incarnation == wanted.Incarnation && known.Generation > wanted.Generation)
                    continue;
                Wanted[wanted.Id] = wanted;
                if (!Held)
                    _ = Report(wanted);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Does everything that it was told while it was held.</summary>
    public async Task Release()
    {
        Held = false;
        foreach (var wanted in Wanted.Values)
            await Report(wanted);
    }

    /// <param name="wanted">What it speaks of.</param>
    /// <param name="power">Null: as it is wanted; of a machine on its way, as it is before anything of it has come or gone.</param>
    /// <param name="transfer">Of a machine on its way.</param>
    public Task<bool> Report(DesiredObject wanted, Power? power = null, TransferState transfer = TransferState.Waiting)
    {
        var sequence = Interlocked.Increment(ref _sequence);
        var failure = Fails is { } f ? f with { Generation = wanted.Generation } : null;
        var generation = failure is null ? wanted.Generation : 0;
        return grain.Observe(Epoch, wanted switch
        {
            DesiredMachine m => Seen(machines: [Seeing(new(
                m.Id, m.Incarnation, generation, sequence, power ?? (m.Absent || m.Incoming is not null ? Power.Absent : failure is null ? m.Power : Power.Off), failure,
                [.. m.Disks.Select(d => new ObservedAttachment(d.Link, true, d.Device!, null)), .. m.Nics.Select(n => new ObservedAttachment(n.Link, true, n.Device, null))], false,
                (m.Incoming?.Migration ?? m.Outgoing) is { } migration ? new(migration, transfer) : null))]),
            DesiredVolume v => Seen(volumes: [new(v.Id, v.Incarnation, generation, sequence, !v.Absent && !v.Released && failure is null, v.SizeBytes, failure)]),
            DesiredNetwork n => Seen(networks: [new(n.Id, n.Incarnation, generation, sequence, !n.Absent, n.Active, failure)]),
            _ => throw new InvalidOperationException(),
        });
    }

    public async Task SendReboot(Guid operation, Guid machine, Guid incarnation, RebootMethod method, TimeSpan grace)
    {
        if (!Held)
            await grain.Finished(Epoch, new(operation, machine, null));
    }

    /// <summary>The saves that it was told of, in order.</summary>
    public ConcurrentQueue<SaveOrder> Saves { get; } = new();

    /// <summary>Saves that it is told of later are answered with these, then they succeed. Code "" is no answer.</summary>
    public ConcurrentQueue<Failure> SaveFailures { get; } = new();

    public async Task SendSave(SaveOrder order)
    {
        Saves.Enqueue(order);
        if (Held)
            return;
        if (!SaveFailures.TryDequeue(out var failure))
            await Saved(order);
        else if (failure.Code.Length > 0)
            await grain.Finished(Epoch, new(order.Operation, order.Machine, failure));
    }

    public Task<bool> Saved(SaveOrder order) =>
        grain.Finished(Epoch, new(order.Operation, order.Machine, null, new(new(new string('5', 64), "qcow2", 4096), 32 << 20)));

    /// <summary>The migrations that it was told of, in order. The test answers them.</summary>
    public ConcurrentQueue<MigrateOrder> Migrations { get; } = new();

    /// <summary>The operations that it was told to cancel.</summary>
    public ConcurrentQueue<Guid> Cancelled { get; } = new();

    public Task SendMigrate(MigrateOrder order)
    {
        Migrations.Enqueue(order);
        return Task.CompletedTask;
    }

    public Task SendCancel(Guid operation, Guid machine)
    {
        Cancelled.Enqueue(operation);
        return Task.CompletedTask;
    }

    public Task<bool> Answer(MigrateOrder order, Failure? failure = null) => grain.Finished(Epoch, new(order.Operation, order.Machine, failure));

    public Task SendReadConsole(Guid request, Guid machine, long offset, int maxBytes, TimeSpan wait) =>
        grain.ConsoleData(request, new(offset, "hello"u8.ToArray(), offset + 5, null));

    /// <summary>The consoles that it was told to open.</summary>
    public ConcurrentQueue<ConsoleOrder> Consoles { get; } = new();

    public Task SendDescribe(Guid request, Guid machine, Guid incarnation) => grain.Described(request, null);

    public Task SendOpenConsole(ConsoleOrder order)
    {
        Consoles.Enqueue(order);
        return Task.CompletedTask;
    }

    public Task Hangup(string why)
    {
        Hangups.Enqueue(why);
        return Task.CompletedTask;
    }

    private static ObservedReport Seen(ObservedMachine[]? machines = null, ObservedVolume[]? volumes = null, ObservedNetwork[]? networks = null) =>
        new(false, true, null, machines ?? [], volumes ?? [], networks ?? [], []);
}
