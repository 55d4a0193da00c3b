using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// One thread's connection to libvirtd. libvirtd serves five calls of a connection at a time and then stops reading from it, so stuck ones
/// must not share theirs with others. It has no keepalive: <see cref="Watch"/> notices a dead libvirtd for all lines, and a keepalive that
/// allows no silence at all is how a line is cut under a call that blocks.
/// </summary>
internal sealed class Line(string uri, Watch watch) : IDisposable
{
    private readonly Lock _lock = new();
    private ConnectHandle? _connect;
    private Session? _session;
    private bool _isCut;

    public T Use<T>(Func<ConnectHandle, T> call)
    {
        try
        {
            return call(Open(watch.Current));
        }
        catch (LibvirtException error) when (error.ConnectionLost && !IsCut)
        {
            watch.Broke(_session!, error.Message);
            throw;
        }
    }

    /// <summary>The call that runs on it fails within a second. libvirtd itself goes on waiting for what the call waits for.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            if (_connect is null)
                return;
            _isCut = true;
            _ = Native.virConnectSetKeepAlive(_connect, 1, 0);
        }
    }

    public void Dispose()
    {
        ConnectHandle? old;
        lock (_lock)
        {
            (old, _connect) = (_connect, null);
            _isCut = false;
        }
        old?.Dispose();
    }

    private bool IsCut
    {
        get { lock (_lock) return _isCut; }
    }

    private ConnectHandle Open(Session session)
    {
        lock (_lock)
        {
            if (_connect is { } open && _session == session && !_isCut)
                return open;
        }
        Dispose();
        _session = session;
        var connect = Checked.Ok(Native.virConnectOpen(uri));
        lock (_lock) _connect = connect;
        return connect;
    }
}
