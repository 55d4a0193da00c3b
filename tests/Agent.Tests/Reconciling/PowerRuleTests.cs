using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Reconciling;

public sealed class PowerRuleTests
{
    private const string Life = "boot/1";

    [Theory]
    [InlineData(Power.Off)]
    [InlineData(Power.Crashed)]
    public void A_stop_that_was_seen_is_left(Power now) =>
        Assert.Equal(PowerVerdict.StoppedNow, PowerRule.Decide(Entry(Power.Running), now, Life, watchedItRun: true, stopWasAsked: false));

    [Theory]
    [InlineData(true, false, true)]     // it ran out once
    [InlineData(false, true, true)]     // there is none
    [InlineData(true, true, true)]
    [InlineData(false, false, false)]
    public void A_leased_machine_may_run_only_with_a_lease_that_did_not_run_out(bool ranOut, bool none, bool isFenced)
    {
        var entry = Entry(Power.Running);
        entry.Desired.Machine.Leased = true;
        if (ranOut) entry.Fenced = new Fenced { Epoch = 1 };
        foreach (var power in (Power[])[Power.Off, Power.Crashed, Power.Absent, Power.Running])
            Assert.Equal(isFenced, PowerRule.Decide(entry, power, Life, watchedItRun: true, stopWasAsked: false, hasLease: !none) == PowerVerdict.Fenced);
        Assert.NotEqual(PowerVerdict.Fenced, PowerRule.Decide(Entry(Power.Running), Power.Off, Life, watchedItRun: true, stopWasAsked: false, hasLease: !none));
    }

    [Fact]
    public void A_stop_that_was_not_seen_is_repaired() =>
        Assert.Equal(PowerVerdict.Converge, PowerRule.Decide(Entry(Power.Running), Power.Off, Life, watchedItRun: false, stopWasAsked: false));

    [Fact]
    public void A_late_answer_to_our_own_request_is_repaired() =>
        Assert.Equal(PowerVerdict.Converge, PowerRule.Decide(Entry(Power.Running), Power.Off, Life, watchedItRun: true, stopWasAsked: true));

    [Theory]
    [InlineData(1, Life, true)]
    [InlineData(2, Life, false)]
    [InlineData(1, "boot/2", false)]
    public void An_earlier_stop_counts_in_its_generation_and_life(ulong generation, string life, bool isLeft)
    {
        var entry = Entry(Power.Running);
        entry.Desired.Generation = generation;
        entry.Stopped = new StoppedByItself { Generation = 1, HostLife = Life };

        Assert.Equal(isLeft ? PowerVerdict.StoppedEarlier : PowerVerdict.Converge, PowerRule.Decide(entry, Power.Off, life, watchedItRun: false, stopWasAsked: false));
    }

    [Fact]
    public void What_should_be_off_or_runs_or_is_to_go_is_none_of_its_business()
    {
        var absent = Entry(Power.Running);
        absent.Desired.Absent = true;
        Assert.Equal(PowerVerdict.Converge, PowerRule.Decide(absent, Power.Off, Life, watchedItRun: true, stopWasAsked: false));
        Assert.Equal(PowerVerdict.Converge, PowerRule.Decide(Entry(Power.Off), Power.Off, Life, watchedItRun: true, stopWasAsked: false));
        Assert.Equal(PowerVerdict.Converge, PowerRule.Decide(Entry(Power.Running), Power.Running, Life, watchedItRun: true, stopWasAsked: false));
    }

    private static LedgerObject Entry(Power wanted)
    {
        var desired = Want.Machine();
        desired.Machine.Power = wanted;
        return new LedgerObject { Desired = desired, Applied = 1 };
    }
}
