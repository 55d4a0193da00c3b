using System.Threading.Channels;
using Controller.Agent.Consoles;
using Controller.Agent.Drivers;
using Controller.Agent.Leases;
using Controller.Agent.Ledger;
using Controller.Agent.Observing;
using Controller.Agent.Operations;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;
using Controller.Agent.Telemetry;
using Grpc.Core;

namespace Controller.Agent.Session;

/// <summary>Why a session ended, and what the control plane asked for next.</summary>
internal sealed record SessionEnd(string Why, bool WasWelcome, TimeSpan? ReconnectAfter = null);

/// <summary>What a session serves; the same for every session of the process.</summary>
internal sealed record SessionServices(
    EpochFence Fence, Reconciler Reconciler, Observations Observations, OperationRunner Operations, ConsoleReader Console, ConsoleTunnels Consoles,
    ActiveDriver Active, Lease Lease, LeaseKeeper Leases, GuardKeeper Guard, GatewayList Gateways, TimeProvider Time);

/// <summary>One stream to a gateway, from Hello to hang-up.</summary>
internal sealed partial class AgentSession(SessionServices services, TimeSpan reportEvery, TimeSpan measureEvery)
{
    private static readonly TimeSpan WelcomeWithin = TimeSpan.FromSeconds(15);
    private const int MostConsoleReaders = 64;
    private const string LeasesAccepted = "leases";
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    // A stream takes one write at a time; everyone else queues. Bounded, so a stuck gateway slows us down and fills no memory.
    private readonly Channel<(FromAgent Message, Action? Sent)> _outbox =
        Channel.CreateBounded<(FromAgent, Action?)>(new BoundedChannelOptions(256) { SingleReader = true });
    private readonly TaskSet _serving = new();
    private int _consoleReaders;
    private ulong _epoch;
    private TimeSpan _lease = TimeSpan.FromSeconds(6);   // until the first answer tells
    private Goodbye? _goodbye;

    public async Task<SessionEnd> Run(AgentGateway.AgentGatewayClient client, Hello hello, Action<Welcome> welcomed, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var call = client.Session(cancellationToken: stop.Token);
        await call.RequestStream.WriteAsync(new FromAgent { Hello = hello }, stop.Token);

        var welcome = await ReadWelcome(call.ResponseStream, stop.Token);
        if (!services.Fence.Admit(welcome.Epoch))
            return new($"the gateway's epoch {welcome.Epoch} is lower than {services.Fence.Highest}, seen before: another silo has this host", WasWelcome: false);
        _epoch = welcome.Epoch;
        welcomed(welcome);

        var beat = TimeSpan.FromSeconds(Math.Max(1, welcome.LeaseSeconds) / 3.0);
        Task<string?>[] parts =
        [
            Read(client, call.ResponseStream, stop.Token), Write(call.RequestStream, stop.Token), Beat(beat, stop.Token), Report(stop.Token),
            .. welcome.Accepts.Contains(StatisticsAccepted) ? (Task<string?>[])[Measure(stop.Token)] : [],
            .. welcome.Accepts.Contains(LeasesAccepted) ? (Task<string?>[])[KeepLease(stop.Token)] : [],
        ];
        try
        {
            return Ended(await await Task.WhenAny(parts)); // whichever ends first takes the others with it
        }
        finally
        {
            _outbox.Writer.TryComplete();
            await stop.CancelAsync();
            await Task.WhenAll(parts.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _serving.Ended();
        }
    }

    private SessionEnd Ended(string? why) => _goodbye is { } goodbye
        ? new($"the gateway said goodbye: {goodbye.Why}", WasWelcome: true, TimeSpan.FromSeconds(goodbye.ReconnectAfterSeconds))
        : new(why ?? "the stream ended", WasWelcome: true);

    private async Task<Welcome> ReadWelcome(IAsyncStreamReader<ToAgent> from, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(WelcomeWithin, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            if (await from.MoveNext(either.Token) && from.Current.Welcome is { } welcome) return welcome;
        }
        catch (Exception late) when (patience.IsCancellationRequested && late is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            throw new TimeoutException($"No Welcome within {WelcomeWithin.TotalSeconds} s of Hello.", late);
        }
        throw new InvalidOperationException("The gateway's first message was to be Welcome and was not.");
    }

    /// <summary>Obeys. Returns why it stopped to.</summary>
    private async Task<string?> Read(AgentGateway.AgentGatewayClient client, IAsyncStreamReader<ToAgent> from, CancellationToken cancel)
    {
        while (await from.MoveNext(cancel))
        {
            var message = from.Current;
            var cause = AgentTelemetry.Cause(message.Traceparent);
            switch (message.MessageCase)
            {
                case ToAgent.MessageOneofCase.Desired:
                    if (message.Desired.Epoch != _epoch) return WrongEpoch(message.Desired.Epoch);
                    services.Reconciler.Accept(message.Desired, cause);
                    break;
                case ToAgent.MessageOneofCase.Operation:
                    if (message.Operation.Epoch != _epoch) return WrongEpoch(message.Operation.Epoch);
                    _serving.Add(Answer(message.Operation, message.Traceparent, cancel));
                    break;
                case ToAgent.MessageOneofCase.CancelOperation:
                    if (message.CancelOperation.Epoch != _epoch) return WrongEpoch(message.CancelOperation.Epoch);
                    if (services.Operations.Cancel(message.CancelOperation) is { } over) _serving.Add(Send(over, message.Traceparent, cancel));
                    break;
                case ToAgent.MessageOneofCase.ReadConsole:
                    _serving.Add(Answer(message.ReadConsole, message.Traceparent, cancel));
                    break;
                case ToAgent.MessageOneofCase.LeaseGranted:
                    var granted = message.LeaseGranted;
                    if (granted.Epoch != _epoch) return WrongEpoch(granted.Epoch);
                    _lease = TimeSpan.FromMilliseconds(granted.LeaseMilliseconds);
                    services.Lease.Granted(granted.Epoch, granted.Number, _lease);
                    services.Gateways.Replace(granted.Gateways);
                    services.Reconciler.LeaseRenewed();
                    break;
                case ToAgent.MessageOneofCase.Describe:
                    _serving.Add(Send(new FromAgent { Traceparent = message.Traceparent, Described = services.Reconciler.Describe(message.Describe) }, null, cancel));
                    break;
                case ToAgent.MessageOneofCase.OpenConsole:
                    _serving.Add(services.Consoles.Serve(client, message.OpenConsole, cancel));
                    break;
                case ToAgent.MessageOneofCase.Goodbye:
                    _goodbye = message.Goodbye;
                    return null;
                default:
                    return $"the gateway sent {message.MessageCase}, which has no place in a session";
            }
        }
        return "the gateway ended the stream";
    }

    private string WrongEpoch(ulong found) => $"a message of epoch {found} came in a session of epoch {_epoch}";

    private async Task Answer(Operation operation, string traceparent, CancellationToken cancel)
    {
        // What does not fit is dropped: the next one tells more.
        void Progress(OperationProgress progress)
        {
            progress.Epoch = _epoch;
            _outbox.Writer.TryWrite((new FromAgent { Traceparent = traceparent, OperationProgress = progress }, null));
        }

        await Send(await services.Operations.Run(operation, AgentTelemetry.Cause(traceparent), Progress).WaitAsync(cancel), traceparent, cancel);
    }

    private async Task Send(OperationFinished finished, string traceparent, CancellationToken cancel)
    {
        var result = finished.Clone();
        result.Epoch = _epoch;
        await Send(new FromAgent { Traceparent = traceparent, OperationFinished = result }, null, cancel);
    }

    private async Task Answer(ReadConsole request, string traceparent, CancellationToken cancel)
    {
        try
        {
            var busy = new Failure { Code = "busy", Message = $"{MostConsoleReaders} readers wait on this host already.", Retryable = true };
            var answer = Interlocked.Increment(ref _consoleReaders) > MostConsoleReaders
                ? new ConsoleData { RequestId = request.RequestId, Offset = request.Offset, Failure = busy }
                : await services.Console.Read(request, cancel);
            await Send(new FromAgent { Traceparent = traceparent, ConsoleData = answer }, null, cancel);
        }
        finally
        {
            Interlocked.Decrement(ref _consoleReaders);
        }
    }

    private async Task<string?> Write(IClientStreamWriter<FromAgent> to, CancellationToken cancel)
    {
        await foreach (var (message, sent) in _outbox.Reader.ReadAllAsync(cancel))
        {
            await to.WriteAsync(message, cancel);
            sent?.Invoke();
        }
        return null;
    }

    private async Task<string?> Beat(TimeSpan every, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(every, services.Time);
        do
        {
            await Send(new FromAgent { Heartbeat = new Heartbeat { Driver = services.Active.Health } }, null, cancel);
        }
        while (await timer.WaitForNextTickAsync(cancel));
        return null;
    }

    /// <summary>Asks for the lease again and again. One that ran out ends the session: only a later one may want the machines that were ended.</summary>
    private async Task<string?> KeepLease(CancellationToken cancel)
    {
        while (!services.Lease.RanOutIn(_epoch))
        {
            var whyNot = services.Guard.WhyNot;
            var renewal = new LeaseRenewal { Epoch = _epoch, Number = services.Lease.Sending(_epoch), Guarded = whyNot is null, WhyNot = whyNot ?? "" };
            await Send(new FromAgent { LeaseRenewal = renewal }, null, cancel);
            var wait = _lease / 6;
            await services.Leases.RanOut.Wait(wait < AskAgain ? wait : AskAgain, services.Time, cancel);
        }
        return "the host's lease ran out";
    }

    /// <summary>Everything at first, every so often and when the driver's health changed; between these, what changed.</summary>
    private async Task<string?> Report(CancellationToken cancel)
    {
        using var everything = new PeriodicTimer(reportEvery, services.Time);
        var due = everything.WaitForNextTickAsync(cancel).AsTask();
        var health = services.Reconciler.HealthChanged.Wait(cancel);
        var changed = services.Observations.Changed.Wait(cancel);
        await ReportAll(cancel);
        while (true)
        {
            var first = await Task.WhenAny(due, health, changed);
            await first;
            if (first == due) due = everything.WaitForNextTickAsync(cancel).AsTask();
            if (first == health) health = services.Reconciler.HealthChanged.Wait(cancel);
            if (first == changed)
            {
                changed = services.Observations.Changed.Wait(cancel);
                await Tell(new Observed(), everything: false, cancel);
            }
            else
            {
                await ReportAll(cancel);
            }
        }
    }

    private async Task ReportAll(CancellationToken cancel)
    {
        var report = new Observed();
        if (await services.Reconciler.Sweep(cancel) is not { } unmanaged)
        {
            // Blind: our state of health is all that can be said.
            report.Epoch = _epoch;
            report.Driver = services.Active.Health;
            await Send(new FromAgent { Observed = report }, null, cancel);
            return;
        }
        report.Complete = true;
        report.Unmanaged.AddRange(unmanaged);
        await Tell(report, everything: true, cancel);
    }

    private async Task Tell(Observed report, bool everything, CancellationToken cancel)
    {
        var told = services.Observations.Take(report, everything, out var traceparent);
        if (told.Count == 0 && !everything) return;
        report.Epoch = _epoch;
        report.Driver = services.Active.Health;
        await Send(new FromAgent { Traceparent = traceparent, Observed = report }, () => services.Reconciler.Told(told), cancel);
    }

    private async Task Send(FromAgent message, Action? sent, CancellationToken cancel) => await _outbox.Writer.WriteAsync((message, sent), cancel);
}
