using System.CommandLine;
using Occi;
using Occi.Core;

namespace Controller.Cli.Entities;

/// <summary><c>occi link SOURCE TARGET</c></summary>
internal static class LinkCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = OcciCommand.IdHelp };
        var target = new Argument<string>("target") { Description = OcciCommand.IdHelp };
        var kind = new Option<string?>("--kind") { Description = "Kind of the link. Default: as the target tells.", HelpName = "KIND" };
        var attributes = OcciCommand.Attributes();
        var mixins = OcciCommand.Mixins();
        var waiting = new Waiting();
        var command = new Command("link", "Links an entity to another one: attaches a disk or a network.") { source, target, kind, attributes, mixins };
        waiting.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            var words = new LinkWords(parse.GetRequiredValue(target), parse.GetValue(kind), parse.GetValue(mixins)!, [.. parse.GetValue(attributes)!.Select(Assignment.Parse)]);
            using var session = await Session.Open(parse, cancel);
            var from = await session.Finder.Find(parse.GetRequiredValue(source), cancel);
            var link = await LinkBuilder.Build(session, words, cancel);
            var type = session.Model.Find(link.Kind)!;
            var made = await session.Client.Create(
                type.Location ?? throw new CliException($"{type.Id.Term} can't be created: it has no collection"),
                link with { Attributes = new Dictionary<string, AttributeValue>(link.Attributes) { [CoreKinds.Source.Name] = AttributeValue.Of(session.Model.PathOf(from)) } },
                cancel);
            // Attached to a machine that is off, it stays inactive until that starts.
            var goal = Goal.StateOf(from) is "active" ? Goal.AfterCreate(type.Id) : null;
            made = await waiting.ForState(parse, session.Client, session.Model.PathOf(made), goal, made, cancel);
            Console.Write(EntityTables.List([made]));
            return ExitCode.Ok;
        });
        return command;
    }
}
