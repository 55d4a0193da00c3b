using System.CommandLine;
using Controller.Cli.Output;

namespace Controller.Cli.Entities;

/// <summary><c>occi list KIND|/path</c></summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var what = new Argument<string>("what") { Description = "A kind (compute), or the path of a collection (/mixin/os_tpl/demo/)." };
        var (format, watching) = (Session.FormatOption(), new Watching());
        var command = new Command("list", "Lists the entities of a kind, or of any collection.") { what, format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            var name = parse.GetRequiredValue(what);
            var path = name.StartsWith('/') ? name : session.Model.Kind(name).Location ?? throw new CliException($"{name} has no collection");
            var shown = parse.GetValue(format)!;
            var kind = session.Model.Collections.FirstOrDefault(k => k.Location == path)?.Id.Term;
            return await watching.Run(
                parse, shown, now => session.Text(path, shown, async wide => EntityTables.List(await session.Client.List(path, now), wide).ToString(), now), cancel,
                EventStream.Next(session.Client.Api, kind is null ? "" : $"kind={Uri.EscapeDataString(kind)}"));
        });
        return command;
    }
}
