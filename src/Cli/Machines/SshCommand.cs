using System.CommandLine;
using Controller.Cli.Entities;
using Controller.Cli.Processes;

namespace Controller.Cli.Machines;

/// <summary><c>controller ssh NAME</c>: finds a machine's address and becomes the system's ssh.</summary>
internal static class SshCommand
{
    private const string Program = "ssh";

    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = OcciCommand.IdHelp };
        var words = new Argument<string[]>("words") { Description = "Behind --: what ssh is given behind the host, a command to run there; or ssh's own options, where they begin with -.", Arity = ArgumentArity.ZeroOrMore };
        var user = new Option<string?>("--user", "-l") { Description = "Whom to sign in as there. Default: as ssh's own configuration says.", HelpName = "USER" };
        var identity = new Option<string?>("--identity", "-i") { Description = "A file with the private key to sign in with.", HelpName = "FILE" };
        var port = new Option<int?>("--port", "-p") { Description = "The port there. Default: as ssh's own configuration says.", HelpName = "PORT" };
        var address = new Option<string?>("--address") { Description = "Which address, of a machine that has several; or a whole name that leads there.", HelpName = "ADDRESS" };
        var print = new Option<bool>("--print") { Description = "Prints the ssh command and does not run it." };
        var command = new Command("ssh", "Signs in to a machine with ssh, at the address that the cloud knows it by.") { id, words, user, identity, port, address, print };
        port.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int?>() is < 1 or > 65535)
                r.AddError($"--port must be from 1 to 65535, found {r.GetValueOrDefault<int?>()}");
        });
        command.SetAction(async (parse, cancel) =>
        {
            if (parse.GetValue(identity) is { } key && !File.Exists(key))
                throw new CliException($"there is no file {key}", ExitCode.Usage);
            string target;
            using (var session = await Session.Open(parse, cancel))
            {
                var machine = await session.Finder.Find(parse.GetRequiredValue(id), cancel);
                target = parse.GetValue(address) is { } chosen ? MachineAddress.Chosen(machine, chosen) : MachineAddress.Of(machine, parse.GetRequiredValue(id));
            }
            var arguments = Arguments(target, parse.GetValue(user), parse.GetValue(identity), parse.GetValue(port), parse.GetValue(words) ?? []);
            if (parse.GetValue(print))
            {
                Console.WriteLine(string.Join(' ', arguments.Prepend(Program).Select(Quoted)));
                return ExitCode.Ok;
            }
            var path = Tool.Find(Program) ?? throw new CliException("ssh is not installed", "on Debian: apt-get install openssh-client");
            Console.Out.Flush();
            throw new CliException($"{path} can't be run: {Exec.Become(path, [Program, .. arguments])}");
        });
        return command;
    }

    /// <summary>What ssh is given: its own options, the host, and the command that runs there.</summary>
    internal static IReadOnlyList<string> Arguments(string target, string? user, string? identity, int? port, IReadOnlyList<string> words)
    {
        // Options of ssh's come before the host; the first word that is none begins the command.
        var own = words.TakeWhile(w => w.StartsWith('-')).ToArray();
        return
        [
            .. user is null ? [] : new[] { "-l", user }, .. identity is null ? [] : new[] { "-i", identity },
            .. port is null ? [] : new[] { "-p", port.Value.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            // An address that a server says begins no option.
            .. own, "--", target, .. words.Skip(own.Length),
        ];
    }

    private static string Quoted(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:@=,+%".Contains(c, StringComparison.Ordinal)) ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
