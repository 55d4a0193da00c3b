using System.Net;
using System.Net.Sockets;

namespace Controller.Agent.Tests.Harness;

/// <summary>The network between an agent and a gateway, which can be cut: nothing goes through any more, and nobody is told.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly string _to;
    private readonly Task _accepting;
    private volatile bool _isCut;

    public Wire(string to)
    {
        _to = to;
        _listener.Start();
        _accepting = Accept();
    }

    public string Endpoint => _listener.LocalEndpoint.ToString()!;

    public void Cut() => _isCut = true;

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task Accept()
    {
        List<Task> open = [];
        try
        {
            while (true) open.Add(Carry(await _listener.AcceptTcpClientAsync(_over.Token)));
        }
        finally
        {
            await Task.WhenAll(open).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Carry(TcpClient near)
    {
        using (near)
        using (var far = new TcpClient())
        {
            var to = IPEndPoint.Parse(_to);
            await far.ConnectAsync(to, _over.Token);
            await Task.WhenAny(Copy(near.GetStream(), far.GetStream()), Copy(far.GetStream(), near.GetStream()));
        }
    }

    private async Task Copy(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        for (int read; (read = await from.ReadAsync(buffer, _over.Token)) > 0;)
        {
            if (!_isCut) await to.WriteAsync(buffer.AsMemory(0, read), _over.Token);
        }
    }
}
