using Controller.Contracts;
using Controller.Grains.Mixins;

namespace Controller.Grains.Tests;

public sealed class RemovedMixinTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_watch_ends_when_it_is_over_however_rare_looks_have_become()
    {
        var record = UserMixinsChanges.Add(
            new() { Project = Guid.NewGuid() }, new(new(Guid.Empty, Role.Member, "tester"), [new("http://example.org/tags#gold", "/gold/", null)], 10), Start).Next!;
        record = UserMixinsChanges.Remove(record, new(new(Guid.Empty, Role.Member, "tester"), ["http://example.org/tags#gold"]), Start).Next!;
        record = UserMixinsChanges.Looked(record, none: true, null, Start);
        var end = Assert.Single(record.Removed).Operation.Deadline;
        for (var looks = 0; record.Removed is [var removed]; looks++)
        {
            Assert.InRange(looks, 0, 20);
            Assert.True(removed.Operation.Due <= end, $"It was to be looked at by {end}, and is at {removed.Operation.Due}.");
            record = UserMixinsChanges.Looked(record, none: true, null, removed.Operation.Due);
        }
    }
}
