using System.Diagnostics;
using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary><c>controller console</c> as a person has it: at a terminal, with a machine that really runs.</summary>
[Collection(Fleet.Collection)]
public sealed class LibvirtConsoleTests(Fleet fleet) : IAsyncLifetime
{
    public Task InitializeAsync() => fleet.Sweep();

    public Task DisposeAsync() => Task.CompletedTask;

    [LibvirtFact]
    public async Task At_a_terminal_every_key_is_the_guests_and_afterwards_the_terminal_is_as_it_was()
    {
        var (cloud, api) = (fleet.Cloud, fleet.Api);
        var machine = await cloud.Create("compute", "--title", "typed", "-m", "demo", "-a", "cores=1", "-a", "memory=0.25");
        await new Guest(api, machine).Says("DEMO: ready");

        // What is typed is echoed by the guest, Ctrl-C ends what runs there, and Ctrl-] leaves.
        Assert.Equal("ended 0\nrestored\n", await Terminal(
            cloud, "expect connected", "raw", @"send \n", "expect # ", @"send echo typed-$((6*7))\n", "expect echo typed-$((6*7))", "expect typed-42", "expect # ",
            @"send sh -c 'echo slee""""ping; exec sleep 1000'\n", "expect sleeping", @"send \x03", "expect # ", @"send echo still-$((40+2))\n", "expect still-42", @"send \x1d", "expect left", "end"));
        // Ended from outside.
        Assert.Equal("ended -15\nrestored\n", await Terminal(cloud, "expect connected", "raw", "signal TERM", "end"));
        // The window is closed.
        Assert.StartsWith("ended ", await Terminal(cloud, "expect connected", "raw", "hangup", "end"), StringComparison.Ordinal);
        // The machine ends.
        Assert.Equal("ended 0\nrestored\n", await Terminal(cloud, "expect connected", "raw", @"send \n", "expect # ", @"send poweroff -f\n", "end"));
        await Eventually.Is("it is off", async () => (await api.Get(machine.Path)).State == "inactive", TimeSpan.FromSeconds(60));
        await cloud.Run("occi", "delete", "typed", "--wait");
        await fleet.HasForgotten(machine);
    }

    private static async Task<string> Terminal(Cloud cloud, params string[] steps)
    {
        var script = Path.Combine(Repository.Root, "tests/System.Tests/Harness/terminal.py");
        var start = new ProcessStartInfo("python3", [script, Path.Combine(Repository.Root, "controller"), "console", "typed", "--data", cloud.Data])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in (string[])["CONTROLLER_ENDPOINT", "CONTROLLER_TOKEN"])
            start.Environment.Remove(name);
        using var terminal = Process.Start(start)!;
        var (said, screen) = (terminal.StandardOutput.ReadToEndAsync(), terminal.StandardError.ReadToEndAsync());
        await terminal.StandardInput.WriteAsync(string.Join('\n', steps) + "\n");
        terminal.StandardInput.Close();
        await terminal.WaitForExitAsync();
        Assert.True(terminal.ExitCode == 0, await screen);
        return await said;
    }
}
