using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// The connections to libvirtd: one for quick calls and one for long jobs, since libvirtd serves five calls of a connection at a time.
/// A broken one is dead for good: both are opened anew, with back-off, and until then the driver is unhealthy and calls fail with code
/// <c>hypervisor-away</c>. Events of the gap are lost, so <see cref="Changed"/> then says "anything".
/// </summary>
internal sealed partial class Link(LibvirtOptions options, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(30);

    private readonly Channel<LibvirtEvent> _events = Channel.CreateUnbounded<LibvirtEvent>(new() { SingleReader = true });
    private readonly Workers _quick = new("libvirt", 4);
    private readonly Workers _jobs = new("libvirt job", 4);
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _broken = new(0, 1);
    private volatile TaskCompletionSource _stirred = NewSignal();
    private volatile Pair? _open;
    private volatile string _why = "not connected yet";
    private Task _running = Task.CompletedTask;

    /// <summary>A machine's id, or null for "anything".</summary>
    public event Action<string?>? Changed;

    /// <summary>Every event, for those who wait for one of a kind.</summary>
    public event Action<LibvirtEvent>? Happened;

    public DriverHealth Health => _open is null ? new() { Healthy = false, Why = _why } : new() { Healthy = true };

    /// <summary>Opens the connections. Code <c>hypervisor-away</c> when libvirtd does not answer in <see cref="LibvirtOptions.ConnectTimeout"/>.</summary>
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

    /// <summary>A quick call.</summary>
    public async Task<T> Call<T>(Func<ConnectHandle, T> call, CancellationToken cancel, [CallerMemberName] string caller = "")
    {
        var answer = Run(_quick, pair => pair.Quick, call, cancel);
        // QEMU's monitor has no deadline of its own: who waits for it shall at least be named.
        for (var waited = SlowAfter; ; waited += SlowAfter)
        {
            try
            {
                return await answer.WaitAsync(SlowAfter, time, CancellationToken.None);
            }
            catch (TimeoutException) when (!answer.IsCompleted)
            {
                LogSlow(caller, waited.TotalSeconds);
            }
        }
    }

    /// <summary>A call that may take long: starting, saving, copying.</summary>
    public Task<T> Job<T>(Func<ConnectHandle, T> call, CancellationToken cancel) => Run(_jobs, pair => pair.Jobs, call, cancel);

    /// <summary>
    /// Waits until <paramref name="reached"/>, which is asked at once, after every event and every second. False after <paramref name="patience"/>.
    /// </summary>
    public async Task<bool> Until(Func<ConnectHandle, bool> reached, TimeSpan patience, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var stirred = _stirred.Task;
            if (await Call(reached, cancel))
                return true;
            var left = patience - time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
                return false;
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(stirred, Task.Delay(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), time, over.Token));
            await over.CancelAsync();
            cancel.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _events.Writer.TryComplete();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _open, null) is { } pair)
            await _jobs.Run(pair.Close, CancellationToken.None);
        _quick.Dispose();
        _jobs.Dispose();
        _stop.Dispose();
        _broken.Dispose();
    }

    private async Task<T> Run<T>(Workers workers, Func<Pair, ConnectHandle> which, Func<ConnectHandle, T> call, CancellationToken cancel)
    {
        var pair = _open ?? throw new DriverException("hypervisor-away", $"There is no connection to libvirtd at {options.Uri}: {_why}", retryable: true);
        try
        {
            return await workers.Run(() => call(which(pair)), cancel);
        }
        catch (LibvirtException error) when (error.ConnectionLost)
        {
            Broke(pair, error.Message);
            throw;
        }
    }

    private void Broke(Pair pair, string why)
    {
        _why = why;
        if (Interlocked.CompareExchange(ref _open, null, pair) != pair)
            return;
        LogLost(options.Uri, why);
        EventLoop.Forget(pair.Listener);
        // Closing a dead connection may block for a while.
        _ = _jobs.Run(pair.Close, CancellationToken.None);
        _broken.Release();
        Changed?.Invoke(null);
    }

    private async Task Mend()
    {
        while (!_stop.IsCancellationRequested)
        {
            await _broken.WaitAsync(_stop.Token);
            await Reopen(_stop.Token);
            Stir();
            Changed?.Invoke(null);
        }
    }

    private async Task Reopen(CancellationToken cancel)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                _open = await _jobs.Run(() => Pair.Open(options.Uri, _events.Writer), cancel);
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

    private async Task Dispatch()
    {
        await foreach (var happened in _events.Reader.ReadAllAsync(_stop.Token))
        {
            if (happened.Kind == EventKind.Closed)
            {
                // It says not of which connection: an old one's last word must not end the new one.
                if (_open is { } pair && !await _quick.Run(pair.IsAlive, _stop.Token))
                    Broke(pair, "libvirtd closed the connection");
                continue;
            }
            Stir();
            Happened?.Invoke(happened);
            Changed?.Invoke(happened.Machine);
        }
    }

    private void Stir() => Interlocked.Exchange(ref _stirred, NewSignal()).TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Pair(ConnectHandle Quick, ConnectHandle Jobs, nint Listener)
    {
        public static Pair Open(string uri, ChannelWriter<LibvirtEvent> events)
        {
            var quick = Checked.Ok(Native.virConnectOpen(uri));
            try
            {
                var jobs = Checked.Ok(Native.virConnectOpen(uri));
                // A hung libvirtd is noticed after 5 s × 4.
                Checked.Ok(Native.virConnectSetKeepAlive(quick, 5, 3));
                Checked.Ok(Native.virConnectSetKeepAlive(jobs, 5, 3));
                return new(quick, jobs, EventLoop.Listen(quick, events));
            }
            catch
            {
                quick.Dispose();
                throw;
            }
        }

        public bool IsAlive() => Native.virConnectIsAlive(Quick) == 1 && Native.virConnectIsAlive(Jobs) == 1;

        public bool Close()
        {
            EventLoop.Forget(Listener);
            EventLoop.StopListening(Quick);
            Quick.Dispose();
            Jobs.Dispose();
            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "libvirt has not answered {Caller} for {Seconds} s; nothing else is done to that object meanwhile")]
    private partial void LogSlow(string caller, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to libvirtd at {Uri}")]
    private partial void LogConnected(string uri);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to libvirtd at {Uri} is lost: {Why}")]
    private partial void LogLost(string uri, string why);
}
