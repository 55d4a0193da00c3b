using Controller.Api.Cluster;
using Controller.Contracts;

namespace Controller.Api.Tests;

/// <summary>A silo that dies may have done what it was asked for: the second attempt must not make something else of that.</summary>
public sealed class TwiceTests
{
    private int _calls;

    [Fact]
    public async Task What_a_second_attempt_finds_deleted_is_deleted()
    {
        Assert.Equal(OutcomeKind.AlreadyDone, (await Twice.Delete(null, () => Dies(OutcomeKind.NotFound))).Kind);
        Assert.Equal(2, _calls);
        Assert.Equal((new Outcome(OutcomeKind.NotFound), false), await Twice.Counted(() => Dies(OutcomeKind.NotFound)));   // found by the first attempt
        _calls = 0;
        Assert.Equal((new Outcome(OutcomeKind.AlreadyDone), true), await Twice.Counted(() => Dies(OutcomeKind.AlreadyDone)));
    }

    [Fact]
    public async Task What_is_asked_for_on_a_condition_is_asked_for_once()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => Twice.Try(7, () => Dies(OutcomeKind.Conflict)));
        await Assert.ThrowsAsync<TimeoutException>(() => Twice.Delete(7, () => { _calls = 0; return Dies(OutcomeKind.Conflict); }));
        Assert.Equal(1, _calls);
        _calls = 0;
        Assert.Equal(OutcomeKind.Done, (await Twice.Try(null, () => Dies(OutcomeKind.Done))).Kind);
    }

    private Task<Outcome> Dies(OutcomeKind afterwards) => ++_calls == 1 ? throw new TimeoutException() : Task.FromResult(new Outcome(afterwards));
}
