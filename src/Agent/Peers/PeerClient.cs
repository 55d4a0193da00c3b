using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol.Peer;

namespace Controller.Agent.Peers;

/// <summary>The target's agent, over the network: a connection for each channel.</summary>
internal sealed class PeerClient(CurrentIdentity identity, Departure what, TimeProvider time) : IPeer, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(0.5);

    private readonly SemaphoreSlim _turn = new(1);
    private Stream? _control;

    public async Task<PeerAnswer> Ask(PeerRequest request, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            var since = time.GetTimestamp();
            while (true)
            {
                var answer = await AskOnce(request, cancel);
                if (answer.Failure is not { } failure) return answer;
                if (!failure.Retryable || time.GetElapsedTime(since) > Patience) throw new DriverException(failure.Code, $"The target's host says: {failure.Message}", retryable: false);
                await Task.Delay(AgainAfter, time, cancel);   // a network of the machine is still being made there
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task<Stream> Open(Channel channel, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await Dial(channel, cancel);
            }
            // The target may hear of the migration later than we do.
            catch (DriverException early) when (early.Retryable && time.GetElapsedTime(since) < Patience)
            {
                await Task.Delay(AgainAfter, time, cancel);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_control is not null) await _control.DisposeAsync();
        _turn.Dispose();
    }

    private async Task<PeerAnswer> AskOnce(PeerRequest request, CancellationToken cancel)
    {
        try
        {
            _control ??= await Open(Channel.Control, cancel);
            await PeerMessages.Write(_control, request, cancel);
            return await PeerMessages.Read(_control, PeerAnswer.Parser, cancel) ?? throw new IOException("it hung up");
        }
        catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException)
        {
            if (_control is { } old) await old.DisposeAsync();
            _control = null;
            if (broken is OperationCanceledException) throw;
            throw Away(broken);
        }
    }

    private async Task<Stream> Dial(Channel channel, CancellationToken cancel)
    {
        var mine = identity.Value ?? throw new DriverException("peer-away", "This host has not joined yet.", retryable: true);
        if (!Enrolment.JoinToken.IsEndpoint(what.Order.TargetEndpoint))
            throw new DriverException("peer-away", $"Host {what.Order.TargetHost} takes no machines from others: it has told no endpoint (Agent:PeerListen).", retryable: false);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
            var colon = what.Order.TargetEndpoint.LastIndexOf(':');
            await socket.ConnectAsync(what.Order.TargetEndpoint[..colon].Trim('[', ']'), int.Parse(what.Order.TargetEndpoint.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture), cancel);
            var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(PeerTls.Client(mine, what.Order.TargetHost), cancel);
            var hello = new PeerHello { MachineId = what.Id, Incarnation = what.Order.TargetIncarnation, MigrationId = what.Order.MigrationId, Secret = what.Order.Secret, Channel = channel };
            await PeerMessages.Write(tls, hello, cancel);
            var answer = await PeerMessages.Read(tls, PeerAnswer.Parser, cancel) ?? throw new IOException("it hung up");
            return answer.Failure is { } failure ? throw new DriverException(failure.Code, failure.Message, failure.Retryable) : tls;
        }
        catch (Exception failed)
        {
            socket.Dispose();
            if (failed is IOException or SocketException or AuthenticationException) throw Away(failed);
            throw;
        }
    }

    private DriverException Away(Exception why) =>
        new("peer-away", $"Host {what.Order.TargetHost} at {what.Order.TargetEndpoint} cannot be spoken to: {why.Message}", retryable: false, why);
}
