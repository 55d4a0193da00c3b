using Controller.Contracts;
using Controller.Grains.Availability;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Controller.Grains.Restoring;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Hosts;

/// <summary>
/// A host: routes between entities and its agent, and knows whether it is there. What is wanted of its objects is not stored here: on connect it is asked of
/// the entities themselves, so there is one truth.
/// </summary>
[GrainType("host")]
internal sealed partial class HostGrain : Grain, IHostGrain, IEntityGrain
{
    /// <summary>A host unheard of for this long is unreachable. The agent sends a sign of life three times as often.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <summary>So many looks in a row have to find it silent. A grain that stood still itself (a database that did not answer, a frozen silo) hears after its first look what has waited for its turn meanwhile.</summary>
    private const int Looks = 3;

    /// <summary>How often it looks what time has brought: where something is to be expected, and while its agent speaks and nothing is. Thousands of hosts look.</summary>
    private static readonly TimeSpan LookOften = TimeSpan.FromSeconds(1), LookSeldom = TimeSpan.FromSeconds(5), Soon = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan ResyncEvery = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ResyncRetry = TimeSpan.FromSeconds(2);

    private readonly Record<HostRecord, HostView> _record;
    private readonly Sights _sights = new();
    private readonly ConsoleReads _consoles = new();
    private readonly IClaims _claims;
    private readonly TimeProvider _time;
    private readonly ILogger<HostGrain> _logger;

    // Told once in a session: the agent keeps a wish until it is so, and each telling makes it report what it still has.
    private readonly HashSet<Guid> _sentAway = [];

    private IGrainTimer _timer = null!;   // set at activation
    private TimeSpan _looks = LookOften;
    private IAgentStream? _stream;
    private DateTimeOffset _lastSeen;
    private int _silentLooks;
    private DateTimeOffset _resyncDue = DateTimeOffset.MaxValue;

    /// <summary>What entities told the agent while they were all asked for what they want there.</summary>
    private List<DesiredObject>? _meanwhile;

    public HostGrain(
        [PersistentState("host", "entities")] IPersistentState<Stored<HostRecord, HostView>> state,
        IClaims claims,
        TimeProvider time,
        AvailabilityOptions availability,
        IAvailableMachines machines,
        IEnumerable<IFence> fences,
        Restoration restoration,
        ILogger<HostGrain> logger)
    {
        _record = new(state, HostProjection.View, HostProjection.Index, time);
        (_claims, _time, _logger) = (claims, time, logger);
        (_availability, _machines, _fences, _restoration) = (availability, machines, fences, restoration);
        _openings = new(time);
    }

    private Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // A silo that takes a host over gives it a whole lease before it concludes anything.
        Heard();
        _timer = this.RegisterGrainTimer(Tick, new GrainTimerCreationOptions(LookOften, LookOften));
        return Task.CompletedTask;
    }

    // ---------------------------------------------------------------- enrolment

    public Task Enrol(string name, string certificateSerial) => Admit(name, certificateSerial, HostAdmission.Approved);

    public Task Admit(string name, string certificateSerial, HostAdmission admission) => Write(name, certificateSerial, admission, null);

    public async Task<string?> AdmitBy(string name, string certificateSerial, HostAdmission admission, string joinToken)
    {
        if (_record.Value is { Removing: true })
            return $"Host {Id} is being removed: join with a new token.";
        if (_record.Value is { } present && (present.Capabilities is not null || present.CertificatesSince is not null))
            return $"The join token was used already, for host {Id}, which has connected.";
        // A removal takes the token back before it forgets the host.
        if (_record.Value is null && await JoinToken(joinToken).View() is not { Revoked: null })
            return $"Host {Id} was removed: join with a new token.";
        await Write(name, certificateSerial, admission, joinToken);
        return null;
    }

    private IJoinTokenGrain JoinToken(string key) => GrainFactory.At<IJoinTokenGrain>(GrainId.Create("join", key));

    // One that is there keeps its name: an operator may have given it another.
    private async Task Write(string name, string certificateSerial, HostAdmission admission, string? joinToken)
    {
        await _record.Write(_record.Value is { } present
            ? present with { Certificate = certificateSerial, JoinToken = joinToken ?? present.JoinToken }
            : new() { Id = Id, Name = name, Certificate = certificateSerial, Since = _time.GetUtcNow(), Admission = admission, JoinToken = joinToken });
        LogEnrolled(Id, _record.Value!.Name, admission);
    }

    public async Task<bool> Presents(DateTimeOffset issued)
    {
        if (_record.Value is not { Removing: false } present || issued < present.CertificatesSince)
            return false;
        if (issued != present.CertificatesSince)
            await _record.Write(present with { CertificatesSince = issued });
        return true;
    }

    public Task Renewed(string certificateSerial) =>
        _record.Value is { } present ? _record.Write(present with { Certificate = certificateSerial }) : Task.CompletedTask;

    public async Task<HostView?> View()
    {
        if (_record.Value is not { } present)
            return null;
        var view = HostProjection.View(present, _record.Version)!;   // every record has one
        return view with { LastSeen = _stream is null ? view.LastSeen : _lastSeen, Use = await _claims.Use(Id), Entity = null };
    }

    // ---------------------------------------------------------------- session

    public async Task<SessionOpened?> Connect(AgentHello hello, IAgentStream stream)
    {
        if (_record.Value is not { Removing: false } present)
            return null;
        var now = _time.GetUtcNow();
        var epoch = Math.Max(present.Epoch, hello.HighestEpochSeen) + 1;
        await _record.Write(Returned(present, now) with
        {
            Epoch = epoch,
            Status = HostStatus.Up,
            Why = null,
            Capabilities = hello.Capabilities,
            BootId = hello.BootId,
            AgentVersion = hello.AgentVersion,
            LastHeartbeat = now,
            Since = present.Status == HostStatus.Up ? present.Since : now,
        });
        _stream?.Hangup($"Epoch {epoch} has begun.");
        Heard();
        (_stream, _resyncDue, _asking) = (stream, now, default);
        LookSoon();
        _reported.Forget();
        _sentAway.Clear();
        LogConnected(Id, present.Name, epoch, hello.Capabilities.Driver);
        return new(epoch, Lease);
    }

    public async Task<bool> Heartbeat(long epoch, bool driverHealthy, string? why, IAgentStream stream)
    {
        if (_record.Value is not { } present || present.Epoch != epoch || present.Loss is { Over: null })
            return false;   // once it was given up as lost, only a new session brings it back
        Heard();
        Adopt(epoch, stream);
        await SetStatus(driverHealthy ? HostStatus.Up : HostStatus.Unhealthy, why);
        return true;
    }

    public async Task Disconnect(long epoch)
    {
        // Its status changes only when the lease is over: an agent that reconnects at once was never away.
        if (_record.Value?.Epoch == epoch)
        {
            _stream = null;
            LogDisconnected(Id, epoch);
        }
        await Task.CompletedTask;
    }

    public Task Check() => Watch();

    // ---------------------------------------------------------------- up

    public async Task<bool> Observe(long epoch, ObservedReport report)
    {
        if (_record.Value is not { } present || present.Epoch != epoch || present.Loss is { Over: null })
            return false;
        Heard();
        await SetStatus(report.DriverHealthy ? HostStatus.Up : HostStatus.Unhealthy, report.DriverWhy);
        if (!report.DriverHealthy)
            return true;   // nothing is concluded from what an unhealthy driver says, or does not say
        _reported.Take(report, _time.GetUtcNow());
        if (report.Complete)
            await TakeComplete(report);
        foreach (var machine in report.Machines)
            await Deliver(Entity<IComputeGrain>("compute", machine.Id), "compute", machine.Id, machine.Incarnation, machine.Before || IsGone(machine), g => g.Observed(Id, machine));
        foreach (var volume in report.Volumes)
            await Deliver(Entity<IStorageGrain>("storage", volume.Id), "storage", volume.Id, volume.Incarnation, volume.Before, g => g.Observed(Id, volume));
        foreach (var network in report.Networks)
            await Deliver(Entity<INetworkGrain>("network", network.Id), "network", network.Id, network.Incarnation, network.Before, g => g.Observed(Id, network));
        return true;
    }

    public async Task<bool> Finished(long epoch, OperationFinished finished)
    {
        if (_record.Value?.Epoch != epoch)
            return false;
        await Entity<IComputeGrain>("compute", finished.Machine).OperationFinished(finished);
        return true;
    }

    public async Task<bool> Progress(long epoch, OperationProgress progress)
    {
        if (_record.Value?.Epoch != epoch)
            return false;
        await Entity<IComputeGrain>("compute", progress.Machine).Progress(progress);
        return true;
    }

    public Task ConsoleData(Guid request, ConsolePart part)
    {
        _consoles.Answer(request, part);
        return Task.CompletedTask;
    }

    // ---------------------------------------------------------------- down

    public Task Send(DesiredObject[] objects)
    {
        _meanwhile?.AddRange(objects);
        return _stream?.SendDesired(false, objects) ?? Task.CompletedTask;
    }

    public async Task<bool> Reboot(Guid operation, Guid machine, Guid incarnation, RebootMethod method, TimeSpan grace)
    {
        if (_stream is not { } stream)
            return false;
        await stream.SendReboot(operation, machine, incarnation, method, grace);
        return true;
    }

    public async Task<bool> Save(SaveOrder order)
    {
        if (_stream is not { } stream)
            return false;
        await stream.SendSave(order);
        return true;
    }

    public async Task<bool> Migrate(MigrateOrder order)
    {
        if (_stream is not { } stream)
            return false;
        await stream.SendMigrate(order);
        return true;
    }

    public async Task<bool> Cancel(Guid operation, Guid machine)
    {
        if (_stream is not { } stream)
            return false;
        await stream.SendCancel(operation, machine);
        return true;
    }

    public async Task<ConsolePart> ReadConsole(Guid machine, long offset, int maxBytes, TimeSpan wait)
    {
        if (_stream is not { } stream)
            return new(offset, [], offset, $"Host {_record.Value?.Name ?? Id.ToString()} is not connected.");
        var (request, answer) = _consoles.Ask();
        await stream.SendReadConsole(request, machine, offset, maxBytes, wait);
        return await _consoles.Wait(request, answer, offset, wait + TimeSpan.FromSeconds(3), _time);
    }

    private T Entity<T>(string term, Guid id)
        where T : IEntityGrain => GrainFactory.At<T>(GrainId.Create(term, GrainKeys.Of(term, id)));

    /// <summary>It was told to be gone, and is: telling it so again would be of no use. What is only absent may be in the ledger yet, and be made.</summary>
    private static bool IsGone(ObservedMachine machine) => machine is { Power: Power.Absent, Failure: null, Generation: long.MaxValue };

    private async Task Deliver<T>(T grain, string term, Guid id, Guid incarnation, bool isNoStray, Func<T, Task> tell)
        where T : IHostedGrain
    {
        try
        {
            await tell(grain);
            // One that came to be after the backup and before the restore looks as if it had been replaced: an operator decides.
            if (!isNoStray && await grain.IsStray(Id, incarnation))
                await SendAway(term, id, incarnation);
        }
        catch (Exception e)
        {
            // One entity's trouble is not the others'; the next complete report brings its news again.
            LogNotDelivered(e, Id, term, id);
        }
    }

    /// <summary>An incarnation that its entity has certainly replaced: it must go.</summary>
    private async Task SendAway(string term, Guid id, Guid incarnation)
    {
        if (_stream is null || _sentAway.Contains(incarnation))
            return;
        LogStray(Id, term, id, incarnation);
        DesiredObject away = term switch
        {
            "compute" => new DesiredMachine { Id = id, Incarnation = incarnation, Generation = long.MaxValue, Absent = true },
            "storage" => new DesiredVolume { Id = id, Incarnation = incarnation, Generation = long.MaxValue, Absent = true },
            _ => new DesiredNetwork { Id = id, Incarnation = incarnation, Generation = long.MaxValue, Absent = true },
        };
        await Send([away]);
        _sentAway.Add(incarnation);
    }

    private async Task Tick(CancellationToken cancel)
    {
        await Watch();
        await Compare();
        if (_stream is { } stream && IsCompared && _time.GetUtcNow() >= _resyncDue)
            await Resync(stream);
        await NoteUse();
        // Never so seldom that a silent host would be found silent later than by looking often.
        var calm = _record.Value is { Status: HostStatus.Up or HostStatus.Unhealthy } && IsCompared && _time.GetElapsedTime(_heard) + LookSeldom <= Lease
            && (_stream is null || _resyncDue > _time.GetUtcNow() + LookSeldom);
        Look(calm ? LookSeldom : LookOften);
    }

    private void Look(TimeSpan every)
    {
        if (_looks != every)
            _timer.Change(every, every);
        _looks = every;
    }

    private void LookSoon()
    {
        _looks = LookOften;
        _timer.Change(Soon, LookOften);
    }

    private async Task Watch()
    {
        if (_record.Value is { Status: HostStatus.Up or HostStatus.Unhealthy } && _time.GetElapsedTime(_heard) > Lease && ++_silentLooks >= Looks)
        {
            _stream = null;
            await SetStatus(HostStatus.Unreachable, $"Nothing was heard of its agent for {Lease.TotalSeconds:0} seconds. Its machines are left as they are.");
        }
        await WatchLoss();
    }

    /// <summary>Sends everything that is wanted here. If one entity cannot be asked nothing is sent and it is tried again: half a set is not the set.</summary>
    private async Task Resync(IAgentStream stream)
    {
        _resyncDue = _time.GetUtcNow() + ResyncRetry;
        _meanwhile = [];
        try
        {
            var placed = await _claims.OnHost(Id);
            var wanted = await Task.WhenAll(placed.Select(p =>
                Entity<IHostedGrain>(p.Term, p.Consumer).DesiredOn(Id)));
            await stream.SendDesired(true, [.. wanted.Where(w => w is not null).Select(w => Newest(w!))]);
            _resyncDue = _time.GetUtcNow() + ResyncEvery;
        }
        catch (Exception e)
        {
            LogResyncFailed(e, Id);
        }
        finally
        {
            _meanwhile = null;
        }
    }

    // Its agent may have removed and forgotten by now what was still wanted when it was asked about: told so again, it would make it anew, and nobody would know of it.
    private DesiredObject Newest(DesiredObject wanted) =>
        _meanwhile!.LastOrDefault(o => (o.Id, o.Incarnation) == (wanted.Id, wanted.Incarnation) && o.Generation >= wanted.Generation) ?? wanted;

    private async Task SetStatus(HostStatus status, string? why)
    {
        var present = _record.Value!;
        if (present.Status == status && present.Why == why)
            return;
        await _record.Write((status == HostStatus.Unreachable ? present : Returned(present, _time.GetUtcNow())) with { Status = status, Why = why, Since = _time.GetUtcNow() });
        LogStatus(Id, present.Name, status, why);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} is enrolled as {Name}, {Admission}")]
    private partial void LogEnrolled(Guid host, string name, HostAdmission admission);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) is connected: epoch {Epoch}, driver {Driver}")]
    private partial void LogConnected(Guid host, string name, long epoch, string driver);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host}: the session of epoch {Epoch} goes on on this silo")]
    private partial void LogAdopted(Guid host, long epoch);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host}: the session of epoch {Epoch} ended")]
    private partial void LogDisconnected(Guid host, long epoch);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) is {Status}: {Why}")]
    private partial void LogStatus(Guid host, string name, HostStatus status, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host}: the news of {Term} {Entity} could not be delivered")]
    private partial void LogNotDelivered(Exception cause, Guid host, string term, Guid entity);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host} has a replaced incarnation {Incarnation} of {Term} {Entity}: it must go")]
    private partial void LogStray(Guid host, string term, Guid entity, Guid incarnation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host}: what is wanted of it could not be put together")]
    private partial void LogResyncFailed(Exception cause, Guid host);
}
