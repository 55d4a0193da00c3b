using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Google.Protobuf;

namespace Controller.Agent.Operations;

/// <summary>Answers a reader of a serial log: at once when there is something to read, else when there is, or when the reader's patience ends.</summary>
internal sealed class ConsoleReader(ActiveDriver active, TimeProvider time)
{
    public static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>One answer stays well below a message's limit, whatever was asked for.</summary>
    private const int MostBytes = 1 << 20;

    public async Task<ConsoleData> Read(ReadConsole request, CancellationToken cancel)
    {
        var patience = TimeSpan.FromSeconds(request.WaitSeconds);
        var most = (int)Math.Clamp(request.MaxBytes, 1, MostBytes);
        var began = time.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (true)
            {
                var part = await active.Driver.ReadConsole(request.MachineId, request.Offset, most, cancel);
                // A log that is shorter than where the reader stands was begun anew: that is news too.
                if (!part.Data.IsEmpty || part.Size < request.Offset || time.GetElapsedTime(began) >= patience)
                {
                    return new ConsoleData
                    {
                        RequestId = request.RequestId,
                        Offset = part.Offset,
                        Data = ByteString.CopyFrom(part.Data.Span),
                        Size = part.Size,
                    };
                }
                await timer.WaitForNextTickAsync(cancel);
            }
        }
        catch (DriverException expected)
        {
            var failure = new Failure { Code = expected.Code, Message = expected.Message, Retryable = expected.Retryable };
            return new ConsoleData { RequestId = request.RequestId, Offset = request.Offset, Failure = failure };
        }
    }
}
