using System.CommandLine;
using Occi;
using Occi.Core;

namespace Controller.Cli.Entities;

/// <summary><c>occi create KIND</c></summary>
internal static class CreateCommand
{
    public static Command Create()
    {
        var kind = new Argument<string>("kind") { Description = "A kind by its term or identifier, e.g. compute." };
        var attributes = OcciCommand.Attributes();
        var mixins = OcciCommand.Mixins();
        var links = new Option<string[]>("--link")
        {
            Description = "A link from the new entity: TARGET[,name=value…]; the target tells its kind.", HelpName = "TARGET[,NAME=VALUE…]", DefaultValueFactory = _ => [],
        };
        var title = new Option<string?>("--title") { Description = "Display name.", HelpName = "TITLE" };
        var format = Session.FormatOption();
        var waiting = new Waiting();
        var command = new Command("create", "Creates an entity.") { kind, attributes, mixins, links, title, format };
        waiting.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            Assignment[] values = [.. parse.GetValue(attributes)!.Select(Assignment.Parse)];
            LinkWords[] targets = [.. parse.GetValue(links)!.Select(LinkWords.Parse)];
            using var session = await Session.Open(parse, cancel);
            var (of, with) = session.Types(parse.GetRequiredValue(kind), parse.GetValue(mixins)!);
            var described = session.Describe(of, with, values);
            var attached = new List<Representation>();
            foreach (var target in targets)
                attached.Add(await LinkBuilder.Build(session, target, cancel));
            var all = new Dictionary<string, AttributeValue>(described.Attributes);
            if (parse.GetValue(title) is { } text)
                all[CoreKinds.Title.Name] = AttributeValue.Of(text);

            var location = of.Location ?? throw new CliException($"{of.Id.Term} can't be created: it has no collection");
            var made = await session.Client.Create(location, described with { Attributes = all, Links = attached }, cancel);
            made = await waiting.ForState(parse, session.Client, session.Model.PathOf(made), Goal.AfterCreate(of.Id), made, cancel);
            var shown = parse.GetValue(format)!;
            Console.Write(await session.Text(session.Model.PathOf(made), shown, wide => Task.FromResult(EntityTables.List([made], wide).ToString()), cancel));
            return ExitCode.Ok;
        });
        return command;
    }
}
