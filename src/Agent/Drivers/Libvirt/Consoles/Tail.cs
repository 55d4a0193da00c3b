namespace Controller.Agent.Drivers.Libvirt.Consoles;

/// <summary>
/// What a machine has said and nobody has read yet, up to a limit: a guest must not wait for a slow viewer, nor fill our memory. The oldest is dropped, and the
/// reader is told how much; the log has all of it.
/// </summary>
internal sealed class Tail(int most)
{
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _parts = new();
    private readonly Signal _stirred = new();
    private int _read;   // of the first part
    private bool _isOver;

    /// <summary>Bytes that wait.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes that were dropped since the reader was told.</summary>
    public long Dropped { get; private set; }

    public void Add(byte[] part)
    {
        lock (_lock)
        {
            _parts.Enqueue(part);
            Length += part.Length;
            while (Length > most)
            {
                var gone = _parts.Dequeue().Length - _read;
                (_read, Length, Dropped) = (0, Length - gone, Dropped + gone);
            }
        }
        _stirred.Set();
    }

    public void End()
    {
        lock (_lock) _isOver = true;
        _stirred.Set();
    }

    /// <summary>0: there is no more, and there will be none.</summary>
    public async ValueTask<int> Read(Memory<byte> buffer, CancellationToken cancel)
    {
        while (true)
        {
            lock (_lock)
            {
                if (Dropped > 0)
                {
                    _parts.TryDequeue(out var first);
                    byte[] rest = first is null ? [] : first[_read..];
                    byte[] told = [.. System.Text.Encoding.ASCII.GetBytes($"\r\n[{Dropped} bytes were dropped: the viewer was too slow]\r\n"), .. rest];
                    var others = _parts.ToArray();
                    _parts.Clear();
                    _parts.Enqueue(told);
                    foreach (var other in others)
                        _parts.Enqueue(other);
                    (_read, Dropped, Length) = (0, 0, Length + told.Length - rest.Length);
                }
                if (_parts.TryPeek(out var part))
                {
                    var count = Math.Min(buffer.Length, part.Length - _read);
                    part.AsMemory(_read, count).CopyTo(buffer);
                    (_read, Length) = (_read + count, Length - count);
                    if (_read == part.Length)
                    {
                        _parts.Dequeue();
                        _read = 0;
                    }
                    return count;
                }
                if (_isOver)
                    return 0;
            }
            await _stirred.Wait(cancel);
        }
    }
}
