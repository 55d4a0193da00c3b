using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Controller.Agent.Tests.Ledger;

public sealed class LedgerTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_was_stored_is_loaded_and_the_highest_generation_wins()
    {
        var ids = Enumerable.Range(0, 4).Select(_ => Guid.NewGuid().ToString()).ToArray();
        var object_ = Gen.Select(Gen.Int[0, 3], Gen.ULong[1, 9], Gen.ULong[1, 1 << 30], (id, generation, size) => new DesiredObject
        {
            Id = ids[id], Incarnation = ids[id], Generation = generation, Kind = ObjectKind.ObjectVolume, Volume = new VolumeSpec { SizeBytes = size },
        });
        object_.Array[0, 20].Sample(stored =>
        {
            using var own = new ScratchDirectory();
            var ledger = Open(own.Path);
            var expected = new Dictionary<string, DesiredObject>();
            foreach (var wanted in stored)
            {
                var isNews = expected.GetValueOrDefault(wanted.Id) is not { } known || wanted.Generation > known.Generation;
                Assert.Equal(isNews, ledger.Store(wanted));
                if (isNews) expected[wanted.Id] = wanted;
            }

            var loaded = Open(own.Path).All.Select(entry => entry.Desired).ToDictionary(desired => desired.Id);
            Assert.Equal(expected, loaded);
        }, iter: 50);
    }

    [Fact]
    public void Removal_remembers_what_the_object_was()
    {
        var ledger = Open(_scratch.Path);
        var machine = Want.Machine(Want.Volume());
        ledger.Store(machine);

        ledger.Store(machine.Absent());

        var kept = ledger.Find(ObjectKey.Of(machine))!.Desired;
        Assert.True(kept.Absent);
        Assert.Equal(machine.Machine, kept.Machine);
    }

    [Fact]
    public void Only_a_removal_that_was_done_is_forgotten()
    {
        var ledger = Open(_scratch.Path);
        var volume = Want.Volume();
        var key = ObjectKey.Of(volume);
        ledger.Store(volume);
        ledger.Forget(key);
        Assert.NotNull(ledger.Find(key));

        ledger.Store(volume.Absent());
        ledger.Forget(key);
        Assert.NotNull(ledger.Find(key));

        ledger.Update(key, 2, entry => entry.Removed = true);
        ledger.Forget(key);
        Assert.Null(ledger.Find(key));
        Assert.Empty(Open(_scratch.Path).All);
    }

    [Fact]
    public void A_machine_that_was_removed_is_not_made_by_a_wish_that_comes_late()
    {
        var ledger = Open(_scratch.Path);
        ledger.Serve(1);
        var (machine, volume) = (Want.Machine(), Want.Volume());
        foreach (var wanted in new[] { machine, volume })
        {
            ledger.Store(wanted);
            ledger.Store(wanted.Absent());
            ledger.Update(ObjectKey.Of(wanted), 2, entry => entry.Removed = true);
            ledger.Forget(ObjectKey.Of(wanted));
        }

        Assert.False(ledger.Store(machine));
        Assert.True(ledger.Store(machine.Absent()));   // who asks for its removal again is told again
        Assert.True(ledger.Store(volume));

        var again = machine.Clone();
        again.Incarnation = Guid.NewGuid().ToString();
        Assert.True(ledger.Store(again));

        ledger.Update(ObjectKey.Of(machine), 2, entry => entry.Removed = true);
        ledger.Forget(ObjectKey.Of(machine));
        ledger.Serve(1);
        Assert.False(ledger.Store(machine));
        ledger.Serve(2);
        Assert.True(ledger.Store(machine));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData("6F9619FF-8B86-D011-B42D-00C04FC964FF")]
    public void An_id_that_is_no_lower_case_uuid_never_becomes_a_file_name(string id)
    {
        var volume = Want.Volume();
        volume.Id = id;

        Assert.False(Open(_scratch.Path).Store(volume));
    }

    [Fact]
    public void A_half_written_replacement_leaves_the_old_content()
    {
        var volume = Want.Volume();
        Open(_scratch.Path).Store(volume);
        File.WriteAllBytes(Path.Combine(_scratch.Path, "objects", $"{volume.Id}.{volume.Incarnation}{AtomicFile.TemporarySuffix}"), [1, 2, 3]);

        Assert.Equal(volume, Assert.Single(Open(_scratch.Path).All).Desired);
    }

    [Fact]
    public void Sequence_numbers_never_repeat_over_a_crash()
    {
        var time = new FakeTimeProvider();
        var before = new SequenceCounter(Files(_scratch.Path), time);
        var last = Enumerable.Range(0, 5).Select(_ => before.Next()).Last();

        Assert.True(new SequenceCounter(Files(_scratch.Path), time).Next() > last);
    }

    [Fact]
    public void The_fence_only_rises()
    {
        var fence = new EpochFence(Files(_scratch.Path));
        Assert.True(fence.Admit(7));
        Assert.True(fence.Admit(7));
        Assert.False(fence.Admit(6));
        Assert.Equal(7ul, new EpochFence(Files(_scratch.Path)).Highest);
    }

    [Fact]
    public void The_last_thousand_operations_are_remembered()
    {
        var operations = new OperationLedger(Files(_scratch.Path));
        for (var i = 0; i <= OperationLedger.Kept; i++) operations.Add(new OperationFinished { OperationId = $"op-{i}" });

        var loaded = new OperationLedger(Files(_scratch.Path));
        Assert.Null(loaded.Find("op-0"));
        Assert.NotNull(loaded.Find("op-1"));
        Assert.NotNull(loaded.Find($"op-{OperationLedger.Kept}"));
    }

    private static LedgerFiles Files(string directory) => new(directory, NullLogger<LedgerFiles>.Instance);

    private static HostLedger Open(string directory) => new(Files(directory), NullLogger<HostLedger>.Instance);
}
