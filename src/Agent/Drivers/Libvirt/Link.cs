using System.Runtime.CompilerServices;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// All that is asked of libvirtd. Nothing waits for ever: past its deadline who asked gets code <c>hypervisor-stuck</c>, and the thread that
/// still waits is replaced. What may wait for a QEMU has other threads than what libvirtd answers from its own memory, and destroying has
/// others again: it is what frees the rest.
/// </summary>
internal sealed partial class Link : IAsyncDisposable
{
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(5);

    private readonly LibvirtOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Watch _watch;
    private readonly MachineTurns _turns;
    private readonly Workers _questions;
    private readonly Workers _jobs;
    private readonly Workers _ends;
    private readonly Workers _measures;
    private readonly Lock _lock = new();
    private readonly List<Errand> _stuck = [];

    public Link(LibvirtOptions options, TimeProvider time, ILogger log)
    {
        (_options, _time, _log) = (options, time, log);
        _watch = new Watch(options, time, log);
        _watch.Lost += () => Cut(_ => true);
        _turns = new MachineTurns(time);
        _questions = new Workers("libvirt question", 4, () => new Line(options.Uri, _watch));
        _jobs = new Workers("libvirt job", 4, () => new Line(options.Uri, _watch));
        _ends = new Workers("libvirt end", 2, () => new Line(options.Uri, _watch));
        _measures = new Workers("libvirt statistics", 1, () => new Line(options.Uri, _watch));
    }

    /// <inheritdoc cref="Watch.Changed"/>
    public event Action<string?>? Changed
    {
        add => _watch.Changed += value;
        remove => _watch.Changed -= value;
    }

    /// <inheritdoc cref="Watch.Happened"/>
    public event Action<LibvirtEvent>? Happened
    {
        add => _watch.Happened += value;
        remove => _watch.Happened -= value;
    }

    public DriverHealth Health => _watch.Health;

    /// <inheritdoc cref="Watch.Hint"/>
    public void Hint(string machine) => _watch.Hint(machine);

    /// <inheritdoc cref="Watch.Start"/>
    public Task Start(CancellationToken cancel) => _watch.Start(cancel);

    /// <summary>A question that libvirtd answers by itself: no machine's QEMU is asked and no job on it waited for.</summary>
    public Task<T> Call<T>(Func<ConnectHandle, T> call, CancellationToken cancel, string? machine = null, [CallerMemberName] string what = "") =>
        Send(_questions, new Errand<T>(what, machine, call, mayLeave: false), _options.CallTimeout, cancel);

    /// <summary>Counters of all machines. A QEMU that does not answer holds one call of these up, and nobody else; the next one leaves that machine out.</summary>
    public Task<T> Measure<T>(Func<ConnectHandle, T> call, CancellationToken cancel) =>
        Send(_measures, new Errand<T>("virConnectGetAllDomainStats", null, call, mayLeave: true), _options.CallTimeout, cancel);

    /// <summary>Work that is about no running machine: networks, volumes, copying.</summary>
    public Task<T> Job<T>(Func<ConnectHandle, T> call, CancellationToken cancel, [CallerMemberName] string what = "") =>
        Send(_jobs, new Errand<T>(what, null, call, mayLeave: false), _options.JobTimeout, cancel);

    /// <summary>
    /// One call that waits for a machine's QEMU, one at a time for each machine. When it is cancelled, its caller is let go at once and the
    /// machine's next call waits until libvirt has returned from it.
    /// </summary>
    /// <param name="machine">The domain's uuid.</param>
    /// <param name="what">libvirt's name of it.</param>
    /// <param name="call">Gets the domain.</param>
    /// <param name="cancel">Lets the caller go.</param>
    /// <param name="isLong">Starting and saving: has <see cref="LibvirtOptions.JobTimeout"/>, else <see cref="LibvirtOptions.CallTimeout"/>.</param>
    public async Task<T> On<T>(string machine, string what, Func<DomainHandle, T> call, CancellationToken cancel, bool isLong = false)
    {
        var errand = new Errand<T>(what, machine, connect => OfDomain(connect, machine, call), mayLeave: true);
        await _turns.Take(errand, cancel);
        _ = errand.Returned.ContinueWith(_ => _turns.Leave(errand), TaskScheduler.Default);
        return await Send(_jobs, errand, isLong ? _options.JobTimeout : _options.CallTimeout, cancel);
    }

    /// <summary>
    /// Destroys a domain, also under a call that waits for its QEMU, which then returns. libvirtd gives a QEMU that does not answer ten
    /// seconds before it kills it, and answers no question about it meanwhile.
    /// </summary>
    public async Task<T> End<T>(string machine, Func<DomainHandle, T> destroy, CancellationToken cancel)
    {
        var done = await Send(
            _ends, new Errand<T>("virDomainDestroy", machine, connect => OfDomain(connect, machine, destroy), mayLeave: false), _options.JobTimeout, cancel);
        // What comes next finds the machine's turn free.
        await _turns.Idle(machine).WaitAsync(_options.CallTimeout, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return done;
    }

    /// <summary>
    /// Waits until <paramref name="reached"/>, which is asked at once, after every event and every second. False after <paramref name="patience"/>.
    /// </summary>
    public async Task<bool> Until(Func<ConnectHandle, bool> reached, TimeSpan patience, CancellationToken cancel, [CallerMemberName] string what = "")
    {
        var since = _time.GetTimestamp();
        while (true)
        {
            var stirred = _watch.Stirred;
            if (await Call(reached, cancel, what: what))
                return true;
            var left = patience - _time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
                return false;
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(stirred, Task.Delay(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), _time, over.Token));
            await over.CancelAsync();
            cancel.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        foreach (var workers in (Workers[])[_questions, _jobs, _ends, _measures])
            await workers.DisposeAsync();
    }

    private static T OfDomain<T>(ConnectHandle connect, string id, Func<DomainHandle, T> call)
    {
        using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, id));
        return call(domain);
    }

    private async Task<T> Send<T>(Workers workers, Errand<T> errand, TimeSpan deadline, CancellationToken cancel)
    {
        workers.Add(errand);
        _ = Supervise(workers, errand, deadline);
        return await errand.Answer(cancel);
    }

    /// <summary>Goes on when who asked has left: a thread is kept all the same.</summary>
    private async Task Supervise(Workers workers, Errand errand, TimeSpan deadline)
    {
        var about = errand.Machine is { } machine ? $" for machine {machine}" : "";
        if (!await Within(errand.Began, deadline) && errand.Drop())
        {
            errand.GiveUp(Stuck.Because($"{errand.What}{about} waited {deadline.TotalSeconds:0} s for its turn. Not answered so far: {Held()}."));
            return;
        }
        var slow = deadline < SlowAfter ? deadline : SlowAfter;
        if (await Within(errand.Returned, slow))
            return;
        workers.Relieve(errand);
        if (await Within(errand.Returned, deadline - slow))
            return;

        errand.GiveUp(Stuck.Because($"libvirt has not answered {errand.What}{about} within {deadline.TotalSeconds:0} s."));
        Keep(errand);
        LogStuck(errand.What, errand.Machine, deadline.TotalSeconds);
        await errand.Returned;
        lock (_lock) _stuck.Remove(errand);
        LogReturned(errand.What, errand.Machine);
        _watch.Hint(errand.Machine);
    }

    private void Keep(Errand errand)
    {
        lock (_lock)
        {
            _stuck.Add(errand);
            if (_stuck.Count <= _options.MaxStuckCalls)
                return;
        }
        // What libvirtd is doing goes on there. Ours ends, the rest goes on over the connections that it has, and all begin anew with fresh ones.
        _watch.Renew($"more than {_options.MaxStuckCalls} calls to libvirt have not returned: {Held()}");
        Cut(other => other.IsStuck);
    }

    private string Held()
    {
        lock (_lock) return _stuck.Count == 0 ? "none" : string.Join(", ", _stuck.Select(errand => $"{errand.What} {errand.Machine}".TrimEnd()));
    }

    private void Cut(Func<Errand, bool> which)
    {
        _questions.Cut(which);
        _jobs.Cut(which);
        _ends.Cut(which);
        _measures.Cut(which);
    }

    private async Task<bool> Within(Task task, TimeSpan patience)
    {
        try
        {
            await task.WaitAsync(patience, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return task.IsCompleted;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "libvirt has not answered {What} for machine {Machine} within {Seconds} s; nothing is done to that machine until it has, short of destroying it")]
    private partial void LogStuck(string what, string? machine, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "libvirt has returned from {What} for machine {Machine}, which had been given up")]
    private partial void LogReturned(string what, string? machine);
}
