using System.Net.Sockets;
using Controller.Api.Admin;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Health;

/// <summary>Live: the process answers. Ready: the database and a silo do, too.</summary>
internal static class HealthRoutes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health/live", () => Results.Text("live")).AllowAnonymous();
        app.MapGet("/health/ready", Ready).AllowAnonymous();
    }

    // Asks a silo something instead of counting connections: a count is news of yesterday.
    private static async Task<IResult> Ready(Rows rows, GatewayWatch silos, IServiceProvider services, TimeProvider time)
    {
        if (!silos.Started)
            return Problems.Unavailable("No silo is connected.").ToResult();
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await rows.Ping(patience.Token);
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or OperationCanceledException)
        {
            return Problems.Unavailable($"The database does not answer: {e.Message}").ToResult();
        }
        try
        {
            var project = services.GetRequiredService<IGrainFactory>()
                .At<IProjectGrain>(GrainId.Create("project", GrainKeys.Of("project", WellKnown.DefaultProject)));
            await project.View().WaitAsync(Patience, time);
            return Results.Text("ready");
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or UnavailableException)
        {
            return Problems.Unavailable($"No silo answers: {e.Message}").ToResult();
        }
    }
}
