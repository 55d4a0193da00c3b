using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Controller.Api.Admin;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Overload;
using Controller.Contracts;

namespace Controller.Api.Audit;

/// <summary>The audit log, for who may read it: operators all of it, everybody else what the own project did and what was done to what it owns.</summary>
internal sealed class AuditRoutes(AuditRows rows, Projects projects)
{
    private const int MostPerPage = 1000;
    private const int MostExports = 8;   // each has a connection to the database for as long as it lasts
    private const int MostExportsPerProject = 2;

    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly Seats _exports = new(MostExports, MostExportsPerProject);

    /// <param name="Entries">The newest first.</param>
    /// <param name="Before">Where the next page begins; null: this is the last.</param>
    public sealed record Page(IReadOnlyList<AuditRow> Entries, long? Before);

    public async Task<IResult> List(HttpContext http, CancellationToken cancel)
    {
        var (query, problem) = await Query(http, cancel);
        if (problem is not null)
            return problem.ToResult();
        var (before, badBefore) = Number(http, "before", null, long.MaxValue);
        var (limit, badLimit) = Number(http, "limit", 100, MostPerPage);
        if ((badBefore ?? badLimit) is { } bad)
            return bad.ToResult();
        var most = (int)limit!.Value;   // it has a default
        var found = await rows.Newest(query, before, most, cancel);
        var caller = http.Caller();
        return Results.Json(new Page([.. found.Select(row => Shown(row, caller))], found.Count == most ? found[^1].Id : null));
    }

    /// <summary>JSON lines, the oldest first.</summary>
    public async Task<IResult> Export(HttpContext http, CancellationToken cancel)
    {
        var caller = http.Caller();
        if (_exports.Take(caller.Project) is not { } seat)
            return Problems.Unavailable($"{MostExports} exports of the audit log go on through this API already, or {MostExportsPerProject} of your project.", 10).ToResult();
        http.Response.RegisterForDispose(seat);
        var (query, problem) = await Query(http, cancel);
        return problem is not null ? problem.ToResult() : Results.Stream(
            async stream =>
            {
                await foreach (var row in rows.All(query, cancel))
                {
                    await JsonSerializer.SerializeAsync(stream, Shown(row, caller), Lines, cancel);
                    await stream.WriteAsync("\n"u8.ToArray(), cancel);
                }
            },
            "application/x-ndjson");
    }

    /// <summary>What a caller may see of it.</summary>
    public static Guid? Sight(Caller caller) => caller.Role >= Role.Operator ? null : caller.Project;

    /// <summary>From where somebody of another project came is not this one's to know.</summary>
    public static AuditRow Shown(AuditRow row, Caller caller) => Sight(caller) is not { } own || row.Project == own ? row : row with { Address = null, UserAgent = null, Request = null, Trace = null };

    private async Task<(AuditQuery Query, Problem? Problem)> Query(HttpContext http, CancellationToken cancel)
    {
        var asked = http.Request.Query;
        if (asked.FirstOrDefault(one => one.Value.ToString().Contains('\0', StringComparison.Ordinal)) is { Key: { } nul })
            return (new(), Problems.BadQuery($"{nul} has a NUL character, which is in no name."));
        var query = new AuditQuery { Sight = Sight(http.Caller()), User = asked["user"].ToString() is { Length: > 0 } user ? user : null, Denied = asked["denied"].ToString() == "true" };
        if (asked["entity"].ToString() is { Length: > 0 } entity)
        {
            if (!Guid.TryParseExact(entity, "D", out var id))
                return (query, Problems.BadQuery($"entity must be a UUID, found '{entity}'."));
            query = query with { Entity = id };
        }
        var (project, badProject) = await projects.Narrowed(http, query.Sight, cancel);
        var (since, badSince) = Time(http, "since");
        var (until, badUntil) = Time(http, "until");
        return (query with { Project = project, Since = since, Until = until }, badProject ?? badSince ?? badUntil);
    }

    private static (DateTimeOffset? Time, Problem? Problem) Time(HttpContext http, string name)
    {
        var text = http.Request.Query[name].ToString();
        return text.Length == 0 ? (null, null)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? (time, null)
            : (null, Problems.BadQuery($"{name} must be a time as in 2026-01-31T12:00:00Z, found '{text}'."));
    }

    private static (long? Number, Problem? Problem) Number(HttpContext http, string name, long? otherwise, long most)
    {
        var text = http.Request.Query[name].ToString();
        return text.Length == 0 ? (otherwise, null)
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most ? (number, null)
            : (null, Problems.BadQuery($"{name} must be a number from 1 to {most}, found '{text}'."));
    }
}
