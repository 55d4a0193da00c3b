using Controller.Api.Overload;

namespace Controller.Api.Tests.Faults;

/// <summary>The order in which requests are worked on, and who is turned away.</summary>
public sealed class FairQueueTests
{
    private static readonly Guid Storm = Guid.NewGuid(), Quiet = Guid.NewGuid();

    private static FairQueue Queue(int concurrent = 1, int queued = 4, TimeSpan? wait = null, int operators = 1, int? perProject = null) => new(
        new() { MaxConcurrent = concurrent, MaxConcurrentPerProject = perProject ?? concurrent, MaxQueued = queued, OperatorsConcurrent = operators, MaxWait = wait ?? TimeSpan.FromMinutes(1) }, TimeProvider.System);

    private static Task<Admission> Enter(FairQueue queue, Guid tenant, bool isOperators = false, CancellationToken gone = default) =>
        queue.Enter(tenant, isOperators, gone).AsTask();

    [Fact]
    public async Task So_many_run_so_many_wait_and_the_rest_is_told_at_once()
    {
        var queue = Queue(concurrent: 2, queued: 3);
        Task<Admission>[] entered = [.. Enumerable.Range(0, 10).Select(_ => Enter(queue, Storm))];
        Assert.Equal((2, 3), queue.Now);
        Assert.All(entered[..2], e => Assert.Equal(Admission.Admitted, e.Result));
        Assert.All(entered[2..5], e => Assert.False(e.IsCompleted));
        Assert.All(entered[5..], e => Assert.Equal(Admission.OverShare, e.Result));
        for (var i = 2; i < 5; i++)
        {
            queue.Leave(Storm, false);
            Assert.Equal(Admission.Admitted, await entered[i]);   // in the order in which they came
        }
        queue.Leave(Storm, false);
        queue.Leave(Storm, false);
        Assert.Equal((0, 0), queue.Now);
    }

    [Fact]
    public async Task Nobody_has_more_than_the_share_of_one()
    {
        var queue = new FairQueue(new() { MaxConcurrent = 4, MaxQueued = 3, MaxWait = TimeSpan.FromMinutes(1) }, TimeProvider.System);   // half of it, where nothing else is said
        Task<Admission>[] storm = [.. Enumerable.Range(0, 5).Select(_ => Enter(queue, Storm))];
        Assert.Equal((2, 3), queue.Now);
        Assert.True(Enter(queue, Quiet).IsCompletedSuccessfully);   // however full the queue is: nobody in it may have the place
        Assert.Equal((3, 3), queue.Now);
        queue.Leave(Quiet, false);
        Assert.Equal((2, 3), queue.Now);                            // and it is nobody's of the storm afterwards
        Assert.False(storm[2].IsCompleted);
        Assert.Equal(Admission.Admitted, await Enter(queue, Storm, isOperators: true));   // what operators do is not counted
        queue.Leave(Storm, true);
        queue.Leave(Storm, false);
        Assert.Equal(Admission.Admitted, await storm[2]);
        Assert.Equal((2, 2), queue.Now);
    }

    [Fact]
    public async Task A_storm_waits_behind_itself()
    {
        var queue = Queue(queued: 4);
        await Enter(queue, Storm);
        Task<Admission>[] storm = [.. Enumerable.Range(0, 4).Select(_ => Enter(queue, Storm))];
        var quiet = Enter(queue, Quiet);                     // the queue is full, of the other's
        Assert.Equal(Admission.OverShare, await storm[3]);   // whose newest makes room
        Assert.Equal((1, 4), queue.Now);
        queue.Leave(Storm, false);
        Assert.Equal(Admission.Admitted, await storm[0]);
        queue.Leave(Storm, false);
        Assert.Equal(Admission.Admitted, await quiet);       // and not behind the others of the storm
        Assert.False(storm[1].IsCompleted);
    }

    [Fact]
    public async Task Nobody_is_pushed_out_by_one_who_has_as_many()
    {
        var queue = Queue(queued: 2);
        await Enter(queue, Storm);
        var (storm, quiet) = (Enter(queue, Storm), Enter(queue, Quiet));
        Assert.Equal(Admission.OverShare, await Enter(queue, Quiet));
        Assert.Equal(Admission.OverShare, await Enter(queue, Storm));
        Assert.False(storm.IsCompleted || quiet.IsCompleted);
    }

    [Fact]
    public async Task Operators_go_first_and_have_places_of_their_own()
    {
        var queue = Queue(queued: 2, operators: 1);
        await Enter(queue, Storm);
        Task<Admission>[] storm = [.. Enumerable.Range(0, 3).Select(_ => Enter(queue, Storm))];
        Assert.Equal(Admission.Admitted, await Enter(queue, Quiet, isOperators: true));
        var second = Enter(queue, Quiet, isOperators: true);   // however full the others' queue is
        Assert.False(second.IsCompleted);
        queue.Leave(Storm, false);
        Assert.Equal(Admission.Admitted, await second);
        queue.Leave(Quiet, true);
        Assert.False(storm[0].IsCompleted);                    // one of the operators is still worked on
        queue.Leave(Quiet, true);
        Assert.Equal(Admission.Admitted, await storm[0]);
    }

    [Fact]
    public async Task Who_has_waited_too_long_is_told_and_who_is_gone_takes_no_turn()
    {
        var queue = Queue(wait: TimeSpan.FromMilliseconds(50));
        await Enter(queue, Storm);
        Assert.Equal(Admission.Overloaded, await Enter(queue, Storm));
        using var gone = new CancellationTokenSource();
        var left = Enter(queue, Quiet, gone: gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal((1, 0), queue.Now);
        queue.Leave(Storm, false);
        Assert.Equal(Admission.Admitted, await Enter(queue, Quiet));
    }

    [Fact]
    public async Task Nothing_is_lost_or_counted_twice_whatever_the_order()
    {
        var queue = Queue(concurrent: 3, queued: 5, wait: TimeSpan.FromMilliseconds(5), perProject: 2);
        var (running, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(async () =>
        {
            using var gone = new CancellationTokenSource();
            var (tenant, isOperators) = (i % 3 == 0 ? Quiet : Storm, i % 11 == 0);
            if (i % 7 == 0)
                gone.CancelAfter(1);
            try
            {
                if (await Enter(queue, tenant, isOperators, gone.Token) != Admission.Admitted)
                    return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            var now = Interlocked.Increment(ref running);
            for (var seen = most; now > seen; seen = most)
                Interlocked.CompareExchange(ref most, now, seen);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            queue.Leave(tenant, isOperators);
        })));
        Assert.InRange(most, 1, 4);
        Assert.Equal((0, 0), queue.Now);
    }

    [Fact]
    public void Of_what_lasts_there_is_so_much_and_so_much_of_one_project()
    {
        var seats = new Seats(most: 3, perProject: 2);
        var first = seats.Take(Storm);
        Assert.NotNull(first);
        Assert.NotNull(seats.Take(Storm));
        Assert.Null(seats.Take(Storm));
        Assert.NotNull(seats.Take(Quiet));
        Assert.Null(seats.Take(Quiet));   // all are taken
        first.Dispose();
        first.Dispose();                  // it is one all the same
        Assert.NotNull(seats.Take(Quiet));
        Assert.Null(seats.Take(Storm));
    }
}
