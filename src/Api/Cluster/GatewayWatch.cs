namespace Controller.Api.Cluster;

/// <summary>How the connection to the silos is.</summary>
internal sealed class GatewayWatch
{
    private volatile bool _started;

    /// <summary>Whether a silo was ever reached. Before that the client can't even refuse a call.</summary>
    public bool Started
    {
        get => _started;
        set => _started = value;
    }
}
