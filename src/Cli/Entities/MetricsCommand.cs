using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Operators;
using Controller.Cli.Output;

namespace Controller.Cli.Entities;

/// <summary><c>controller metrics ID</c>: what a machine has used, as rates between measures.</summary>
internal static class MetricsCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var last = new Option<string>("--last") { Description = "How far back: 10m, 1h, …", HelpName = "DURATION", DefaultValueFactory = _ => "10m" };
        var format = OutputFormat.Option();
        var watching = new Watching();
        var command = new Command("metrics", "Shows what a machine has used within the last hour.") { id, last, format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            var back = Duration.Parse(parse.GetValue(last)!);
            using var session = await Session.Open(parse, cancel);
            var machine = (await session.Finder.Find(parse.GetRequiredValue(id), cancel)).Uuid();
            return await watching.Run(parse, parse.GetValue(format)!, async now =>
            {
                var since = TimeProvider.System.GetUtcNow() - back;
                var path = $"/metrics/compute/{machine}?since={Uri.EscapeDataString(since.ToString("O", CultureInfo.InvariantCulture))}";
                var answer = await session.Client.Api.Json(HttpMethod.Get, path, null, now);
                var samples = answer?["samples"] as JsonArray ?? [];
                return OutputFormat.Text(samples, parse.GetValue(format)!, _ => Table([.. samples.OfType<JsonNode>()]).ToString());
            }, cancel);
        });
        return command;
    }

    /// <summary>A line for each measure but the first: rates need two, of one run of the machine.</summary>
    internal static Table Table(IReadOnlyList<JsonNode> samples)
    {
        var table = new Table("TIME", "CPU", "MEMORY", "USED", "READ/S", "WRITTEN/S", "IN/S", "OUT/S");
        foreach (var (before, now) in samples.Zip(samples.Skip(1)))
        {
            var seconds = (Taken(now) - Taken(before)).TotalSeconds;
            string Rate(Func<JsonNode, double> counter) =>
                counter(now) < counter(before) || seconds <= 0 ? "" : Bytes((counter(now) - counter(before)) / seconds);

            var cpu = (Number(now["cpuSeconds"]) - Number(before["cpuSeconds"])) / seconds;
            table.Add(
                Taken(now).ToUniversalTime().ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                cpu >= 0 && seconds > 0 ? (cpu * 100).ToString("0.0'%'", CultureInfo.InvariantCulture) : "",
                Bytes(Number(now["memoryBytes"])),
                now["memoryUsedBytes"] is null ? "" : Bytes(Number(now["memoryUsedBytes"])),
                Rate(s => Sum(s["disks"], "readBytes")), Rate(s => Sum(s["disks"], "writtenBytes")),
                Rate(s => Sum(s["interfaces"], "receivedBytes")), Rate(s => Sum(s["interfaces"], "sentBytes")));
        }
        return table;
    }

    private static DateTimeOffset Taken(JsonNode sample) => DateTimeOffset.Parse(sample["taken"]!.ToString(), CultureInfo.InvariantCulture);

    private static double Number(JsonNode? number) => number is null ? 0 : double.Parse(number.ToString(), CultureInfo.InvariantCulture);

    private static double Sum(JsonNode? devices, string member) => (devices as JsonArray ?? []).Sum(device => Number(device?[member]));

    private static string Bytes(double bytes)
    {
        var unit = 0;
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        for (; bytes >= 1024 && unit < units.Length - 1; unit++)
            bytes /= 1024;
        return bytes.ToString("0.#", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
