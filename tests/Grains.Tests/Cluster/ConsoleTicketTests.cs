using Controller.Contracts;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Tickets for consoles, with a clock that the tests turn.</summary>
public sealed class ConsoleTicketTests(ConsoleTicketTests.Timed cluster) : IClassFixture<ConsoleTicketTests.Timed>
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    private IConsoleTicketGrain Tickets => cluster.Grains.GetGrain<IConsoleTicketGrain>("consoleticket/all");

    [Fact]
    public async Task A_ticket_is_redeemed_once_by_whoever_is_first()
    {
        var ticket = New();
        await Tickets.Mint("once", ticket, Life);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Tickets.Redeem("once")));
        Assert.Equal(ticket, Assert.Single(answers, answer => answer is not null));
        Assert.Null(await Tickets.Redeem("never"));
    }

    [Fact]
    public async Task Its_time_ends_and_nothing_of_it_stays()
    {
        var late = New();
        var (before, until) = (Clock.GetUtcNow(), await Tickets.Mint("late", late, Life));
        Assert.InRange(until, before + Life, Clock.GetUtcNow() + Life);
        var unused = New();
        await Tickets.Mint("unused", unused, Life);
        Clock.Forward(Life);
        Assert.Null(await Tickets.Redeem("late"));
        await Tickets.Mint("next", New(), Life);
        Assert.Equal(0, await cluster.Count("SELECT count(*) FROM console_ticket WHERE compute = $1", unused.Compute));
        Assert.NotNull(await Tickets.Redeem("next"));
    }

    private PutForward Clock => cluster.Clock;

    private static ConsoleTicket New() => new(Guid.NewGuid(), ConsoleKind.Vnc, new(Guid.NewGuid(), Role.Member, "somebody"));

    public sealed class Timed : ClusterFixture
    {
        internal PutForward Clock { get; } = new();

        protected override TimeProvider Time => Clock;
    }
}
