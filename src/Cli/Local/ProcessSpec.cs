using System.Diagnostics;
using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary>How to start one of the cluster's processes, and how to see that it is well.</summary>
internal sealed record ProcessSpec(string Name, Role Role, string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>Marks every process of a cluster with its data directory, so that one which was started but not yet written down is found too.</summary>
    public const string Marker = "CONTROLLER_CLUSTER";

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it can be reached, for people.</summary>
    public string Address { get; init; } = "";

    /// <summary>As in <see cref="ProcessRecord"/>.</summary>
    public string? Health { get; init; }

    /// <summary>A check of its own, where <see cref="Health"/> says too little: null when well, else why not.</summary>
    public Func<CancellationToken, Task<string?>>? Ready { get; init; }

    /// <summary>Starts it in a session of its own, so that Ctrl-C reaches the supervisor only, which ends all in order.</summary>
    public Process Start(DataDirectory data)
    {
        // setsid calls setsid(2) and becomes the shell, which becomes the program: one pid all along.
        var logged = Tool.Logged(Program, Arguments, data.Log(Name));
        var start = new ProcessStartInfo("setsid", [logged.FileName, .. logged.ArgumentList]) { WorkingDirectory = data.Root };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        start.Environment[Marker] = data.Root;
        File.AppendAllText(data.Log(Name), $"--- {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm:ss'Z'} start of {Name} ---\n");
        return Process.Start(start) ?? throw new CliException($"{Name}: setsid does not start");
    }
}

/// <summary>How processes of each role are ended.</summary>
internal static class Ending
{
    /// <summary>What to ask with, in turn, before the kill.</summary>
    public static IReadOnlyList<Signal> Signals(Role role) => role switch
    {
        // PostgreSQL: fast shutdown, then immediate (it recovers at the next start).
        Role.Postgres => [Signal.Interrupt, Signal.Quit],
        _ => [Signal.Terminate],
    };

    /// <summary>How long each of the signals is given.</summary>
    public static TimeSpan Patience(Role role) => role switch
    {
        Role.Supervisor => TimeSpan.FromSeconds(90),
        Role.Postgres => TimeSpan.FromSeconds(20),
        Role.Libvirt => TimeSpan.FromSeconds(10),
        _ => TimeSpan.FromSeconds(15),
    };
}
