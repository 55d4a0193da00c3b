using Controller.Contracts;
using Controller.Grains.Compute;
using static Controller.Grains.Compute.EndSeen;
using static Controller.Grains.Compute.MigrationAnswer;
using static Controller.Grains.Compute.MigrationVerdict;

namespace Controller.Grains.Tests;

/// <summary>Who has a machine that moves: every answer with every pair of what is seen on its two ends.</summary>
public class MigrationRuleTests
{
    // One letter for each end's look of the target: Unknown, Nothing, UnderWay, Still, Running. W: wait, S: switch over, stay: B (back).
    private static readonly (MigrationAnswer Answer, EndSeen Source, string OfTargets)[] Table =
    [
        (HandedOver, Unknown, "SSSSS"), (HandedOver, Nothing, "SSSSS"), (HandedOver, UnderWay, "SSSSS"), (HandedOver, Still, "SSSSS"), (HandedOver, Running, "SSSSS"),
        (None, Unknown, "WWWWW"),
        (None, Nothing, "WWWSS"),
        (None, UnderWay, "WWWWW"),
        (None, Still, "WWWSS"),
        (None, Running, "WWWWW"),
        (Failed, Unknown, "WWWWW"),
        (Failed, Nothing, "WBBSS"),
        (Failed, UnderWay, "WWWWW"),
        (Failed, Still, "WBBSS"),
        (Failed, Running, "BBBBB"),
    ];

    public static TheoryData<string, string, string, string> Cases()
    {
        var cases = new TheoryData<string, string, string, string>();
        foreach (var (answer, source, targets) in Table)
        {
            foreach (var target in Enum.GetValues<EndSeen>())
                cases.Add(answer.ToString(), source.ToString(), target.ToString(), targets[(int)target] switch { 'S' => "SwitchOver", 'B' => "Stay", _ => "Wait" });
        }
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Both_ends_and_the_answer_decide(string answer, string source, string target, string verdict) => Assert.Equal(
        Enum.Parse<MigrationVerdict>(verdict),
        MigrationRule.Decide(Enum.Parse<MigrationAnswer>(answer), Enum.Parse<EndSeen>(source), Enum.Parse<EndSeen>(target), overdue: false));

    [Fact]
    public void The_table_is_complete() =>
        Assert.Equal(Enum.GetValues<MigrationAnswer>().Length * Enum.GetValues<EndSeen>().Length, Table.Select(row => (row.Answer, row.Source)).Distinct().Count());

    [Fact]
    public void What_is_seen_running_at_the_source_is_never_taken_from_it_without_its_word() => Assert.All(
        from answer in (MigrationAnswer[])[None, Failed]
        from target in Enum.GetValues<EndSeen>()
        from overdue in (bool[])[false, true]
        select MigrationRule.Decide(answer, Running, target, overdue),
        verdict => Assert.NotEqual(SwitchOver, verdict));

    [Fact]
    public void A_refused_migration_ends_even_where_nothing_is_known_once_its_time_is_over() => Assert.All(
        from source in Enum.GetValues<EndSeen>()
        from target in Enum.GetValues<EndSeen>()
        select MigrationRule.Decide(Failed, source, target, overdue: true),
        verdict => Assert.NotEqual(Wait, verdict));

    [Theory]
    [InlineData(Power.Running, TransferState.UnderWay, MigrateMethod.Live, UnderWay)]
    [InlineData(Power.Running, TransferState.Waiting, MigrateMethod.Live, Running)]
    [InlineData(Power.Paused, TransferState.Waiting, MigrateMethod.Live, Still)]     // libvirtd died between the last page and the answer
    [InlineData(Power.Paused, TransferState.UnderWay, MigrateMethod.Live, UnderWay)]
    [InlineData(Power.Off, TransferState.Waiting, MigrateMethod.Live, Nothing)]
    [InlineData(Power.Off, TransferState.Waiting, MigrateMethod.Cold, Still)]
    [InlineData(Power.Crashed, TransferState.Waiting, MigrateMethod.Live, Nothing)]
    [InlineData(Power.Unknown, TransferState.None, MigrateMethod.Live, Unknown)]
    internal void The_source_is_read(Power power, TransferState transfer, MigrateMethod method, EndSeen seen) =>
        Assert.Equal(seen, MigrationRule.SourceSeen(new(Guid.NewGuid(), Guid.NewGuid(), 1, power, transfer), method));

    [Theory]
    [InlineData(Power.Absent, TransferState.Waiting, Nothing)]
    [InlineData(Power.Paused, TransferState.UnderWay, UnderWay)]
    [InlineData(Power.Paused, TransferState.Arrived, Still)]
    [InlineData(Power.Off, TransferState.Arrived, Still)]
    [InlineData(Power.Running, TransferState.Arrived, Running)]
    [InlineData(Power.Unknown, TransferState.None, Unknown)]
    internal void The_target_is_read(Power power, TransferState transfer, EndSeen seen) =>
        Assert.Equal(seen, MigrationRule.TargetSeen(new(Guid.NewGuid(), Guid.NewGuid(), 1, power, transfer)));
}
