
namespace Controller.Grains.Persistence;

/// <summary>
/// A grain's record. A new one is built, written, and only then swapped in: a failed write leaves no dirty memory behind, for the next write to make durable
/// what its caller was told had failed.
/// </summary>
internal sealed class Record<TRecord, TView>(
    IPersistentState<Stored<TRecord, TView>> state, Func<TRecord, long, TView?> view, Func<TRecord, EntityIndex> index)
    where TRecord : class
    where TView : class
{
    /// <summary>The record as it is in the database; null where there is none.</summary>
    public TRecord? Value => state.State.Record;

    /// <summary>What clients see of it.</summary>
    public TView? View => state.State.View;

    public bool Exists => Value is not null;

    /// <summary>Grows by one with each write: the database's own row version, which a write must match.</summary>
    public long Version => state.Etag is { } etag ? long.Parse(etag, System.Globalization.CultureInfo.InvariantCulture) : 0;

    /// <summary>Writes a record. Throws, and leaves the old one in place, when the row has moved or the database is away.</summary>
    public async Task Write(TRecord next)
    {
        var before = state.State;
        state.State = new() { Record = next, View = view(next, Version + 1), Index = index(next) };
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State = before;
            throw;
        }
    }

    /// <summary>Deletes the row.</summary>
    public async Task Clear()
    {
        await state.ClearStateAsync();
        state.State = new();
    }
}
