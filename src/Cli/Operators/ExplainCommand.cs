using System.CommandLine;
using Controller.Cli.Entities;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary><c>controller explain KIND ID</c></summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var kind = new Argument<string>("kind") { Description = "Term of its kind: compute, storage, network, networkinterface, storagelink, host, or one of a data file." };
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp + " Of one whose creation was refused: the UUID that the refusal names." };
        var format = OutputFormat.OfWords();
        var watching = new Watching();
        var command = new Command("explain", "Tells why something is where it is and in its state, or why it could not be placed.") { kind, id, format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            var (term, name) = (parse.GetRequiredValue(kind), parse.GetRequiredValue(id));
            using var api = Connection.Api(parse);
            var uuid = Guid.TryParseExact(name, "D", out var given) ? given.ToString("D") : await Find(parse, name, cancel);
            return await watching.Run(parse, parse.GetValue(format)!, async now =>
            {
                var found = await api.Json(HttpMethod.Get, $"/admin/explain/{term}/{uuid}", null, now);
                return OutputFormat.Text(found, parse.GetValue(format)!, _ => ExplainText.Of(found!));   // what was found is never null
            }, cancel);
        });
        return command;
    }

    private static async Task<string> Find(ParseResult parse, string name, CancellationToken cancel)
    {
        using var session = await Session.Open(parse, cancel);
        return (await session.Finder.Find(name, cancel)).Uuid();
    }
}
