using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Entities;

namespace Controller.Cli.Operators;

/// <summary><c>controller migrate COMPUTE</c></summary>
internal static class MigrateCommand
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(3);

    public static Command Create()
    {
        var compute = new Argument<string>("compute") { Description = OcciCommand.IdHelp };
        var to = new Option<string?>("--to") { Description = "The host to go to, by name or id; without it the one that placement finds best.", HelpName = "HOST" };
        var method = new Option<string>("--method") { Description = "live, cold (stopped, copied, started there), or auto: live where it runs.", DefaultValueFactory = _ => "auto" };
        method.AcceptOnlyFromAmong("live", "cold", "auto");
        var bandwidth = new Option<int?>("--bandwidth") { Description = "At most so many MiB a second.", HelpName = "MIB" };
        var slow = new Option<bool>("--auto-converge") { Description = "Slows a guest down that writes faster than can be copied." };
        var wait = new Option<bool>("--wait") { Description = "Waits for the end, shows how far it is, and fails where the machine stayed." };
        var stop = new Option<bool>("--cancel") { Description = "Ends a migration under way." };
        var status = new Option<bool>("--status") { Description = "Shows the migration under way or the last one." };
        var command = new Command("migrate", "Moves a machine to another host.") { compute, to, method, bandwidth, slow, wait, stop, status };
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            var api = session.Client.Api;
            var path = $"/admin/computes/{(await session.Finder.Find(parse.GetRequiredValue(compute), cancel)).Uuid()}";
            var now = parse.GetValue(status) ? await api.Json(HttpMethod.Get, $"{path}/migration", null, cancel)
                : parse.GetValue(stop) ? await api.Json(HttpMethod.Post, $"{path}/cancel-migration", new JsonObject(), cancel)
                : await api.Json(HttpMethod.Post, $"{path}/migrate", new JsonObject
                {
                    ["to"] = parse.GetValue(to),
                    ["method"] = parse.GetValue(method),
                    ["bandwidthMiB"] = parse.GetValue(bandwidth),
                    ["autoConverge"] = parse.GetValue(slow),
                }, cancel);
            if (parse.GetValue(wait))
                now = await Follow(api, path, now, cancel);
            Console.WriteLine(Line(now));
            return parse.GetValue(wait) && Phase(now) is "failed" or "cancelled" && !parse.GetValue(stop) ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }

    private static async Task<JsonNode?> Follow(ApiClient api, string path, JsonNode? now, CancellationToken cancel)
    {
        var shown = "";
        await Wait.Until(
            async () =>
            {
                now = await api.Json(HttpMethod.Get, $"{path}/migration", null, cancel);
                var line = Line(now);
                var over = Phase(now) is not ("placing" or "moving");
                if (line != shown && !over)
                    Console.Error.WriteLine(line);
                shown = line;
                return over;
            },
            Longest, cancel);
        return now;
    }

    private static string? Phase(JsonNode? migration) => (string?)migration?["phase"];

    private static string Line(JsonNode? m)
    {
        if (m is null)
            return "it is there already";
        var (total, left) = (Number(m["totalBytes"]), Number(m["remainingBytes"]));
        var far = total > 0 && Phase(m) == "moving" ? string.Create(CultureInfo.InvariantCulture, $", {100 - (100 * left / total):0}% of {total / (1 << 20):0} MiB") : "";
        var error = m["error"] is { } why ? $": {why}" : "";
        return Output.Table.Plain($"{Phase(m)} ({m["method"]}) from host {m["from"]?["host"]} to {m["to"]?["host"]?.ToString() ?? "?"}{far}{error}");
    }

    private static double Number(JsonNode? node) => node is null ? 0 : (double)node;
}
