using System.CommandLine;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary><c>controller repair …</c>: what the doctor names.</summary>
internal static class RepairCommand
{
    public static Command Create() => new("repair", "Sets right what \"controller doctor\" found. Each asks the entity's own record first, and does nothing that it denies.")
    {
        Claims(), Row(), Host(), Stray(),
    };

    private static Command Claims()
    {
        var (kind, id) = (Kind("compute, storage, network or host."), Id());
        return Repair(
            new("claims", "Gives back what is claimed for an entity and it does not stand by (all of it, where it is not there), and claims what it lacks.") { kind, id },
            (parse, _, _) => Task.FromResult($"claims/{parse.GetRequiredValue(kind)}/{parse.GetValue(id):D}"));
    }

    private static Command Row()
    {
        var (kind, id) = (Kind("Term of its kind."), Id());
        return Repair(
            new("row", "Has an entity read its row anew, and write it as it has to be.") { kind, id },
            (parse, _, _) => Task.FromResult($"rows/{parse.GetRequiredValue(kind)}/{parse.GetValue(id):D}"));
    }

    private static Command Host()
    {
        var host = HostCommand.Name();
        return Repair(new("host", "Tells a host once more all that is wanted there.") { host }, (parse, api, cancel) => PathOf(api, parse.GetRequiredValue(host), cancel));
    }

    private static Command Stray()
    {
        var (host, kind, id, incarnation) = (HostCommand.Name(), Kind("compute, storage or network."), Id(), new Argument<Guid>("incarnation") { Description = "As the doctor names it." });
        return Repair(
            new("stray", "Has an object removed from a host, with its data, if its entity does not stand by it.") { host, kind, id, incarnation },
            async (parse, api, cancel) =>
                $"{await PathOf(api, parse.GetRequiredValue(host), cancel)}/strays/{parse.GetRequiredValue(kind)}/{parse.GetValue(id):D}/{parse.GetValue(incarnation):D}");
    }

    private static async Task<string> PathOf(ApiClient api, string host, CancellationToken cancel) =>
        $"hosts/{(await HostCommand.PathOf(api, host, cancel)).Split('/')[^1]}";

    private static Command Repair(Command command, Func<ParseResult, ApiClient, CancellationToken, Task<string>> path)
    {
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var done = await api.Json(HttpMethod.Post, $"/admin/repairs/{await path(parse, api, cancel)}", null, cancel);
            Console.WriteLine(Table.Plain($"{done?["what"]}"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<string> Kind(string description) => new("kind") { Description = description };

    private static Argument<Guid> Id() => new("id") { Description = "The entity's UUID." };
}
