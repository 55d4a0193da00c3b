using Controller.Api.Http;
using Controller.Contracts;

namespace Controller.Api.Tests;

public sealed class ProblemsTests
{
    private static readonly string[] Table = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "errors.md"));

    [Fact]
    public void The_documented_table_is_the_table() => Assert.Equal(
        Problems.All.Select(p => $"| `{p.Name}` | {p.Status} | {p.Meaning} |"),
        Table.Where(l => l.StartsWith("| `", StringComparison.Ordinal) && char.IsAsciiDigit(l.Split('|')[2].Trim()[0])));

    [Fact]
    public void Names_are_unique() => Assert.Equal(Problems.All.Count, Problems.All.Select(p => p.Name).Distinct().Count());

    [Fact]
    public void Every_refused_outcome_has_a_status() => Assert.All(
        Enum.GetValues<OutcomeKind>().Where(k => !new Outcome(k).Ok),
        kind => Assert.InRange(Problems.From(new Outcome(kind), "/x").Type.Status, 400, 503));

    [Theory]
    [InlineData(OutcomeKind.NotFound, 404)]
    [InlineData(OutcomeKind.Invalid, 400)]
    [InlineData(OutcomeKind.Forbidden, 403)]
    [InlineData(OutcomeKind.Conflict, 409)]
    [InlineData(OutcomeKind.NoCapacity, 409)]
    [InlineData(OutcomeKind.QuotaExceeded, 403)]
    [InlineData(OutcomeKind.NotImplemented, 501)]
    [InlineData(OutcomeKind.Unavailable, 503)]
    public void Outcomes_have_these_codes(OutcomeKind kind, int status) => Assert.Equal(status, Problems.From(new Outcome(kind, "why"), "/x").Type.Status);

    [Fact]
    public void The_reason_reaches_the_client() => Assert.Equal("no cores left", Problems.From(new Outcome(OutcomeKind.NoCapacity, "no cores left"), "/x").Message);

    [Fact]
    public void What_is_away_is_503_and_may_be_tried_again()
    {
        Exception[] away =
        [
            new Npgsql.NpgsqlException("gone"), new System.Net.Sockets.SocketException(111), new TimeoutException(),
            new Orleans.Runtime.SiloUnavailableException("gone"), new UnavailableException("gone"), new Orleans.Runtime.OrleansException("a record", new UnavailableException("gone")),
            new Orleans.Storage.InconsistentStateException("moved"), new OperationCanceledException("Message expired before placement could complete"),
        ];
        Assert.All(away, e => Assert.True(Problems.From(e, "t") is { Type.Status: 503, RetryAfter: > 0 }));
    }

    [Fact]
    public void A_defect_is_500_and_tells_its_trace() =>
        Assert.True(Problems.From(new InvalidOperationException("secret"), "abc123") is { Type.Status: 500 } p
            && p.Message.Contains("abc123", StringComparison.Ordinal) && !p.Message.Contains("secret", StringComparison.Ordinal));
}
