using System.Threading.Channels;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// Whether libvirtd is there, and what it says by itself. A broken connection is dead for good: it is opened anew, with back-off, and until
/// then the driver is unhealthy and calls fail with code <c>hypervisor-away</c>. Events of the gap are lost, so <see cref="Changed"/> then
/// says "anything".
/// </summary>
internal sealed partial class Watch(LibvirtOptions options, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Channel<LibvirtEvent> _events = Channel.CreateUnbounded<LibvirtEvent>(new() { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _broken = new(0, 1);
    private volatile TaskCompletionSource _stirred = NewSignal();
    private volatile Session? _open;
    private volatile string _why = "not connected yet";
    private Task _running = Task.CompletedTask;

    /// <summary>A machine's id, or null for "anything".</summary>
    public event Action<string?>? Changed;

    /// <summary>Every event, for those who wait for one of a kind.</summary>
    public event Action<LibvirtEvent>? Happened;

    /// <summary>Whatever is being asked is asked of a libvirtd that is gone or hangs.</summary>
    public event Action? Lost;

    public DriverHealth Health => _open is null ? new() { Healthy = false, Why = _why } : new() { Healthy = true };

    /// <summary>Another one after each loss.</summary>
    /// <exception cref="DriverException">Code <c>hypervisor-away</c>.</exception>
    public Session Current =>
        _open ?? throw new DriverException("hypervisor-away", $"There is no connection to libvirtd at {options.Uri}: {_why}", retryable: true);

    /// <summary>The next event, of whatever kind.</summary>
    public Task Stirred => _stirred.Task;

    /// <summary>Code <c>hypervisor-away</c> when libvirtd does not answer in <see cref="LibvirtOptions.ConnectTimeout"/>.</summary>
    public async Task Start(CancellationToken cancel)
    {
        EventLoop.EnsureStarted();
        using var deadline = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            await Reopen(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new DriverException("hypervisor-away", $"libvirtd at {options.Uri} did not answer within {options.ConnectTimeout}: {_why}", retryable: true);
        }
        _running = Task.WhenAll(Dispatch(), Mend());
    }

    /// <summary>Nothing happens when that one was lost before.</summary>
    public void Broke(Session session, string why)
    {
        if (End(session, why))
            Lost?.Invoke();
    }

    /// <summary>Begins anew though libvirtd answers here. What is being asked may go on.</summary>
    public void Renew(string why)
    {
        if (_open is { } session)
            End(session, why);
    }

    /// <summary>Something may have changed that libvirtd does not tell of.</summary>
    public void Hint(string? machine)
    {
        Interlocked.Exchange(ref _stirred, NewSignal()).TrySetResult();
        Changed?.Invoke(machine);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _events.Writer.TryComplete();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _open, null) is { } session)
            await Close(session);
        _stop.Dispose();
        _broken.Dispose();
    }

    private bool End(Session session, string why)
    {
        if (_open != session)
            return false;
        _why = why;
        if (Interlocked.CompareExchange(ref _open, null, session) != session)
            return false;
        LogLost(options.Uri, why);
        EventLoop.Forget(session.Listener);
        _ = Close(session);
        _broken.Release();
        Changed?.Invoke(null);
        return true;
    }

    private async Task Mend()
    {
        while (!_stop.IsCancellationRequested)
        {
            await _broken.WaitAsync(_stop.Token);
            await Reopen(_stop.Token);
            Hint(null);
        }
    }

    private async Task Reopen(CancellationToken cancel)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                _open = await Opened(cancel);
                LogConnected(options.Uri);
                return;
            }
            catch (LibvirtException error)
            {
                _why = error.Message;
            }
            await Task.Delay(pause, time, cancel);
        }
    }

    private async Task<Session> Opened(CancellationToken cancel)
    {
        // One at a time, however long: it ends when libvirtd answers or dies, and another one would fare no better before.
        var opening = OnOwnThread(() => Session.Open(options.Uri, _events.Writer));
        var since = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await opening.WaitAsync(options.CallTimeout, time, cancel);
            }
            catch (TimeoutException) when (!opening.IsCompleted)
            {
                _why = $"libvirtd takes connections and has not answered on one for {time.GetElapsedTime(since).TotalSeconds:0} s";
            }
            catch (OperationCanceledException)
            {
                _ = opening.ContinueWith(late => late.Result.Dispose(), default, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
                throw;
            }
        }
    }

    private async Task Dispatch()
    {
        await foreach (var happened in _events.Reader.ReadAllAsync(_stop.Token))
        {
            if (happened.Kind == EventKind.Closed)
            {
                // It says not of which connection: an old one's last word must not end the new one.
                if (_open is { IsAlive: false } session)
                    Broke(session, "libvirtd closed the connection");
                continue;
            }
            Happened?.Invoke(happened);
            Hint(happened.Machine);
        }
    }

    /// <summary>Closing a dead connection may block for a while.</summary>
    private static Task<bool> Close(Session session) => OnOwnThread(() =>
    {
        session.Dispose();
        return true;
    });

    private static Task<T> OnOwnThread<T>(Func<T> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to libvirtd at {Uri}")]
    private partial void LogConnected(string uri);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to libvirtd at {Uri} is given up: {Why}")]
    private partial void LogLost(string uri, string why);
}
