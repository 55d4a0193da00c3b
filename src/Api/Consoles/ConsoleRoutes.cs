using Controller.Api.Admin;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Contracts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace Controller.Api.Consoles;

internal static class ConsoleRoutes
{
    private static readonly TimeSpan Ping = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PongWithin = TimeSpan.FromSeconds(30);

    public static void AddConsoles(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ConsoleOptions>().BindConfiguration("Console").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ConsoleTickets>().AddSingleton<ConsoleDoor>();
    }

    /// <summary>docs/consoles.md.</summary>
    public static void MapConsoles(this WebApplication app)
    {
        app.UseWebSockets(new() { KeepAliveInterval = Ping, KeepAliveTimeout = PongWithin });
        var (tickets, door) = (app.Services.GetRequiredService<ConsoleTickets>(), app.Services.GetRequiredService<ConsoleDoor>());
        app.MapPost("/console/{compute:guid}/tickets", tickets.Create);
        // The ticket is the credential; whose it is, its creation has asked.
        app.MapGet("/console/{compute:guid}/{type:regex(^(serial|vnc)$)}", door.Open).AllowAnonymous();
    }
}

/// <summary>Lets viewers in.</summary>
internal sealed class ConsoleDoor(
    ConsoleTickets tickets, IGrainFactory grains, GatewayWatch watch, IOptions<ConsoleOptions> options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private int _open;

    public async Task<IResult> Open(Guid compute, string type, string? ticket, HttpContext http)
    {
        if (!http.WebSockets.IsWebSocketRequest)
            return Problems.BadQuery("This is a WebSocket, and the request is none.").ToResult();
        if (!watch.Started)
            return Problems.Unavailable("No silo has been reached yet.").ToResult();
        if (string.IsNullOrEmpty(ticket))
            return Problems.Unauthenticated($"A ticket is needed: POST /console/{compute}/tickets makes one.").ToResult();
        if (await tickets.Redeem(ticket) is not { } redeemed)
            return Problems.Unauthenticated("The ticket is unknown, used or expired.").ToResult();
        if (redeemed.Compute != compute || redeemed.Kind != ConsoleTickets.KindOf(type))
            return Problems.NotFound(http.Request.Path).ToResult();
        if (await Twice.Try(() => ConsoleTickets.MachineOf(grains, compute).Placement(redeemed.Caller)) is not { } placement)
            return Problems.Conflict("The machine is on no host, so there is no console.").ToResult();

        try
        {
            if (Interlocked.Increment(ref _open) > options.Value.MaxViewers)
                return Problems.Unavailable($"{options.Value.MaxViewers} consoles are open through this API already.", 10).ToResult();
            await Serve(http, placement.Host, new(Guid.NewGuid(), compute, redeemed.Kind));
            return Results.Empty;
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task Serve(HttpContext http, Guid host, ConsoleOrder order)
    {
        // A viewer that reads slowly is waited for; credit sees to it that this costs nothing.
        if (HttpProtocol.IsHttp11(http.Request.Protocol) && http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        using var socket = await http.WebSockets.AcceptWebSocketAsync(http.WebSockets.WebSocketRequestedProtocols.Contains("binary") ? "binary" : null);
        using var viewer = new ConsoleViewer(socket, time);
        var self = grains.CreateObjectReference<IConsoleEnd>(viewer);
        Telemetry.Viewers.Add(1);
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
            var closed = await Connect(host, order, self) ?? await viewer.Run(stop.Token);
            await viewer.Bye(lifetime.ApplicationStopping.IsCancellationRequested ? new("stopping", "This API process ends; open the console again.") : closed);
        }
        finally
        {
            Telemetry.Viewers.Add(-1);
            grains.DeleteObjectReference<IConsoleEnd>(self);
        }
    }

    private async Task<ConsoleClosed?> Connect(Guid host, ConsoleOrder order, IConsoleEnd self)
    {
        try
        {
            return await grains.Host(host).OpenConsole(order, self);
        }
        catch (Exception away) when (Problems.IsClusterAway(away) || away is UnavailableException)
        {
            return new("host-lost", "No silo answers.");
        }
    }
}
