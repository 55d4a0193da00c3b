using Controller.Contracts;
using Controller.Grains.Availability;

namespace Controller.Grains.Tests.Availability;

/// <summary>Is it certain that the host's machines do not run? The table, by its rules and line by line.</summary>
public sealed class LossRuleTests
{
    private static readonly AvailabilityOptions Options = new() { Lease = TimeSpan.FromSeconds(60), Margin = TimeSpan.FromSeconds(15) };
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly int?[] LeaseEnds = [null, -3600, -16, -15, -1, 0, 1, 60];
    private static readonly int[] Silences = [16, 74, 75, 76, 3600];
    private static readonly bool[] Both = [false, true];
    private static readonly PowerState?[] Answers = [null, PowerState.Unknown, PowerState.Off, PowerState.On];

    private static IEnumerable<LossFacts> All =>
        from ends in LeaseEnds from silent in Silences from guarded in Both from fence in Both from says in fence ? Answers : [null]
        select Facts(silent, ends, guarded, fence, says);

    [Fact]
    public void A_host_is_lost_only_with_a_proof() => Assert.All(All, facts =>
    {
        if (LossRule.Decide(facts, Options) is not LossVerdict.Lost lost)
            return;
        if (lost.Proof == LossProof.PoweredOff)
        {
            Assert.Equal(PowerState.Off, facts.FenceSays!.Power);
            return;
        }
        Assert.Equal(LossProof.LeaseOver, lost.Proof);
        Assert.True(facts.Guarded);
        Assert.True(facts.LeaseUntil is null || facts.Now > facts.LeaseUntil + Options.Margin);
        Assert.True(facts.Silent > Options.Lease + Options.Margin);
    });

    [Fact]
    public void A_host_whose_machines_end_with_their_lease_is_never_switched_off() =>
        Assert.All(All.Where(f => f.Guarded), facts => Assert.False(LossRule.Decide(facts, Options) is LossVerdict.Ask { SwitchOff: true }));

    [Fact]
    public void Whatever_is_waited_for_is_said() => Assert.All(All, facts => Assert.NotEmpty(LossRule.Decide(facts, Options) switch
    {
        LossVerdict.Wait wait => wait.For,
        LossVerdict.Ask ask => ask.For,
        LossVerdict.Lost lost => lost.Why,
        _ => "",
    }));

    [Theory]
    [InlineData(76, -16, true, false, null, "lost LeaseOver")]
    [InlineData(76, -15, true, false, null, "wait")]            // the margin is not over
    [InlineData(75, -16, true, false, null, "wait")]            // this silo has not listened for long enough
    [InlineData(76, -16, true, true, PowerState.On, "lost LeaseOver")]   // on, but its guard has ended them
    [InlineData(16, 40, true, true, PowerState.Off, "lost PoweredOff")]  // a proof need not wait
    [InlineData(16, 40, true, true, null, "ask")]
    [InlineData(16, null, false, true, null, "ask")]
    [InlineData(16, null, false, true, PowerState.Unknown, "ask")]
    [InlineData(76, null, false, true, PowerState.On, "switch off")]
    [InlineData(76, null, false, true, PowerState.Unknown, "switch off")]   // the BMC does not answer: asked again, never believed
    [InlineData(76, null, false, true, PowerState.Off, "lost PoweredOff")]
    [InlineData(3600, -3600, false, false, null, "wait")]       // unknown is not failed
    public void The_table(int silent, int? leaseEnds, bool guarded, bool fence, PowerState? says, string verdict) => Assert.Equal(verdict, Words(LossRule.Decide(Facts(silent, leaseEnds, guarded, fence, says), Options)));

    private static LossFacts Facts(int silent, int? leaseEnds, bool guarded, bool fence, PowerState? says) => new(
        TimeSpan.FromSeconds(silent), Now, leaseEnds is { } ends ? Now.AddSeconds(ends) : null, guarded, fence, says is { } power ? new(power, null, Now) : null);

    private static string Words(LossVerdict verdict) => verdict switch
    {
        LossVerdict.Lost lost => $"lost {lost.Proof}",
        LossVerdict.Ask { SwitchOff: true } => "switch off",
        LossVerdict.Ask => "ask",
        _ => "wait",
    };
}
