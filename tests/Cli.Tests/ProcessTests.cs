using System.Diagnostics;
using Controller.Cli.Local;
using Controller.Cli.Processes;

namespace Controller.Cli.Tests;

public sealed class ProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("7 (a) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 1 1", 7, 'S', 7, 4711)]
    [InlineData("12 (x) Z (y)) R 1 12 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 1 1", 12, 'R', 3, 99)]
    [InlineData("5 (two words) Z 1 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1", 5, 'Z', 5, 1)]
    public void Reads_what_the_kernel_says_of_a_process(string line, int pid, char state, int session, long start) =>
        Assert.Equal(new ProcessStat(pid, state, session, start), ProcessStat.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("7 (a")]
    [InlineData("7 (a) S 1 7")]
    public void What_is_no_such_line_is_no_process(string line) => Assert.Null(ProcessStat.Parse(line));

    [Fact]
    public async Task A_process_lives_until_it_is_ended()
    {
        using var process = Sleep("sleep", "600");
        var identity = ProcessIdentity.Of(process.Id);
        Assert.True(identity?.Lives);
        await Signals.End(identity!, [Signal.Terminate], Patience);
        Assert.False(identity!.Lives);
        Assert.Null(ProcessIdentity.Of(process.Id));
    }

    [Fact]
    public void A_pid_that_belongs_to_another_run_is_not_ours()
    {
        using var process = Sleep("sleep", "600");
        var other = ProcessIdentity.Of(process.Id)! with { StartTicks = 1 };
        Assert.False(other.Lives);
        Assert.Empty(other.Session());
        Assert.False(Signals.Send(other, Signal.Kill));
        Assert.False((ProcessIdentity.Of(process.Id)! with { BootId = "another boot" }).Lives);
        Assert.False(process.HasExited);
        process.Kill();
    }

    [Fact]
    public async Task One_that_will_not_listen_is_killed_with_all_of_its_session()
    {
        using var directory = new TemporaryDirectory();
        var ready = Path.Combine(directory.Path, "ready");
        using var process = Sleep("setsid", "sh", "-c", $"trap '' TERM; (trap '' TERM; sleep 600) & touch {ready}; while :; do sleep 1; done");
        Assert.True(await Signals.Gone(() => File.Exists(ready), Patience));
        var identity = ProcessIdentity.Of(process.Id)!;
        Assert.True(identity.Session().Count >= 2);
        await Signals.End(identity, [Signal.Terminate], TimeSpan.FromMilliseconds(200));
        Assert.False(identity.Lives);
        Assert.Empty(identity.Session());
    }

    [Fact]
    public async Task What_an_earlier_start_left_is_ended_and_nothing_else()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        data.Create();
        using var written = Sleep("sleep", "600");
        using var marked = Start(new("sleep", ["600"]) { Environment = { [ProcessSpec.Marker] = data.Root } });
        using var marksOther = Start(new("sleep", ["600"]) { Environment = { [ProcessSpec.Marker] = data.Root + "-other" } });
        using var reused = Sleep("sleep", "600");
        var table = new ProcessTable(data);
        table.Put(new("silo-1", Role.Silo, ProcessIdentity.Of(written.Id)!, "", null));
        table.Put(new("api-1", Role.Api, ProcessIdentity.Of(reused.Id)! with { StartTicks = 1 }, "", null));

        var ended = await Leftovers.End(data);

        Assert.Equal(["silo-1", $"pid {marked.Id}"], ended);
        Assert.True(written.WaitForExit(Patience) && marked.WaitForExit(Patience));
        Assert.False(marksOther.HasExited || reused.HasExited);
        Assert.Empty(ProcessTable.Load(data));
        marksOther.Kill();
        reused.Kill();
    }

    [Fact]
    public void The_table_is_read_back_as_written_and_lists_a_line_a_process()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        var table = new ProcessTable(data);
        var silo = new ProcessRecord("silo-1", Role.Silo, new(12, 345, "boot"), "agents 127.0.0.1:1", "http://127.0.0.1:2/health/ready");
        var api = new ProcessRecord("api-1", Role.Api, new(13, 346, "boot"), "http://127.0.0.1:3", null);
        table.Put(silo);
        table.Put(api);
        Assert.Equal([api, silo], ProcessTable.Load(data));
        Assert.Equal("13 api-1\n12 silo-1\n", File.ReadAllText(data.Pids));
    }

    [Fact]
    public void A_data_directory_has_one_owner_at_a_time()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        using (var first = ClusterLock.TryTake(data))
        {
            Assert.NotNull(first);
            Assert.Null(ClusterLock.TryTake(data));
        }
        using var second = ClusterLock.TryTake(data);
        Assert.NotNull(second);
    }

    private static Process Sleep(string program, params string[] arguments) => Start(new(program, arguments));

    private static Process Start(ProcessStartInfo start) => Process.Start(start)!;
}
