using System.CommandLine;
using Controller.Cli.Entities;

namespace Controller.Cli.Consoles;

/// <summary><c>controller console ID</c>: at a terminal the machine's shell, else its serial log; or its screen.</summary>
internal static class ConsoleCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var attach = new Option<bool>("--attach") { Description = "Types to the serial console and shows what it says, also where input or output is no terminal." };
        var log = new Option<bool>("--log", "--no-follow") { Description = "Prints the serial log and ends." };
        var follow = new Option<bool>("--follow") { Description = "Prints the serial log and what comes; Ctrl-C ends." };
        var vnc = new Option<bool>("--vnc") { Description = "Lets VNC viewers on this machine see the screen." };
        var listen = new Option<string>("--listen") { Description = "With --vnc: where viewers connect to.", HelpName = "ADDRESS:PORT", DefaultValueFactory = _ => "127.0.0.1:5900" };
        var command = new Command("console", "Opens the console of a machine. At a terminal its serial console, until Ctrl-]; else it follows the serial log.") { id, attach, log, follow, vnc, listen };
        command.SetAction(async (parse, cancel) =>
        {
            var screen = parse.GetValue(vnc) ? VncRelay.Parse(parse.GetValue(listen)!) : null;
            using var session = await Session.Open(parse, cancel);
            var api = session.Client.Api;
            var machine = (await session.Finder.Find(parse.GetRequiredValue(id), cancel)).Uuid();
            if (screen is not null)
                await VncRelay.Run(api, machine, screen, cancel);
            else if (parse.GetValue(attach) || (!parse.GetValue(log) && !parse.GetValue(follow) && !Console.IsInputRedirected && !Console.IsOutputRedirected))
                return await SerialAttachment.Run(api, machine, cancel);
            else
                await SerialLog.Print(api, machine, follow: !parse.GetValue(log), tail: null, cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
