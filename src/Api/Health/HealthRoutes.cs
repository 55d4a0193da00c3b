using System.Net.Sockets;
using Controller.Api.Admin;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Npgsql;

namespace Controller.Api.Health;

/// <summary>Live: the process answers. Ready: the database and a silo do, too.</summary>
internal static class HealthRoutes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", Ready);
    }

    private static async Task<IResult> Ready(Rows rows, GatewayWatch gateways, TimeProvider time)
    {
        if (!gateways.Started || gateways.Connected == 0)
            return Problems.Unavailable("No silo is connected.").ToResult();
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await rows.Ping(patience.Token);
            return Results.Text("ready");
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or OperationCanceledException)
        {
            return Problems.Unavailable($"The database does not answer: {e.Message}").ToResult();
        }
    }
}
