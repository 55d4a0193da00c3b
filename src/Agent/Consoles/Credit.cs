namespace Controller.Agent.Consoles;

/// <summary>How many bytes the other end will still take.</summary>
internal sealed class Credit
{
    private readonly Signal _more = new();
    private long _left;

    public void Add(long bytes)
    {
        Interlocked.Add(ref _left, bytes);
        _more.Set();
    }

    public void Use(int bytes) => Interlocked.Add(ref _left, -bytes);

    /// <summary>Waits until there is some.</summary>
    public async Task<long> Wait(CancellationToken cancel)
    {
        long left;
        while ((left = Interlocked.Read(ref _left)) <= 0)
            await _more.Wait(cancel);
        return left;
    }
}
