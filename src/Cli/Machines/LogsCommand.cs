using System.CommandLine;
using Controller.Cli.Consoles;
using Controller.Cli.Entities;
using Occi.Infrastructure;

namespace Controller.Cli.Machines;

/// <summary><c>controller logs NAME</c>: what a machine has said on its serial console; of anything else, or with <c>--timeline</c>, what happened to it.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var follow = new Option<bool>("--follow", "-f") { Description = "Goes on with what comes; Ctrl-C ends." };
        var timeline = new Option<bool>("--timeline") { Description = "What happened to it, instead of what it said: its events as long as they are kept, who asked for what, and what came of it." };
        var tail = new Option<int?>("--tail", "-n") { Description = "Only so many lines, the last ones, and with --follow what comes.", HelpName = "LINES" };
        tail.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int?>() is < 0)
                r.AddError($"--tail must be 0 or more, found {r.GetValueOrDefault<int?>()}");
        });
        var command = new Command("logs", "Shows what a machine has said on its serial console. Of anything else, and with --timeline: what happened to it.") { id, follow, timeline, tail };
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            var found = await session.Finder.Find(parse.GetRequiredValue(id), cancel);
            var api = session.Client.Api;
            if (found.Kind == Compute.Kind.Id && !parse.GetValue(timeline))
            {
                try
                {
                    await SerialLog.Print(api, found.Uuid(), parse.GetValue(follow), parse.GetValue(tail), cancel);
                }
                catch (OperationCanceledException) when (cancel.IsCancellationRequested)
                {
                    return ExitCode.Ok;
                }
                catch (RefusedException e) when (e.Status == 409)
                {
                    throw new CliException(e.Message, $"it has said nothing yet; what happened to it: controller logs {parse.GetRequiredValue(id)} --timeline");
                }
                return ExitCode.Ok;
            }
            await Timeline.Print(api, found, parse.GetValue(follow), parse.GetValue(tail), cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
