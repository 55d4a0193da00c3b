using System.CommandLine;
using Controller.Cli.Local;
using Controller.Cli.Local.Steps;
using Controller.Cli.Processes;

namespace Controller.Cli.Database;

/// <summary>Which database: a given one, or that of the local cluster, which is started for it where it does not run.</summary>
internal static class DatabaseOption
{
    private const string Variable = "ConnectionStrings__Controller";

    public static readonly Option<string?> Option = new("--database")
    {
        Description = $"Connection string of the database, as silos have it; also {Variable}. Default: the local cluster's.", HelpName = "STRING",
    };

    /// <param name="parse">The command line.</param>
    /// <param name="wants">What for the local cluster's silos and APIs are to be stopped meanwhile; null: they go on.</param>
    /// <param name="work">What to do with it.</param>
    /// <param name="cancel">Ctrl-C.</param>
    public static async Task<int> With(ParseResult parse, string? wants, Func<DatabaseTools, Task<int>> work, CancellationToken cancel)
    {
        var given = parse.GetValue(Option) ?? Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrWhiteSpace(given))
            return await work(new(given));
        var data = Connection.DataOf(parse);
        if (!File.Exists(Path.Combine(data.Postgres, "PG_VERSION")))
            throw new CliException($"there is no cluster in {data.Root}. Give --data, --database or {Variable}");
        using var held = ClusterLock.TryTake(data);
        if (held is not null)
            return await WithServer(data, work, cancel);
        var running = ProcessTable.Load(data);
        var server = running.FirstOrDefault(r => r.Role == Role.Postgres) ?? throw new CliException($"the cluster in {data.Root} is being started or ended: wait for that");
        var tools = new DatabaseTools(Postgres.ConnectionStringAt(server.Address));
        return wants is null ? await work(tools) : await WithoutControlPlane(data, running, () => work(tools));
    }

    /// <summary>Of a cluster that does not run: PostgreSQL alone, until it is done.</summary>
    private static async Task<int> WithServer(DataDirectory data, Func<DatabaseTools, Task<int>> work, CancellationToken cancel)
    {
        await Leftovers.End(data);
        using var supervisor = new Supervisor(data, new(data), Progress.ToConsole());
        try
        {
            var server = await Postgres.Start(data, supervisor, cancel);
            return await work(new(Postgres.ConnectionStringAt(server.Sockets)));
        }
        catch (StepFailedException failure)
        {
            throw new CliException(failure.Message);
        }
        finally
        {
            await supervisor.EndAll();
            ProcessTable.Delete(data);
        }
    }

    /// <summary>Of a cluster that runs: hosts and database go on, its supervisor starts the others again.</summary>
    private static async Task<int> WithoutControlPlane(DataDirectory data, IReadOnlyList<ProcessRecord> running, Func<Task<int>> work)
    {
        var power = new HostPower(data);
        power.Off(HostPower.ControlPlane);
        try
        {
            foreach (var role in (Role[])[Role.Api, Role.Silo])
                await Task.WhenAll(running.Where(r => r.Role == role).Select(r => Signals.End(r.Process, Ending.Signals(role), Ending.Patience(role))));
            return await work();
        }
        finally
        {
            power.On(HostPower.ControlPlane);
        }
    }
}
