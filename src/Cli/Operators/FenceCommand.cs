using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller host fence …</c>: how a host is switched off, and what is known of its lease.</summary>
internal static class FenceCommand
{
    public static Command Create() => new("fence", "How a host is switched off when it is lost.") { Set(), Clear(), Confirm(), Show() };

    private static Argument<string> Host => new("host") { Description = "Id or name of the host." };

    private static Command Set()
    {
        var host = Host;
        var driver = new Argument<string>("driver") { Description = "redfish, or command: the program that the silos' setting HighAvailability:FenceCommand names." };
        var address = new Option<string>("--address") { Description = "Of redfish: the computer system, https://bmc/redfish/v1/Systems/1.", HelpName = "URL", DefaultValueFactory = _ => "" };
        var user = new Option<string>("--user") { Description = "Who logs in.", DefaultValueFactory = _ => "" };
        var password = new Option<string>("--password-file") { Description = "A file with the password on every silo's machine.", HelpName = "FILE", DefaultValueFactory = _ => "" };
        var authority = new Option<string>("--ca-file") { Description = "A file with the authority (PEM) of the BMC's certificate on every silo's machine.", HelpName = "FILE", DefaultValueFactory = _ => "" };
        var command = new Command("set", "Says how.") { host, driver, address, user, password, authority };
        command.SetAction((parse, cancel) => Ask(parse, host, HttpMethod.Put, "fence", new JsonObject
        {
            ["driver"] = parse.GetRequiredValue(driver),
            ["address"] = parse.GetValue(address),
            ["user"] = parse.GetValue(user),
            ["passwordFile"] = parse.GetValue(password),
            ["authorityFile"] = parse.GetValue(authority),
        }, cancel));
        return command;
    }

    private static Command Clear()
    {
        var host = Host;
        var command = new Command("clear", "There is no way any more.") { host };
        command.SetAction((parse, cancel) => Ask(parse, host, HttpMethod.Delete, "fence", null, cancel));
        return command;
    }

    private static Command Confirm()
    {
        var host = Host;
        var command = new Command("confirm", "You vouch that an unreachable host is off: its machines with the mixin ha are started elsewhere. If it is not off, they run twice.") { host };
        command.SetAction((parse, cancel) => Ask(parse, host, HttpMethod.Post, "confirm-off", null, cancel));
        return command;
    }

    private static Command Show()
    {
        var host = Host;
        var format = OutputFormat.OfWords();
        var command = new Command("show", "What is known of the host's lease, fence and last loss.") { host, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var id = await IdOf(api, "/admin/hosts", "host", parse.GetRequiredValue(host), cancel);
            var shown = await api.Json(HttpMethod.Get, $"/admin/hosts/{Uri.EscapeDataString(id)}", null, cancel);
            Console.Write(Members(shown?["availability"] as JsonObject ?? [], parse.GetValue(format)!, "FENCE"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<int> Ask(ParseResult parse, Argument<string> host, HttpMethod method, string what, JsonNode? body, CancellationToken cancel)
    {
        using var api = Connection.Api(parse);
        var id = await IdOf(api, "/admin/hosts", "host", parse.GetRequiredValue(host), cancel);
        await api.Json(method, $"/admin/hosts/{Uri.EscapeDataString(id)}/{what}", body, cancel);
        Console.WriteLine($"{parse.CommandResult.Command.Name} {id}");
        return ExitCode.Ok;
    }
}
