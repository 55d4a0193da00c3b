using System.Collections.Concurrent;
using System.Globalization;

namespace Controller.History.Tests.Clients;

/// <summary>What happened in a history: counts, violations, and the log that both are read from.</summary>
internal sealed class Account(string logFile) : IAsyncDisposable
{
    private readonly StreamWriter _log = new(logFile) { AutoFlush = true };
    private readonly ConcurrentDictionary<string, int> _operations = new();
    private readonly ConcurrentDictionary<string, int> _faults = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private int _acknowledged;
    private int _refused;
    private int _unknown;

    public int Operations => _operations.Values.Sum();

    public int Acknowledged => _acknowledged;

    public IReadOnlyCollection<string> Violations => _violations;

    public TimeSpan LongestConvergence { get; set; }

    public void Operation(string kind, Cluster.Reply reply, string about)
    {
        _operations.AddOrUpdate(kind, 1, (_, n) => n + 1);
        if (reply.Acknowledged)
            Interlocked.Increment(ref _acknowledged);
        else if (reply.Refused)
            Interlocked.Increment(ref _refused);
        else
            Interlocked.Increment(ref _unknown);
        if (reply.Status == 500)
            Violation($"{kind} of {about} was answered with a defect: {reply}");
        Log($"{kind} {about}: {reply}");
    }

    public void Fault(string kind, string what)
    {
        _faults.AddOrUpdate(kind, 1, (_, n) => n + 1);
        Log($"FAULT {kind} {what}");
    }

    public void Violation(string what)
    {
        _violations.Enqueue(what);
        Log($"VIOLATION {what}");
    }

    public void Log(string line)
    {
        lock (_log)
            _log.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {line.ReplaceLineEndings(" ")}");
    }

    public void Flush()
    {
        lock (_log)
            _log.Flush();
    }

    public string Summary(int seed, TimeSpan took) => string.Create(CultureInfo.InvariantCulture, $"""
        seed {seed}: {Operations} operations in {took.TotalSeconds:0} s ({_acknowledged} acknowledged, {_refused} refused, {_unknown} unknown)
        operations: {Counts(_operations)}
        faults: {_faults.Values.Sum()} ({Counts(_faults)})
        longest time to converge: {LongestConvergence.TotalSeconds:0.0} s
        violations: {_violations.Count}
        """);

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private static string Counts(ConcurrentDictionary<string, int> counts) => string.Join(", ", counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} {c.Value}"));
}
