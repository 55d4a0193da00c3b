using System.CommandLine;
using Occi;
using Occi.Core;

namespace Controller.Cli.Entities;

/// <summary><c>occi update ID</c>: what is not named stays as it is.</summary>
internal static class UpdateCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var attributes = OcciCommand.Attributes();
        var title = new Option<string?>("--title") { Description = "Display name.", HelpName = "TITLE" };
        var command = new Command("update", "Changes attributes of an entity.") { id, attributes, title };
        command.SetAction(async (parse, cancel) =>
        {
            Assignment[] values = [.. parse.GetValue(attributes)!.Select(Assignment.Parse)];
            using var session = await Session.Open(parse, cancel);
            var entity = await session.Finder.Find(parse.GetRequiredValue(id), cancel);
            var kind = entity.Kind is { } of ? session.Model.Kind(of.ToString()) : throw new CliException("the server does not say of which kind it is");
            var changes = AttributeNames.Of(session.Model, kind, entity.Mixins.Select(m => session.Model.Mixin(m.ToString()))).Resolve(values);
            if (parse.GetValue(title) is { } text)
                changes[CoreKinds.Title.Name] = AttributeValue.Of(text);
            if (changes.Count == 0)
                throw new CliException("nothing is to be changed: give -a name=value or --title", ExitCode.Usage);
            var now = await session.Client.Update(session.Model.PathOf(entity), new() { Kind = entity.Kind, Attributes = changes }, cancel);
            Console.Write(EntityTables.List([now]));
            return ExitCode.Ok;
        });
        return command;
    }
}
