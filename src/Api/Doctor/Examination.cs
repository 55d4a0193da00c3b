using Npgsql;
using Controller.Api.Http;

namespace Controller.Api.Doctor;

/// <summary>All checks, one after the other. Nothing is changed; what cannot be looked at is a finding, too.</summary>
internal sealed partial class Examination(IEnumerable<ICheck> checks, TimeProvider time, ILogger<Examination> log)
{
    public sealed record Looked(string What, int Findings, double Seconds);

    public sealed record Report(IReadOnlyList<Looked> Looked, IReadOnlyList<Finding> Findings);

    public async Task<IResult> Look(CancellationToken cancel, bool deep = false)
    {
        var (looked, found) = (new List<Looked>(), new List<Finding>());
        foreach (var check in checks)
        {
            var began = time.GetTimestamp();
            var findings = await Look(check, deep, cancel);
            looked.Add(new(check.What, findings.Count, Math.Round(time.GetElapsedTime(began).TotalSeconds, 3)));
            found.AddRange(findings);
        }
        return Results.Json(new Report(looked, found));
    }

    private async Task<List<Finding>> Look(ICheck check, bool deep, CancellationToken cancel)
    {
        try
        {
            return await check.Look(deep, cancel);
        }
        catch (Exception e) when (e is NpgsqlException or Contracts.UnavailableException || Problems.IsClusterAway(e))
        {
            LogFailed(e, check.What);
            return [new("check-failed", check.What, $"It could not be looked at: {e.Message}", "controller status: is everything well? Then again: controller doctor")];
        }
    }

    [LoggerMessage(LogLevel.Warning, "The doctor could not look at: {What}")]
    private partial void LogFailed(Exception exception, string what);
}
