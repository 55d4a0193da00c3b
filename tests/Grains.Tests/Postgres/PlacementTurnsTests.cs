using Controller.Contracts;
using Controller.Grains.Placement;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Who waits for whom, and for how long.</summary>
public sealed class PlacementTurnsTests
{
    private static readonly Guid Project = Guid.NewGuid();
    private readonly Clock _clock = new();
    private readonly List<int> _groups = [];
    private readonly SemaphoreSlim _free = new(0);

    [Fact]
    public async Task Those_that_are_alike_go_together_and_one_that_is_not_goes_alone()
    {
        var turns = Turns();
        var held = await Hold(turns);
        var alike = Enumerable.Range(0, 70).Select(_ => turns.Place(Asks())).ToArray();
        var alone = turns.Place(Asks() with { OnlyHost = Guid.NewGuid() });
        _free.Release(1000);
        await Task.WhenAll([.. held, .. alike, alone]);
        lock (_groups)
            Assert.Equal([1, 1, PlacementTurns.Most, 70 - PlacementTurns.Most, 1], [.. _groups.Take(2), .. _groups.Skip(2).OrderDescending()]);
    }

    [Fact]
    public async Task Whoever_has_waited_too_long_is_told_so_and_nothing_is_taken_for_it()
    {
        var turns = Turns();
        var held = await Hold(turns);
        var late = turns.Place(Asks());
        _clock.Advance(PlacementTurns.Patience + TimeSpan.FromSeconds(1));
        _free.Release(1000);
        await Task.WhenAll(held);
        var told = await Assert.ThrowsAsync<TimeoutException>(() => late);
        Assert.Contains(Project.ToString(), told.Message, StringComparison.Ordinal);
        lock (_groups)
            Assert.Equal(2, _groups.Count);
        await turns.Place(Asks());   // and it goes on
    }

    [Fact]
    public async Task Trouble_with_one_is_nobody_elses()
    {
        var turns = new PlacementTurns(
            r => r.Cores == 7 ? throw new InvalidOperationException("seven") : Task.FromResult(new PlacementResult(Guid.Empty, OutcomeKind.Done, null)),
            _ => Task.FromResult<IReadOnlyDictionary<PlacementRequest, Placing>>(new Dictionary<PlacementRequest, Placing>()), _clock);
        var all = Enumerable.Range(0, 30).Select(n => (Cores: n % 10, Placed: turns.Place(Asks() with { Cores = n % 10 }))).ToArray();
        foreach (var (cores, placed) in all)
        {
            if (cores == 7)
                await Assert.ThrowsAsync<InvalidOperationException>(() => placed);
            else
                Assert.Equal(OutcomeKind.Done, (await placed).Kind);
        }
    }

    // As many as may be under way are, and wait for their turn.
    private async Task<Task[]> Hold(PlacementTurns turns)
    {
        var first = turns.Place(Asks());
        await Until(() => _groups.Count == 1);
        var second = turns.Place(Asks());
        await Until(() => _groups.Count == 2);
        return [first, second];
    }

    private PlacementTurns Turns() => new(
        async r => (await Counted([r]))[r].Result!,
        Counted, _clock);

    private async Task<IReadOnlyDictionary<PlacementRequest, Placing>> Counted(IReadOnlyList<PlacementRequest> requests)
    {
        lock (_groups)
            _groups.Add(requests.Count);
        await _free.WaitAsync();
        return requests.ToDictionary(r => r, _ => new Placing(new(Guid.Empty, OutcomeKind.Done, null)));
    }

    private async Task Until(Func<bool> isSo)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            lock (_groups)
            {
                if (isSo())
                    return;
            }
            await Task.Delay(5, patience.Token);
        }
    }

    private static PlacementRequest Asks() => new("compute", Guid.NewGuid(), Guid.NewGuid(), Project, 1, 1, 1, null, null);

    private sealed class Clock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _now, by.Ticks);
    }
}
