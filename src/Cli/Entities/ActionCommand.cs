using System.CommandLine;
using Occi;

namespace Controller.Cli.Entities;

/// <summary><c>occi action ID ACTION</c></summary>
internal static class ActionCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var action = new Argument<string>("action") { Description = "The action's term, e.g. start." };
        var attributes = OcciCommand.Attributes();
        var waiting = new Waiting();
        var command = new Command("action", "Invokes an action on an entity.") { id, action, attributes };
        waiting.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            Assignment[] values = [.. parse.GetValue(attributes)!.Select(Assignment.Parse)];
            using var session = await Session.Open(parse, cancel);
            var entity = await session.Finder.Find(parse.GetRequiredValue(id), cancel);
            CategoryDefinition[] owners = [.. entity.Mixins.Select(m => (TypeId?)m).Prepend(entity.Kind).Select(session.Model.Find).OfType<CategoryDefinition>()];
            var definition = session.Model.Action(owners, parse.GetRequiredValue(action));
            var path = session.Model.PathOf(entity);
            var made = await session.Client.Invoke(path, new Invocation(definition.Id, new AttributeNames(definition.Id.Term, definition.Attributes).Resolve(values)), cancel);
            if (made is not null)
                Console.Error.WriteLine($"made the template {made.Id.Term}; when it is ready, use it with: occi create compute -m {made.Id.Term}");
            var now = await session.Client.Find(path, cancel) ?? entity;
            now = await waiting.ForState(parse, session.Client, path, Goal.AfterAction(definition.Id), now, cancel);
            Console.Write(EntityTables.List([now]));
            return ExitCode.Ok;
        });
        return command;
    }
}
