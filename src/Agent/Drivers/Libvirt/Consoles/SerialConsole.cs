using System.Collections.Concurrent;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Consoles;

/// <summary>
/// A machine's serial console by a stream of libvirt, with a connection of its own. All that comes is read at once, since libvirt would keep without limit what
/// is not. It is read on libvirt's event loop: a virStreamRecv that blocks looks whether something is there, lets go of the stream, and only then waits, so that
/// what another thread reads off the wire in between is seen when the next thing comes, or never. Writing blocks, on a thread of its own.
/// </summary>
internal sealed class SerialConsole : IMachineConsole
{
    private const uint NonBlocking = 1;   // of the stream
    private const uint Force = 1;         // of the console
    private const int Nothing = -2;
    private const int PartBytes = 16 * 1024;
    private const int MostUnread = 256 * 1024;

    private readonly ConnectHandle _connect;
    private readonly StreamHandle _stream;
    private readonly Tail _tail = new(MostUnread);
    private readonly BlockingCollection<(byte[] Data, TaskCompletionSource Sent)> _outbox = new(1);
    private readonly Lock _reading = new();
    private readonly nint _reader;
    private readonly Task _writing;
    private bool _isOver;

    private SerialConsole(ConnectHandle connect, StreamHandle stream)
    {
        (_connect, _stream) = (connect, stream);
        _reader = EventLoop.Read(stream, ReadAll);
        _writing = Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Whoever has the console loses it.</summary>
    public static async Task<IMachineConsole> Open(string uri, string machine, TimeSpan patience, TimeProvider time, CancellationToken cancel)
    {
        var opening = Task.Factory.StartNew(() => Open(uri, machine), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await opening.WaitAsync(patience, time, cancel);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException && !opening.IsFaulted)
        {
            _ = opening.ContinueWith(opened => opened.Result.DisposeAsync().AsTask(), default, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw late is TimeoutException ? Stuck.Because($"libvirt has not answered virDomainOpenConsole for machine {machine} within {patience.TotalSeconds:0} s.") : late;
        }
    }

    public ValueTask<int> Read(Memory<byte> buffer, CancellationToken cancel) => _tail.Read(buffer, cancel);

    public async ValueTask Write(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            // One writer, and it waits: there is always room.
            _outbox.Add((data.ToArray(), sent), cancel);
        }
        catch (InvalidOperationException over)
        {
            throw new DriverException("ended", "The console is closed.", retryable: false, over);
        }
        await sent.Task.WaitAsync(cancel);
    }

    /// <summary>The connection is cut under a call that blocks on it; libvirtd closes the console when it goes. What is left is freed when that has returned.</summary>
    public ValueTask DisposeAsync()
    {
        EventLoop.StopReading(_stream, _reader);
        End();
        _ = Native.virConnectSetKeepAlive(_connect, 1, 0);
        _ = _writing.ContinueWith(_ => Free(), TaskScheduler.Default);
        return ValueTask.CompletedTask;
    }

    private static SerialConsole Open(string uri, string machine)
    {
        var connect = Checked.Ok(Native.virConnectOpen(uri));
        try
        {
            using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, machine));
            var stream = Checked.Ok(Native.virStreamNew(connect, NonBlocking));
            try
            {
                Checked.Ok(Native.virDomainOpenConsole(domain, null, stream, Force));
                return new SerialConsole(connect, stream);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch
        {
            connect.Dispose();
            throw;
        }
    }

    /// <summary>Whether more may come.</summary>
    private unsafe bool ReadAll()
    {
        var buffer = new byte[PartBytes];
        lock (_reading)
        {
            fixed (byte* first = buffer)
            {
                while (!_isOver)
                {
                    var read = Native.virStreamRecv(_stream, first, PartBytes);
                    if (read == Nothing)
                        return true;
                    if (read > 0)
                        _tail.Add(buffer[..read]);
                    else
                        End();
                }
            }
            return false;
        }
    }

    /// <summary>Nothing more is read or written.</summary>
    private void End()
    {
        lock (_reading)
        {
            _isOver = true;
            _tail.End();
            _outbox.CompleteAdding();
        }
    }

    private void WriteAll()
    {
        foreach (var (data, sent) in _outbox.GetConsumingEnumerable())
        {
            if (Send(data))
                sent.SetResult();
            else
                sent.SetException(new DriverException("ended", "The console is closed.", retryable: false));
        }
    }

    private unsafe bool Send(byte[] data)
    {
        fixed (byte* first = data)
        {
            for (var at = 0; at < data.Length;)
            {
                var sent = Native.virStreamSend(_stream, first + at, (nuint)(data.Length - at));
                if (sent < 0)
                    return false;
                at += sent;
            }
        }
        return true;
    }

    private void Free()
    {
        _stream.Dispose();
        _connect.Dispose();
        _outbox.Dispose();
    }
}
