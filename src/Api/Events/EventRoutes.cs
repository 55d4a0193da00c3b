using System.ComponentModel.DataAnnotations;
using Controller.Api.Admin;
using Controller.Contracts;

namespace Controller.Api.Events;

/// <summary>Section <c>Events</c>.</summary>
public sealed class EventStreamOptions
{
    /// <summary>Most event streams that are open through one API process. Default: 256.</summary>
    [Range(1, 100_000)]
    public int MaxStreams { get; set; } = 256;

    /// <summary>So many of them may be of one project. Default: 64.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerProject { get; set; } = 64;

    /// <summary>A reader that takes nothing for this long is hung up on; it may come back and go on. Default: 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SlowReader { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A stream says that it is alive when it said nothing for so long, and looks whether its token still is. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(10);
}

internal static class EventRoutes
{
    public static void AddEvents(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<EventStreamOptions>().BindConfiguration("Events").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<EventRows>().AddSingleton<EventStreams>().AddSingleton<Webhooks>();
        builder.Services.AddSingleton<EventFeed>().AddHostedService(s => s.GetRequiredService<EventFeed>());
    }

    /// <summary>docs/events.md.</summary>
    public static void MapEvents(this WebApplication app)
    {
        var (streams, webhooks) = (app.Services.GetRequiredService<EventStreams>(), app.Services.GetRequiredService<Webhooks>());
        app.MapGet("/events", streams.Open).Needs(Role.Reader);
        var admin = app.MapGroup("/admin/webhooks");
        admin.MapGet("/", webhooks.List).Needs(Role.Reader);
        admin.MapPost("/", webhooks.Add).Needs(Role.Member);
        admin.MapPost("/{id:guid}/rotate", webhooks.Rotate).Needs(Role.Member);
        admin.MapPost("/{id:guid}/resume", webhooks.Resume).Needs(Role.Member);
        admin.MapDelete("/{id:guid}", webhooks.Remove).Needs(Role.Member);
    }
}
