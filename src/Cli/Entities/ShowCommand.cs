using System.CommandLine;
using Controller.Cli.Output;

namespace Controller.Cli.Entities;

/// <summary><c>occi show ID</c></summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var (format, watching) = (Session.FormatOption(), new Watching());
        var command = new Command("show", "Shows an entity.") { id, format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            var found = await session.Finder.Find(parse.GetRequiredValue(id), cancel);
            var (path, shown) = (session.Model.PathOf(found), parse.GetValue(format)!);
            return await watching.Run(
                parse, shown, now => session.Text(path, shown, async _ => EntityTables.One(await session.Client.Find(path, now) ?? throw new CliException($"{path} is gone"), path).ToString(), now), cancel,
                EventStream.Next(session.Client.Api, $"entity={found.Uuid()}"));
        });
        return command;
    }
}
