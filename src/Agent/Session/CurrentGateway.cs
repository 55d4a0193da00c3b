using Controller.Agent.Protocol;

namespace Controller.Agent.Session;

/// <summary>The gateway that a session is open with, for the calls beside it; null while there is none.</summary>
internal sealed class CurrentGateway
{
    private volatile AgentGateway.AgentGatewayClient? _client;

    public AgentGateway.AgentGatewayClient? Client { get => _client; set => _client = value; }
}
