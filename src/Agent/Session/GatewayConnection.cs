using System.Net.Security;
using Controller.Agent.Protocol;
using Grpc.Net.Client;

namespace Controller.Agent.Session;

/// <summary>A connection to one gateway. It notices within half a minute that the other side is gone.</summary>
internal sealed class GatewayConnection : IDisposable
{
    private readonly GrpcChannel _channel;

    public GatewayConnection(string endpoint, SslClientAuthenticationOptions tls)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            EnableMultipleHttp2Connections = false,
            UseProxy = false,
        };
        _channel = GrpcChannel.ForAddress($"https://{endpoint}", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Client = new AgentGateway.AgentGatewayClient(_channel);
    }

    public AgentGateway.AgentGatewayClient Client { get; }

    public void Dispose() => _channel.Dispose();
}
