namespace Controller.Grains.Entities;

/// <summary>
/// What is under way with an entity. No state means "busy" without one: it says what, since when, until when at most, and what went wrong last.
/// </summary>
public sealed record Operation
{
    /// <summary>Also the id of the command on the host, so that a repeat is recognised.</summary>
    public required Guid Id { get; init; }

    /// <summary>For people: start, stop, delete, …</summary>
    public required string What { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>After this it has failed, unless the host cannot be reached: unknown is not failed.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>When the sweeper looks again.</summary>
    public required DateTimeOffset Due { get; init; }

    public int Attempts { get; init; }

    public string? LastError { get; init; }

    /// <summary>The principal that asked for it; null: the control plane by itself.</summary>
    public string? By { get; init; }

    /// <summary>The trace id of its request.</summary>
    public string? Trace { get; init; }

    /// <summary>Begins an operation.</summary>
    public static Operation Begin(string what, DateTimeOffset now, TimeSpan limit) =>
        new() { Id = Guid.NewGuid(), What = what, Since = now, Deadline = now + limit, Due = now + Wait(0), By = Contracts.Asking.By, Trace = Contracts.Asking.Trace };

    /// <summary>The same operation after one more attempt; they get rarer, up to half a minute.</summary>
    public Operation Again(DateTimeOffset now, string? error = null) =>
        this with { Attempts = Attempts + 1, Due = now + Wait(Attempts + 1), LastError = error ?? LastError };

    /// <summary>When the sweeper looks again, of operations that may be; null: nothing is under way.</summary>
    public static DateTimeOffset? FirstDue(params ReadOnlySpan<Operation?> operations)
    {
        DateTimeOffset? first = null;
        foreach (var operation in operations)
        {
            if (operation is not null && !(first <= operation.Due))
                first = operation.Due;
        }
        return first;
    }

    /// <summary>As operators see it.</summary>
    public Contracts.ExplainedOperation Explain() => new(Id, What, Since, Deadline, Due, Attempts, LastError) { By = By, Trace = Trace };

    /// <summary>What is under way, of operations that may be; null: nothing is.</summary>
    public static Contracts.ExplainedOperation[]? UnderWay(params ReadOnlySpan<Operation?> operations)
    {
        var found = new List<Contracts.ExplainedOperation>();
        foreach (var operation in operations)
        {
            if (operation is not null)
                found.Add(operation.Explain());
        }
        return found.Count == 0 ? null : [.. found];
    }

    private static TimeSpan Wait(int attempts) => TimeSpan.FromSeconds(Math.Min(30, 3 << Math.Min(attempts, 4)));
}
