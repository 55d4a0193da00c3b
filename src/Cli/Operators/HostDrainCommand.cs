using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;

namespace Controller.Cli.Operators;

/// <summary><c>controller host drain</c></summary>
internal static class HostDrainCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    public static Command Create()
    {
        var id = HostCommand.Name();
        var method = new Option<string>("--method") { Description = "How machines leave: auto (live where that is possible, else cold), live or cold.", HelpName = "METHOD", DefaultValueFactory = _ => "auto" };
        method.AcceptOnlyFromAmong("auto", "live", "cold");
        var stop = new Option<string>("--stop") { Description = "How a machine that cannot leave is stopped: never (it is left as it is), graceful or poweroff.", HelpName = "HOW", DefaultValueFactory = _ => "never" };
        stop.AcceptOnlyFromAmong("never", "graceful", "poweroff");
        var wait = new Option<bool>("--wait") { Description = "Waits until the drain has ended, says meanwhile what is left and why, and prints what became of each machine. Interrupting the wait does not end the drain." };
        var patience = new Option<int>("--timeout") { Description = "How long to wait, in seconds. Default: a day.", HelpName = "SECONDS", DefaultValueFactory = _ => (int)Patience.TotalSeconds };
        var command = new Command("drain", "The host takes no new machines; those that are there are moved, stopped or left. Nothing is ever removed.") { id, method, stop, wait, patience };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var path = await HostCommand.PathOf(api, parse.GetRequiredValue(id), cancel);
            var order = new JsonObject { ["method"] = parse.GetValue(method), ["stop"] = parse.GetValue(stop) == "poweroff" ? "powerOff" : parse.GetValue(stop) };
            var host = await api.Json(HttpMethod.Post, path + "/drain", order, cancel);
            if (!parse.GetValue(wait))
            {
                Console.WriteLine($"draining {host?["name"]}: \"controller host show\" tells how far it is, \"controller host undrain\" ends it");
                return ExitCode.Ok;
            }
            var shown = "";
            var ended = await Wait.Until(
                async () =>
                {
                    host = await api.Json(HttpMethod.Get, path, null, cancel);
                    var line = HostText.Progress(host!);   // it was found before
                    if (line != shown)
                        Console.Error.WriteLine(line);
                    shown = line;
                    return HasEnded(host);
                },
                TimeSpan.FromSeconds(parse.GetValue(patience)), cancel);
            Console.Write(HostText.Drain(host!));   // it was found before
            if (!ended)
                throw new CliException($"the drain of {host?["name"]} has not ended within {parse.GetValue(patience)} s", "it goes on: \"controller host show\" tells how far it is, \"controller host undrain\" ends it");
            return !HostText.IsLeft(host!) ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    // An end of the drain by somebody else is one, too.
    private static bool HasEnded(JsonNode? host) => host?["drain"] is not { } drain || drain["finished"] is not null;
}
