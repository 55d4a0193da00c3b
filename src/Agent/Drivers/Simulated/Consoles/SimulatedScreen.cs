using System.IO.Pipelines;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Simulated.Consoles;

/// <summary>A simulated machine's screen: an RFB server between two pipes, which wait when nobody reads.</summary>
internal sealed class SimulatedScreen : IMachineConsole
{
    private const int Most = 64 * 1024;

    private readonly Pipe _typed = NewPipe();
    private readonly Pipe _shown = NewPipe();
    private readonly SimulatedStore _store;
    private readonly string _id;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _server;

    public SimulatedScreen(string name, SimulatedStore store, string id)
    {
        (_store, _id) = (store, id);
        store.Changed += Look;
        _server = Serve(name);
        Look();
    }

    public async ValueTask<int> Read(Memory<byte> buffer, CancellationToken cancel)
    {
        var read = await _shown.Reader.ReadAsync(cancel);
        var count = (int)Math.Min(buffer.Length, read.Buffer.Length);   // once it is given back the buffer is somebody else's
        var part = read.Buffer.Slice(0, count);
        foreach (var segment in part)
        {
            segment.CopyTo(buffer);
            buffer = buffer[segment.Length..];
        }
        _shown.Reader.AdvanceTo(part.End);
        return count;
    }

    public async ValueTask Write(ReadOnlyMemory<byte> data, CancellationToken cancel) => await _typed.Writer.WriteAsync(data, cancel);

    public async ValueTask DisposeAsync()
    {
        _store.Changed -= Look;
        await _over.CancelAsync();
        await _typed.Writer.CompleteAsync();
        await _shown.Reader.CompleteAsync();
        await _server;
    }

    private void Look()
    {
        if (!_store.Read(host => host.Machines.Any(machine => machine.Id == _id && machine.Power is Power.Running or Power.Paused))) _over.Cancel();
    }

    private async Task Serve(string name)
    {
        await Task.Yield();   // Look may end it from under the store's lock
        try
        {
            await using var typed = _typed.Reader.AsStream();
            await using var shown = _shown.Writer.AsStream();
            await new RfbServer(typed, shown, name).Serve(_over.Token);
        }
        catch (Exception left) when (left is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The viewer has gone, speaks something else, or the machine has stopped.
        }
        await _shown.Writer.CompleteAsync();
        await _typed.Reader.CompleteAsync();
    }

    private static Pipe NewPipe() => new(new PipeOptions(pauseWriterThreshold: Most, resumeWriterThreshold: Most / 2, useSynchronizationContext: false));
}
