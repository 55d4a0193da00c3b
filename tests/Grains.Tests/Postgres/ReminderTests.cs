using Controller.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Orleans' reminders on our own queries.</summary>
[Collection("database")]
public sealed class ReminderTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);
    private readonly string _service = Guid.NewGuid().ToString("N");
    private IHost _host = null!;   // set by InitializeAsync, as the other
    private IReminderTable _table = null!;

    public async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (_service, _service)).UseLocalhostClustering();
            SiloHost.AddRecords(silo, fixture.Database);
        });
        _host = builder.Build();
        _table = _host.Services.GetRequiredService<IReminderTable>();
        await _table.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _table.TestOnlyClearTable();
        _host.Dispose();
    }

    [Fact]
    public async Task A_reminder_is_written_and_read()
    {
        var grain = GrainId.Create("compute", "compute/1");
        Assert.Null(await _table.ReadRow(grain, "sweep"));
        var first = await _table.UpsertRow(Reminder(grain, "sweep", TimeSpan.FromMinutes(1)));
        await _table.UpsertRow(Reminder(grain, "other", TimeSpan.FromDays(30)));
        await _table.UpsertRow(Reminder(GrainId.Create("compute", "compute/2"), "sweep", TimeSpan.FromMinutes(2)));
        var read = (await _table.ReadRow(grain, "sweep"))!;
        Assert.Equal((grain, "sweep", Noon, TimeSpan.FromMinutes(1), first), (read.GrainId, read.ReminderName, read.StartAt, read.Period, read.ETag));
        Assert.Equal(["other", "sweep"], (await _table.ReadRows(grain)).Reminders.Select(r => r.ReminderName).Order());
        Assert.Equal(TimeSpan.FromDays(30), (await _table.ReadRow(grain, "other"))!.Period);
    }

    [Fact]
    public async Task Writing_it_again_replaces_it_under_a_new_version()
    {
        var grain = GrainId.Create("compute", "compute/1");
        var first = await _table.UpsertRow(Reminder(grain, "sweep", TimeSpan.FromMinutes(1)));
        var second = await _table.UpsertRow(Reminder(grain, "sweep", TimeSpan.FromMinutes(5)));
        Assert.NotEqual(first, second);
        var read = Assert.Single((await _table.ReadRows(grain)).Reminders);
        Assert.Equal((TimeSpan.FromMinutes(5), second), (read.Period, read.ETag));
    }

    [Fact]
    public async Task A_stale_version_deletes_nothing()
    {
        var grain = GrainId.Create("compute", "compute/1");
        var first = await _table.UpsertRow(Reminder(grain, "sweep", TimeSpan.FromMinutes(1)));
        var second = await _table.UpsertRow(Reminder(grain, "sweep", TimeSpan.FromMinutes(1)));
        Assert.False(await _table.RemoveRow(grain, "sweep", first!));
        Assert.False(await _table.RemoveRow(grain, "another", second!));
        Assert.True(await _table.RemoveRow(grain, "sweep", second!));
        Assert.False(await _table.RemoveRow(grain, "sweep", second!));
        Assert.Empty((await _table.ReadRows(grain)).Reminders);
    }

    /// <summary>A silo owns (begin, end] of a ring of 2^32, which may wrap; of equal ends, all of it.</summary>
    [Fact]
    public async Task A_range_holds_what_lies_on_its_part_of_the_ring()
    {
        var grains = Enumerable.Range(0, 60).Select(i => GrainId.Create("compute", $"compute/{i}")).ToArray();
        foreach (var grain in grains)
            await _table.UpsertRow(Reminder(grain, "sweep", TimeSpan.FromMinutes(1)));
        var random = new Random(5);
        // Random ends and ends that are somebody's hash, on both sides of the sign bit of the column's integer; then the wrapped form of each.
        var ends = Enumerable.Range(0, 12).Select(_ => (uint)random.NextInt64(1L << 32)).Concat(grains.Take(8).Select(g => g.GetUniformHashCode())).Concat(new uint[] { 0, uint.MaxValue, int.MaxValue, 0x80000000 }).ToArray();
        for (var i = 0; i < 60; i++)
        {
            var (begin, end) = (ends[random.Next(ends.Length)], i < 5 ? ends[i] : ends[random.Next(ends.Length)]);
            if (i < 5)
                begin = end;
            var expected = grains.Where(g => begin == end || unchecked(g.GetUniformHashCode() - begin - 1) < unchecked(end - begin)).Select(g => g.ToString()).Order(StringComparer.Ordinal);
            Assert.Equal(expected, (await _table.ReadRows(begin, end)).Reminders.Select(r => r.GrainId.ToString()).Order(StringComparer.Ordinal));
        }
    }

    private static ReminderEntry Reminder(GrainId grain, string name, TimeSpan period) => new() { GrainId = grain, ReminderName = name, StartAt = Noon, Period = period };
}
