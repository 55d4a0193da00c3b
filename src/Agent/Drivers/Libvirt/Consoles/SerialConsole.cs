using System.Collections.Concurrent;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Consoles;

/// <summary>
/// A machine's serial console by a stream of libvirt, with a connection of its own and a thread for each direction: both calls block. All that comes is read at
/// once, since libvirt would keep without limit what is not.
/// </summary>
internal sealed class SerialConsole : IMachineConsole
{
    private const uint Force = 1;
    private const int PartBytes = 16 * 1024;
    private const int MostUnread = 256 * 1024;

    private readonly ConnectHandle _connect;
    private readonly StreamHandle _stream;
    private readonly Tail _tail = new(MostUnread);
    private readonly BlockingCollection<(byte[] Data, TaskCompletionSource Sent)> _outbox = new(1);
    private readonly Task _reading;
    private readonly Task _writing;

    private SerialConsole(ConnectHandle connect, StreamHandle stream)
    {
        (_connect, _stream) = (connect, stream);
        _reading = OnOwnThread(ReadAll);
        _writing = OnOwnThread(WriteAll);
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

    /// <summary>The connection is cut under the calls that block on it; libvirtd closes the console when it goes. What is left is freed when they have returned.</summary>
    public ValueTask DisposeAsync()
    {
        _outbox.CompleteAdding();
        _ = Native.virConnectSetKeepAlive(_connect, 1, 0);
        _ = Task.WhenAll(_reading, _writing).ContinueWith(_ => Free(), TaskScheduler.Default);
        return ValueTask.CompletedTask;
    }

    private static SerialConsole Open(string uri, string machine)
    {
        var connect = Checked.Ok(Native.virConnectOpen(uri));
        try
        {
            using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, machine));
            var stream = Checked.Ok(Native.virStreamNew(connect, 0));
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

    private unsafe void ReadAll()
    {
        var buffer = new byte[PartBytes];
        fixed (byte* first = buffer)
        {
            int read;
            while ((read = Native.virStreamRecv(_stream, first, PartBytes)) > 0)
                _tail.Add(buffer[..read]);
        }
        _tail.End();
        _outbox.CompleteAdding();
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

    private static Task OnOwnThread(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
