namespace Controller.Cli.Local;

/// <summary>
/// One supervisor per data directory. The kernel drops the lock with its holder, however that ended, so neither a stale file nor a pid that
/// was given out again can be mistaken for a running cluster. Children do not inherit it.
/// </summary>
internal sealed class ClusterLock : IDisposable
{
    private readonly FileStream _file;

    private ClusterLock(FileStream file) => _file = file;

    /// <summary>Takes the lock; null when another one has it.</summary>
    public static ClusterLock? TryTake(DataDirectory data)
    {
        try
        {
            // On Unix FileShare.None is flock(LOCK_EX | LOCK_NB).
            return new(new FileStream(data.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(data.Lock))
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
