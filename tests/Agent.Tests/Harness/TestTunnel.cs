using System.Text;
using Controller.Agent.Protocol;
using Grpc.Core;

namespace Controller.Agent.Tests.Harness;

/// <summary>A console's call as the gateway sees it: what came, and a way to answer.</summary>
internal sealed class TestTunnel(string console, IServerStreamWriter<TunnelFrame> to)
{
    private readonly StringBuilder _text = new();
    private int _credit;

    public string Console { get; } = console;

    /// <summary>Ends the call.</summary>
    public CancellationTokenSource Over { get; } = new();

    /// <summary>The agent's last word.</summary>
    public Failure? Closed { get; private set; }

    public int Credit => Volatile.Read(ref _credit);

    public string Text
    {
        get { lock (_text) return _text.ToString(); }
    }

    public void Hear(TunnelFrame frame)
    {
        lock (_text) _text.Append(Encoding.Latin1.GetString(frame.Data.Span));
        Interlocked.Add(ref _credit, (int)frame.Credit);
        if (frame.Closed is null) return;
        Closed = frame.Closed;
        Over.Cancel();
    }

    public Task Send(TunnelFrame frame) => to.WriteAsync(frame);
}
