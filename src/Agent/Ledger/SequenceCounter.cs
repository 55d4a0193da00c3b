namespace Controller.Agent.Ledger;

/// <summary>
/// Sequence numbers for what is observed. One counter serves all objects, so the numbers of each grow, also across restarts and after
/// an object was forgotten and came again. A block is reserved on disk at a time: a crash skips numbers and never repeats one.
/// </summary>
internal sealed class SequenceCounter
{
    public const ulong Block = 10_000;
    private const string FileName = "sequence";

    private readonly Lock _lock = new();
    private readonly LedgerFiles _files;
    private ulong _last;
    private ulong _reserved;

    public SequenceCounter(LedgerFiles files, TimeProvider time)
    {
        _files = files;
        // Without its file (a first start, or it was unreadable) it must not begin below numbers that were sent already.
        // Milliseconds of the clock grow faster than any host changes.
        _last = _reserved = files.Read(FileName, SequenceCeiling.Parser)?.Reserved ?? (ulong)time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    public ulong Next()
    {
        lock (_lock)
        {
            if (_last == _reserved)
            {
                _files.Write(FileName, new SequenceCeiling { Reserved = _reserved + Block });
                _reserved += Block;
            }
            return ++_last;
        }
    }
}
