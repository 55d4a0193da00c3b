using System.CommandLine;
using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary><c>controller down</c>: ends exactly what <c>up</c> started, whatever is left of it.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var command = new Command("down", "Ends what \"up\" started. Everything in the data directory stays.");
        command.SetAction((parse, cancel) => Down(Connection.DataOf(parse), cancel));
        return command;
    }

    private static async Task<int> Down(DataDirectory data, CancellationToken cancel)
    {
        if (!Directory.Exists(data.Root))
            throw new CliException($"there is no cluster: {data.Root} does not exist");
        var supervisor = ProcessTable.Load(data).FirstOrDefault(r => r.Role == Role.Supervisor);
        var names = ProcessTable.Load(data).Where(r => r.Process.Lives).Select(r => r.Name).ToList();
        if (supervisor is { Process.Lives: true })
        {
            // It ends its children in order. One that hangs is killed, and its work is done here.
            await Signals.End(supervisor.Process, Ending.Signals(Role.Supervisor), Ending.Patience(Role.Supervisor));
        }
        using var held = await Take(data, cancel);
        names.AddRange((await Leftovers.End(data)).Except(names));
        File.Delete(data.Endpoint);
        Console.WriteLine(names.Count == 0 ? "Nothing was running." : $"Ended: {string.Join(", ", names)}.");
        return ExitCode.Ok;
    }

    private static async Task<ClusterLock> Take(DataDirectory data, CancellationToken cancel)
    {
        ClusterLock? held = null;
        // Somebody who starts or ends it right now is not written down yet, or not gone yet.
        await Wait.Until(() => Task.FromResult((held = ClusterLock.TryTake(data)) is not null), TimeSpan.FromSeconds(30), cancel);
        return held ?? throw new CliException($"another \"up\" or \"down\" works on {data.Root}: it holds {data.Lock}");
    }
}
