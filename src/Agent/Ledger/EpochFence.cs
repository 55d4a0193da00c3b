namespace Controller.Agent.Ledger;

/// <summary>
/// The highest session epoch ever seen, on disk. Two silos can believe that they own this host; only the one whose epoch the database
/// minted last is obeyed.
/// </summary>
internal sealed class EpochFence
{
    private const string FileName = "fence";

    private readonly Lock _lock = new();
    private readonly LedgerFiles _files;
    private ulong _highest;

    public EpochFence(LedgerFiles files)
    {
        _files = files;
        _highest = files.Read(FileName, Fence.Parser)?.HighestEpoch ?? 0;
    }

    public ulong Highest
    {
        get { lock (_lock) return _highest; }
    }

    /// <summary>Whether a session of this epoch may be obeyed. A higher one is on disk when this returns.</summary>
    public bool Admit(ulong epoch)
    {
        lock (_lock)
        {
            if (epoch < _highest) return false;
            if (epoch > _highest)
            {
                _files.Write(FileName, new Fence { HighestEpoch = epoch });
                _highest = epoch;
            }
            return true;
        }
    }
}
