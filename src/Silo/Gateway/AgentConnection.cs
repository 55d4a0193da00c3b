using System.Diagnostics;
using System.Threading.Channels;
using Controller.Agent.Protocol;
using Controller.Contracts;
using Controller.Grains.Restoring;
using Controller.Silo.Statistics;
using Grpc.Core;
using DesiredObject = Controller.Contracts.DesiredObject;
using RebootMethod = Controller.Contracts.RebootMethod;

namespace Controller.Silo.Gateway;

/// <summary>One agent's stream, from Welcome to hang-up. It knows the protocol and no meaning; its host's grain is the meaning.</summary>
internal sealed partial class AgentConnection(
    IAsyncStreamReader<FromAgent> from, IServerStreamWriter<ToAgent> to, IHostGrain host, StatisticsIntake statistics, Restoration restoration, TimeProvider time,
    ILogger logger) : IAgentStream, IDisposable
{
    /// <summary>A stream takes one write at a time; everyone else queues. Bounded: an agent that reads nothing is hung up on, not waited for.</summary>
    private readonly Channel<ToAgent> _outbox = Channel.CreateBounded<ToAgent>(new BoundedChannelOptions(1024) { SingleReader = true });
    /// <summary>So old the last heartbeat that went on to the grain gets at most: a grain of the release before may want one and not say so.</summary>
    private static readonly TimeSpan OldestHeartbeat = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _hangup = new();
    private (bool Healthy, string? Why)? _lastHeartbeat;
    private long _lastHeartbeatAt;
    private bool _renewedSince;
    private long _epoch;
    private HashSet<string> _told = [];
    private Func<IReadOnlyCollection<string>> _now = () => [];

    /// <param name="hello">What the agent said first.</param>
    /// <param name="self">This, for the grain.</param>
    /// <param name="gateways">Of all silos.</param>
    /// <param name="now">Of all silos, whenever it is asked.</param>
    /// <param name="hungUp">The stream's end.</param>
    public async Task Run(Hello hello, IAgentStream self, IReadOnlyCollection<string> gateways, Func<IReadOnlyCollection<string>> now, CancellationToken hungUp)
    {
        (_told, _now) = ([.. gateways], now);
        var opened = await host.Connect(hello.ToContract(), self)
            ?? throw new RpcException(new(StatusCode.Unauthenticated, "The host is not enrolled (any more)."));
        _epoch = opened.Epoch;
        // Written before anything that the grain has queued meanwhile.
        var welcome = new Welcome { Epoch = (ulong)opened.Epoch, LeaseSeconds = (uint)opened.Lease.TotalSeconds };
        welcome.Gateways.AddRange(gateways);
        welcome.Accepts.Add([StatisticsIntake.Feature, "leases"]);
        await to.WriteAsync(new() { Welcome = welcome }, hungUp);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(hungUp, _hangup.Token);
        Task[] halves = [Read(self, stop.Token), Write(stop.Token)];
        try
        {
            await await Task.WhenAny(halves);   // whichever half ends first takes the other with it
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // hung up
        }
        finally
        {
            _outbox.Writer.TryComplete();
            await stop.CancelAsync();
            await Task.WhenAll(halves).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await host.Disconnect(_epoch);
        }
    }

    public void Dispose() => _hangup.Dispose();

    public Task SendDesired(bool full, DesiredObject[] objects)
    {
        var desired = new Desired { Epoch = (ulong)_epoch, Full = full };
        desired.Objects.AddRange(objects.Select(o => o.ToProto(restoration)));
        return Queue(new() { Desired = desired });
    }

    public Task SendReboot(Guid operation, Guid machine, Guid incarnation, RebootMethod method, TimeSpan grace) => Queue(new()
    {
        Operation = new()
        {
            Epoch = (ulong)_epoch,
            OperationId = operation.ToString("D"),
            MachineId = machine.ToString("D"),
            Incarnation = incarnation.ToString("D"),
            Reboot = new() { Method = (Agent.Protocol.RebootMethod)method, GraceSeconds = (uint)grace.TotalSeconds },
        },
    });

    public Task SendSave(SaveOrder order) => Queue(new()
    {
        Operation = new()
        {
            Epoch = (ulong)_epoch,
            OperationId = order.Operation.ToString("D"),
            MachineId = order.Machine.ToString("D"),
            Incarnation = order.Incarnation.ToString("D"),
            SaveImage = new() { Method = (Agent.Protocol.SaveMethod)order.Method, GraceSeconds = (uint)order.Grace.TotalSeconds },
        },
    });

    public Task SendMigrate(MigrateOrder order) => Queue(new()
    {
        Operation = new()
        {
            Epoch = (ulong)_epoch,
            OperationId = order.Operation.ToString("D"),
            MachineId = order.Machine.ToString("D"),
            Incarnation = order.Incarnation.ToString("D"),
            Migrate = order.ToProto(),
        },
    });

    public Task SendCancel(Guid operation, Guid machine) => Queue(new()
    {
        CancelOperation = new() { Epoch = (ulong)_epoch, OperationId = operation.ToString("D"), MachineId = machine.ToString("D") },
    });

    public Task SendReadConsole(Guid request, Guid machine, long offset, int maxBytes, TimeSpan wait) => Queue(new()
    {
        ReadConsole = new()
        {
            RequestId = request.ToString("D"), MachineId = machine.ToString("D"), Offset = (ulong)offset, MaxBytes = (uint)maxBytes, WaitSeconds = (uint)wait.TotalSeconds,
        },
    });

    public Task SendDescribe(Guid request, Guid machine, Guid incarnation) => Queue(new()
    {
        Describe = new() { RequestId = request.ToString("D"), MachineId = machine.ToString("D"), Incarnation = incarnation.ToString("D") },
    });

    public Task SendOpenConsole(ConsoleOrder order) => Queue(new()
    {
        OpenConsole = new()
        {
            ConsoleId = order.Console.ToString("D"), MachineId = order.Machine.ToString("D"), Kind = (Agent.Protocol.ConsoleKind)order.Kind,
        },
    });

    public async Task Hangup(string why)
    {
        await Queue(new() { Goodbye = new() { Why = why, ReconnectAfterSeconds = 1 } });
        _outbox.Writer.TryComplete();   // the writer ends once it has said goodbye
    }

    private async Task Read(IAgentStream self, CancellationToken cancel)
    {
        await foreach (var message in from.ReadAllAsync(cancel))
        {
            using var activity = GatewayTelemetry.Receive(message);
            if (!await Handle(message, self))
            {
                LogEnded(_epoch);
                return;
            }
        }
    }

    private async Task<bool> Handle(FromAgent message, IAgentStream self)
    {
        switch (message.MessageCase)
        {
            case FromAgent.MessageOneofCase.Heartbeat:
                return await Heartbeat(message.Heartbeat.Driver?.Healthy ?? true, NullIfEmpty(message.Heartbeat.Driver?.Why), self);
            case FromAgent.MessageOneofCase.LeaseRenewal:
                return await Renew(message.LeaseRenewal, self);
            case FromAgent.MessageOneofCase.Observed:
                _lastHeartbeat = null;   // it says how the driver is, too
                return await host.Observe((long)message.Observed.Epoch, message.Observed.ToContract(restoration));
            case FromAgent.MessageOneofCase.OperationFinished when Guid.TryParse(message.OperationFinished.OperationId, out var operation)
                && Guid.TryParse(message.OperationFinished.MachineId, out var machine):
                return await host.Finished((long)message.OperationFinished.Epoch, message.OperationFinished.ToContract(operation, machine, restoration));
            case FromAgent.MessageOneofCase.OperationProgress when Guid.TryParse(message.OperationProgress.OperationId, out var doing)
                && Guid.TryParse(message.OperationProgress.MachineId, out var moving):
                return await host.Progress((long)message.OperationProgress.Epoch, message.OperationProgress.ToContract(doing, moving));
            case FromAgent.MessageOneofCase.ConsoleData when Guid.TryParse(message.ConsoleData.RequestId, out var request):
                var data = message.ConsoleData;
                await host.ConsoleData(request, new((long)data.Offset, data.Data.ToByteArray(), (long)data.Size, data.Failure?.Message));
                return true;
            case FromAgent.MessageOneofCase.Described when Guid.TryParse(message.Described.RequestId, out var asked):
                await host.Described(asked, message.Described.ToContract());
                return true;
            case FromAgent.MessageOneofCase.Statistics:
                if ((long)message.Statistics.Epoch != _epoch)
                    return false;
                statistics.Take(message.Statistics);
                return true;
            default:
                throw new RpcException(new(StatusCode.InvalidArgument, $"After Hello, {message.MessageCase} is not expected here, or its ids are not UUIDs."));
        }
    }

    /// <summary>One that says nothing new stays here: the renewal of the lease before it has said that the host is there.</summary>
    private Task<bool> Heartbeat(bool healthy, string? why, IAgentStream self)
    {
        var saysNothing = _renewedSince && _lastHeartbeat == (healthy, why) && time.GetElapsedTime(_lastHeartbeatAt) < OldestHeartbeat;
        _renewedSince = false;
        if (saysNothing)
            return Task.FromResult(true);
        (_lastHeartbeat, _lastHeartbeatAt) = ((healthy, why), time.GetTimestamp());
        return host.Heartbeat(_epoch, healthy, why, self);
    }

    private async Task<bool> Renew(LeaseRenewal renewal, IAgentStream self)
    {
        var answer = await host.RenewLease((long)renewal.Epoch, renewal.Guarded, NullIfEmpty(renewal.WhyNot), self);
        _renewedSince = true;
        if (answer.WantsHeartbeat)
            _lastHeartbeat = null;
        if (answer.Lease is { } lease)
        {
            var granted = new LeaseGranted { Epoch = renewal.Epoch, Number = renewal.Number, LeaseMilliseconds = (uint)lease.TotalMilliseconds };
            if (_now() is { Count: > 0 } gateways && !_told.SetEquals(gateways))
            {
                // A session may outlive all silos that were there when it began but its own.
                granted.Gateways.AddRange(gateways);
                _told = [.. gateways];
            }
            await Queue(new() { LeaseGranted = granted });
        }
        return answer.SessionGoesOn;
    }

    private async Task Write(CancellationToken cancel)
    {
        await foreach (var message in _outbox.Reader.ReadAllAsync(cancel))
            await to.WriteAsync(message, cancel);
    }

    private Task Queue(ToAgent message)
    {
        message.Traceparent = Activity.Current?.Id ?? "";
        if (!_outbox.Writer.TryWrite(message) && !_outbox.Reader.Completion.IsCompleted)
        {
            // What is lost here it gets again when it reconnects.
            LogStuck(_epoch);
            _hangup.Cancel();
        }
        return Task.CompletedTask;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    [LoggerMessage(Level = LogLevel.Information, Message = "The session of epoch {Epoch} is over: another took its place")]
    private partial void LogEnded(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The agent of epoch {Epoch} does not read what it is sent: hanging up")]
    private partial void LogStuck(long epoch);
}
