using Controller.Contracts;

namespace Controller.Grains.Persistence;

/// <summary>
/// A grain's record. A new one is built, written, and only then swapped in: a failed write leaves no dirty memory behind, for the next write to make durable
/// what its caller was told had failed.
/// </summary>
internal sealed class Record<TRecord, TView>(
    IPersistentState<Stored<TRecord, TView>> state, Func<TRecord, long, TView?> view, Func<TRecord, EntityIndex> index, TimeProvider? time = null)
    where TRecord : class
    where TView : class
{
    /// <summary>They ride in the row: enough to see what went before, little enough not to be felt.</summary>
    private const int MostPast = 8;

    // While another is being written: who looks meanwhile is not told what may never have been.
    private Stored<TRecord, TView>? _durable;

    private Stored<TRecord, TView> Present => _durable ?? state.State;

    /// <summary>The record as it is in the database; null where there is none.</summary>
    public TRecord? Value => Present.Record;

    /// <summary>What clients see of it.</summary>
    public TView? View => Present.View;

    public bool Exists => Value is not null;

    /// <summary>Grows by one with each write: the database's own row version, which a write must match.</summary>
    public long Version => state.Etag is { } etag ? long.Parse(etag, System.Globalization.CultureInfo.InvariantCulture) : 0;

    /// <summary>What was under way before, the newest first.</summary>
    public IReadOnlyList<PastOperation> Past => Present.Past ?? [];

    /// <summary>What is under way.</summary>
    public IReadOnlyList<ExplainedOperation> UnderWay => Present.Index.Operations ?? [];

    /// <summary>Writes a record. Throws, and leaves the old one in place, when the row has moved or the database is away.</summary>
    public async Task Write(TRecord next)
    {
        var before = state.State;
        var row = index(next);
        var written = new Stored<TRecord, TView> { Record = next, View = view(next, Version + 1), Index = row, Past = WithEnded(before, row) };
        (_durable, state.State) = (before, written);   // not before a projection that may throw: nobody would end it
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State = before;
            throw;
        }
        finally
        {
            _durable = null;
        }
    }

    /// <summary>Reads the row again, whatever this activation took for the truth; false: there is none.</summary>
    public async Task<bool> Reread()
    {
        await state.ReadStateAsync();
        return Exists;
    }

    /// <summary>Reads the row again and writes it as it has to be. NotFound: there is none.</summary>
    public async Task<Outcome> Rewrite()
    {
        if (!await Reread())
            return new(OutcomeKind.NotFound, "There is no record of it.");
        await Write(Value!);   // it was just read
        return new(OutcomeKind.Done, $"Its row was written anew, as version {Version}.");
    }

    /// <summary>An explanation with what is, and was, under way.</summary>
    public Explanation? Explain(Func<TRecord, Explanation> why) => Value is not { } present ? null : why(present) with { UnderWay = [.. UnderWay], Past = [.. Past] };

    /// <summary>Deletes the row.</summary>
    public async Task Clear()
    {
        await state.ClearStateAsync();
        state.State = new();
    }

    private PastOperation[]? WithEnded(Stored<TRecord, TView> before, EntityIndex row)
    {
        var ended = before.Index.Operations?.Where(o => row.Operations?.Any(n => n.Id == o.Id) != true).ToArray() ?? [];
        if (ended.Length == 0 || time is null)
            return before.Past;
        var now = time.GetUtcNow();
        return
        [
            .. ended.Select(o => new PastOperation(o.Id, o.What, o.Since, now, o.Attempts, row.State) { By = o.By, Trace = o.Trace, LastError = o.LastError }),
            .. (before.Past ?? []).Take(MostPast - ended.Length),
        ];
    }
}
