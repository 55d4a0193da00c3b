namespace Controller.Api.Cluster;

/// <summary>How the connection to the silos is.</summary>
internal sealed class GatewayWatch
{
    private volatile int _connected;
    private volatile bool _started;

    /// <summary>How many gateways are connected now.</summary>
    public int Connected
    {
        get => _connected;
        set => _connected = value;
    }

    /// <summary>Whether a silo was ever reached. Before that the client can't even refuse a call.</summary>
    public bool Started
    {
        get => _started;
        set => _started = value;
    }
}
