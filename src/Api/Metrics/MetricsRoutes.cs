using System.Globalization;
using Controller.Api.Admin;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;
using Occi.Infrastructure;

namespace Controller.Api.Metrics;

/// <summary>docs/metrics.md.</summary>
internal static class MetricsRoutes
{
    public static void AddMetrics(this WebApplicationBuilder builder) => builder.Services.AddSingleton<SampleRows>();

    public static void MapMetrics(this WebApplication app)
    {
        app.MapGet("/metrics", Scrape);
        app.MapGet("/metrics/compute/{id:guid}", LastHour);
    }

    /// <summary>A project's machines; an operator's are all, and the hosts.</summary>
    private static async Task<IResult> Scrape(HttpContext http, SampleRows samples, CancellationToken cancel)
    {
        var caller = http.Caller();
        var operates = caller.Role >= Role.Operator;
        var text = new Exposition();
        MachineMetrics.Write(text, await samples.Newest(operates ? http.Features.Get<NamedProject>()?.Id : caller.Project, cancel), withHosts: operates);
        if (operates)
            MachineMetrics.Write(text, await samples.Hosts(cancel));
        return Results.Text(text.ToString(), Exposition.ContentType);
    }

    private static async Task<IResult> LastHour(Guid id, string? since, HttpContext http, EntityRows entities, SampleRows samples, TimeProvider time, CancellationToken cancel)
    {
        var from = time.GetUtcNow() - SampleRing.Kept;
        if (since is not null && !DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out from))
            return Problems.BadQuery($"since must be a time like 2026-01-31T12:00:00Z, found '{since}'.").ToResult();
        var query = new EntityQuery { Terms = [Compute.Kind.Id.Term], Project = Access.Sight(http.Caller()), Id = id };
        if ((await entities.List(query, views: false, cancel)).Count == 0)
            return Problems.NotFound(http.Request.Path).ToResult();
        return Results.Json(new { compute = id, samples = await samples.Of(id, from, cancel) });
    }
}
