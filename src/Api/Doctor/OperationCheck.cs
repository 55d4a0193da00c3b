using Controller.Api.Operations;

namespace Controller.Api.Doctor;

/// <summary>What is under way for too long, or is not gone on with.</summary>
internal sealed class OperationCheck(OperationRows operations, TimeProvider time) : ICheck
{
    /// <summary>The sweeper looks every second: what has been due for this long nobody looks after.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(2);

    public string What => "operations past their deadline, or that nobody goes on with";

    public async Task<List<Finding>> Look(bool deep, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        return [.. (await operations.All(null, null, null, cancel)).Where(o => o.Kind != "image" || o.Operation.Deadline < now).Select(o => Judge(o, now)).OfType<Finding>().Take(Sql.Most)];
    }

    private static Finding? Judge(OperationRow row, DateTimeOffset now)
    {
        var (about, operation) = ($"{row.Kind} {row.Entity?.ToString("D") ?? row.Key}", row.Operation);
        return operation.Deadline < now
                ? new("operation-stuck", about, $"Its {operation.What}, under way since {operation.Since:u}, should have ended by {operation.Deadline:u}. {operation.LastError}".TrimEnd(), $"controller op retry {operation.Id}")
            : row.Kind != "image" && operation.Due + Forgotten < now
                ? new("operation-forgotten", about, $"Its {operation.What} was to be gone on with at {operation.Due:u}, and nobody did.", $"controller op retry {operation.Id}")
            : null;
    }
}
