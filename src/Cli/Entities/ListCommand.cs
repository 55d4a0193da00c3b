using System.CommandLine;

namespace Controller.Cli.Entities;

/// <summary><c>occi list KIND|/path</c></summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var what = new Argument<string>("what") { Description = "A kind (compute), or the path of a collection (/mixin/os_tpl/demo/)." };
        var format = Session.FormatOption();
        var command = new Command("list", "Lists the entities of a kind, or of any collection.") { what, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            var name = parse.GetRequiredValue(what);
            var path = name.StartsWith('/') ? name : session.Model.Kind(name).Location ?? throw new CliException($"{name} has no collection");
            var shown = parse.GetValue(format)!;
            Console.WriteLine(shown == "table" ? EntityTables.List(await session.Client.List(path, cancel)).ToString().TrimEnd() : await session.Raw(path, shown, cancel));
            return ExitCode.Ok;
        });
        return command;
    }
}
