using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// One call to libvirt, from the moment that it is asked for until libvirt has returned from it. These are two ends: who asked may be told
/// that it takes too long while a thread goes on waiting, since a call cannot be taken back.
/// </summary>
internal abstract class Errand(string what, string? machine)
{
    private const int Queued = 0;
    private const int Begun = 1;
    private const int Dropped = 2;

    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    /// <summary>libvirt's name of it, or ours for what is made of several.</summary>
    public string What { get; } = what;

    /// <summary>The one machine that it is about, where it is about one.</summary>
    public string? Machine { get; } = machine;

    /// <summary>A thread has taken it, or nobody will.</summary>
    public Task Began => _began.Task;

    /// <summary>libvirt has returned from it, or was never asked.</summary>
    public Task Returned => _returned.Task;

    /// <summary>It has returned, or nobody waits for that any more.</summary>
    public Task Decided => Task.WhenAny(_returned.Task, _stuck.Task);

    public bool IsStuck => _stuck.Task.IsCompleted && !_returned.Task.IsCompleted;

    public bool HasReturned => _returned.Task.IsCompleted;

    /// <summary>False when it is not wanted any more.</summary>
    public bool Begin()
    {
        if (Interlocked.CompareExchange(ref _state, Begun, Queued) != Queued)
            return false;
        _began.TrySetResult();
        return true;
    }

    /// <summary>Does it. Never throws: whatever went wrong is the asker's.</summary>
    public void Run(Line line)
    {
        Do(line);
        _returned.TrySetResult();
    }

    /// <summary>True when no thread had taken it: then none will.</summary>
    public bool Drop()
    {
        if (Interlocked.CompareExchange(ref _state, Dropped, Queued) != Queued)
            return false;
        _began.TrySetResult();
        _returned.TrySetResult();
        return true;
    }

    /// <summary>Who asked gets this instead of a result, unless there is one already.</summary>
    public void GiveUp(DriverException why)
    {
        _stuck.TrySetResult();
        Fail(why);
    }

    protected abstract void Do(Line line);

    protected abstract void Fail(Exception why);
}

/// <inheritdoc/>
/// <param name="what">For people.</param>
/// <param name="machine">For people, and for the machine's turn.</param>
/// <param name="call">Runs on a thread that may block, with a connection of that thread's own.</param>
/// <param name="mayLeave">
/// Whether who asked may leave while it runs. Only where the next call about the same object is held back until this one has returned.
/// </param>
internal sealed class Errand<T>(string what, string? machine, Func<ConnectHandle, T> call, bool mayLeave) : Errand(what, machine)
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<T> Answer(CancellationToken cancel)
    {
        await using var leaving = cancel.UnsafeRegister(
            (errand, token) =>
            {
                var mine = (Errand<T>)errand!;
                if (mine.Drop() || mine.MayLeave)
                    mine._answer.TrySetCanceled(token);
            },
            this);
        return await _answer.Task;
    }

    private bool MayLeave { get; } = mayLeave;

    protected override void Do(Line line)
    {
        try
        {
            var value = line.Use(call);
            // Nobody waits: what it holds is given back here.
            if (!_answer.TrySetResult(value))
                (value as IDisposable)?.Dispose();
        }
#pragma warning disable CA1031 // Whatever it threw is the asker's.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _answer.TrySetException(error);
        }
    }

    protected override void Fail(Exception why) => _answer.TrySetException(why);
}
