using System.CommandLine;

namespace Controller.Cli.Entities;

/// <summary><c>occi show ID</c></summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var format = Session.FormatOption();
        var command = new Command("show", "Shows an entity.") { id, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            await session.Show(await session.Finder.Find(parse.GetRequiredValue(id), cancel), parse.GetValue(format)!, cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
