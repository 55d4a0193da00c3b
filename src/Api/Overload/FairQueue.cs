namespace Controller.Api.Overload;

/// <summary>What became of a request that wanted to be worked on.</summary>
internal enum Admission
{
    /// <summary>It is its turn; <see cref="FairQueue.Leave"/> ends it.</summary>
    Admitted,

    /// <summary>More wait than may, and its tenant has the most of them.</summary>
    OverShare,

    /// <summary>More wait than may, or it has waited for as long as is sensible.</summary>
    Overloaded,
}

/// <summary>
/// So many requests are worked on at a time, so many wait, and the rest is turned away at once: beyond what can be done, taking more on makes all of it late and none of it done.
/// Tenants take turns, whatever each of them sends: one that storms waits behind itself, and one whose requests take long never has all the places. What operators do goes first, and has
/// places of its own.
/// </summary>
internal sealed class FairQueue(OverloadOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, LinkedList<Waiter>> _waiting = [];
    private readonly Queue<Guid> _turns = [];   // those of _waiting, each once
    private readonly LinkedList<Waiter> _operators = [];
    private readonly Dictionary<Guid, int> _share = [];         // of each tenant that has any, how many run; operators' are nobody's
    private readonly int _largestShare = options.MaxConcurrentPerProject ?? (options.MaxConcurrent + 1) / 2;
    private int _running;
    private int _waits;

    /// <summary>How many are worked on, and how many wait.</summary>
    public (int Running, int Waiting) Now
    {
        get { lock (_lock) return (_running, _waits + _operators.Count); }
    }

    /// <summary>Waits for its turn, or is turned away.</summary>
    /// <param name="tenant">Who takes turns with others: the project.</param>
    /// <param name="isOperators">It goes first.</param>
    /// <param name="gone">Nobody wants the answer any more.</param>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async ValueTask<Admission> Enter(Guid tenant, bool isOperators, CancellationToken gone)
    {
        Waiter waiter;
        lock (_lock)
        {
            // Where there is a place, whoever waits may not have it.
            if (isOperators ? HasRoomForOperators : HasRoomFor(tenant))
            {
                Begin(tenant, isOperators);
                return Admission.Admitted;
            }
            if (isOperators)
            {
                if (_operators.Count >= options.MaxQueued)
                    return Admission.Overloaded;
                waiter = new(tenant, _operators);
            }
            else
            {
                if (_waits >= options.MaxQueued && !MakeRoom(tenant))
                    return Admission.OverShare;
                if (!_waiting.TryGetValue(tenant, out var line))
                {
                    _waiting[tenant] = line = [];
                    _turns.Enqueue(tenant);
                }
                waiter = new(tenant, line);
                _waits++;
            }
            waiter.Place = waiter.Line.AddLast(waiter);
        }
        using var patience = new CancellationTokenSource(options.MaxWait, time);
        await using var late = patience.Token.Register(() => Dismiss(waiter, Admission.Overloaded));
        await using var left = gone.Register(() => Dismiss(waiter, null));
        return await waiter.Turn.Task;
    }

    /// <summary>It is done, however it ended: the next one's turn.</summary>
    /// <param name="tenant">As it entered.</param>
    /// <param name="isOperators">As it entered.</param>
    public void Leave(Guid tenant, bool isOperators)
    {
        lock (_lock)
        {
            _running--;
            if (!isOperators && --_share[tenant] == 0)
                _share.Remove(tenant);
            while (Next() is { } next)
            {
                Begin(next.Tenant, next.Line == _operators);
                next.Turn.SetResult(Admission.Admitted);
            }
        }
    }

    private bool HasRoomForOperators => _running < options.MaxConcurrent + options.OperatorsConcurrent;

    private bool HasRoomFor(Guid tenant) => _running < options.MaxConcurrent && _share.GetValueOrDefault(tenant) < _largestShare;

    private void Begin(Guid tenant, bool isOperators)
    {
        _running++;
        if (!isOperators)
            _share[tenant] = _share.GetValueOrDefault(tenant) + 1;
    }

    private Waiter? Next()
    {
        if (HasRoomForOperators && _operators.First is { Value: var first })
        {
            TakeOut(first);
            return first;
        }
        if (_running >= options.MaxConcurrent)
            return null;
        for (var left = _turns.Count; left > 0; left--)
        {
            var tenant = _turns.Dequeue();
            var line = _waiting[tenant];
            if (line.First is not { Value: var waiter })
            {
                _waiting.Remove(tenant);
                continue;
            }
            _turns.Enqueue(tenant);   // behind the others
            if (!HasRoomFor(tenant))
                continue;
            TakeOut(waiter);
            return waiter;
        }
        return null;
    }

    /// <summary>Of the tenant that has the most waiting the newest goes. False: that is the one who asks.</summary>
    private bool MakeRoom(Guid asking)
    {
        var mine = _waiting.TryGetValue(asking, out var own) ? own.Count : 0;
        var longest = _waiting.Values.MaxBy(line => line.Count)!;   // somebody waits, or there would be room
        if (longest.Count <= mine + 1)
            return false;
        var newest = longest.Last!.Value;
        TakeOut(newest);
        newest.Turn.SetResult(Admission.OverShare);
        return true;
    }

    private void Dismiss(Waiter waiter, Admission? why)
    {
        lock (_lock)
        {
            if (waiter.Place is null)
                return;
            TakeOut(waiter);
            if (why is { } answer)
                waiter.Turn.SetResult(answer);
            else
                waiter.Turn.SetCanceled();
        }
    }

    private void TakeOut(Waiter waiter)
    {
        waiter.Line.Remove(waiter.Place!);   // it waits: it has one
        waiter.Place = null;
        if (waiter.Line != _operators)
            _waits--;
    }

    private sealed class Waiter(Guid tenant, LinkedList<Waiter> line)
    {
        public Guid Tenant => tenant;

        public LinkedList<Waiter> Line => line;

        public LinkedListNode<Waiter>? Place { get; set; }

        // What goes on goes on elsewhere: the lock is held by who says so.
        public TaskCompletionSource<Admission> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
