using System.Collections.Concurrent;
using Controller.Contracts;

namespace Controller.Grains.Hosts;

/// <summary>Reads of serial logs that wait for their agent's answer.</summary>
internal sealed class ConsoleReads
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<ConsolePart>> _waiting = new();

    public (Guid Request, Task<ConsolePart> Answer) Ask()
    {
        var request = Guid.NewGuid();
        var source = new TaskCompletionSource<ConsolePart>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[request] = source;
        return (request, source.Task);
    }

    public void Answer(Guid request, ConsolePart part)
    {
        if (_waiting.TryRemove(request, out var source))
            source.TrySetResult(part);
    }

    public async Task<ConsolePart> Wait(Guid request, Task<ConsolePart> answer, long offset, TimeSpan atMost, TimeProvider time)
    {
        try
        {
            return await answer.WaitAsync(atMost, time);
        }
        catch (TimeoutException)
        {
            return new(offset, [], offset, "The host did not answer in time.");
        }
        finally
        {
            _waiting.TryRemove(request, out _);
        }
    }
}
