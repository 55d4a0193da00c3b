using System.Collections.Concurrent;

namespace Controller.Api.Audit;

/// <summary>Requests that were denied, of each user and of nobody: a minute's first ones are noted one by one, the others counted into one entry.</summary>
internal sealed class Attempts(TimeProvider time)
{
    private const int MostUsers = 10_000;

    private readonly ConcurrentDictionary<(Guid? Project, string? User), AttemptsOfOne> _users = new();

    /// <summary>What is to be noted now; null: nothing yet.</summary>
    public AuditEntry? Count(AuditEntry attempt)
    {
        if (_users.Count > MostUsers)
            _users.Clear();   // who comes again begins again
        return _users.GetOrAdd((attempt.Project, attempt.User), _ => new(time)).Count(attempt);
    }
}

internal sealed class AttemptsOfOne(TimeProvider time)
{
    private const int OneByOne = 120;
    private readonly Lock _counting = new();
    private DateTimeOffset _minute;
    private int _count;
    private AuditEntry? _others;

    /// <summary>What is to be noted now; null: nothing yet.</summary>
    public AuditEntry? Count(AuditEntry attempt)
    {
        lock (_counting)
        {
            var now = time.GetUtcNow();
            var before = _others;
            if (now - _minute >= TimeSpan.FromMinutes(1))
            {
                (_minute, _count, _others) = (now, 0, null);
                if (before is not null)
                {
                    // It stands for what came since, this one included.
                    _count++;
                    return before with { Times = before.Times + 1 };
                }
            }
            if (++_count <= OneByOne)
                return attempt;
            _others = _others is null ? attempt with { Path = "(many)", Address = null, UserAgent = null, Request = null, Trace = null, Kind = null, Entity = null } : _others with { Times = _others.Times + 1 };
            return null;
        }
    }
}
