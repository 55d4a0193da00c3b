using System.CommandLine;

namespace Controller.Cli.Entities;

/// <summary><c>occi delete ID…</c></summary>
internal static class DeleteCommand
{
    public static Command Create()
    {
        var ids = new Argument<string[]>("id") { Description = OcciCommand.IdHelp, Arity = ArgumentArity.OneOrMore };
        var waiting = new Waiting();
        var command = new Command("delete", "Deletes entities, in the order given.") { ids };
        waiting.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            // All are found before the first is deleted: a mistyped name deletes nothing.
            var paths = new List<string>();
            foreach (var id in parse.GetRequiredValue(ids))
                paths.Add(session.Model.PathOf(await session.Finder.Find(id, cancel)));
            foreach (var path in paths)
            {
                await session.Client.Delete(path, cancel);
                await waiting.ForEnd(parse, session.Client, path, cancel);
                Console.WriteLine($"deleted {path}");
            }
            return ExitCode.Ok;
        });
        return command;
    }
}
