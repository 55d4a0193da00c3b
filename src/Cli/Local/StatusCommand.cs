using System.CommandLine;
using System.Text.Json;
using Controller.Cli.Output;

namespace Controller.Cli.Local;

/// <summary>One line of <c>controller status</c>.</summary>
internal sealed record ProcessStatus(string Name, int Pid, string Health, string Address);

/// <summary><c>controller status</c>: each process, its pid, health and address.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var output = OutputFormat.Option();
        var command = new Command("status", "Shows each process of the local cluster, its pid, health and address.") { output };
        command.SetAction((parse, cancel) => Status(Connection.DataOf(parse), parse.GetValue(output)!, cancel));
        return command;
    }

    private static async Task<int> Status(DataDirectory data, string format, CancellationToken cancel)
    {
        var records = ProcessTable.Load(data);
        var power = new HostPower(data);
        var all = await Task.WhenAll(records.Select(async r =>
            new ProcessStatus(r.Name, r.Process.Pid, power.Holds(r.Name) ? "switched off" : await Health.Trouble(r, cancel) ?? "ok", r.Role == Role.Supervisor ? SafeFile.Read(data.Endpoint) ?? "" : r.Address)));
        if (format is OutputFormat.Json)
            Console.WriteLine(JsonSerializer.Serialize(all, LocalJson.Default.ProcessStatusArray));
        else if (format is OutputFormat.Yaml)
            Console.Write(Yaml.Of(JsonSerializer.SerializeToNode(all, LocalJson.Default.ProcessStatusArray)));
        else if (all.Length == 0)
            Console.WriteLine($"Nothing runs on {data.Root}.");
        else
            Console.Write(new Table("PROCESS", "PID", "HEALTH", "ADDRESS").AddAll(all.Select(s => (string[])[s.Name, $"{s.Pid}", s.Health, s.Address])));
        return all.Length > 0 && all.All(s => s.Health == "ok") ? ExitCode.Ok : ExitCode.Failed;
    }
}
