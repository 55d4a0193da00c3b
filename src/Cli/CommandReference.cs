using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Controller.Cli;

/// <summary>docs/cli.md, as the commands say it themselves. <c>controller commands</c> prints it.</summary>
internal static class CommandReference
{
    public static Command Create()
    {
        var command = new Command("commands", "Prints this reference, as docs/cli.md has it.") { Hidden = true };
        command.SetAction(_ =>
        {
            Console.Write(Markdown(Commands.Root()));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The whole page.</summary>
    public static string Markdown(RootCommand root)
    {
        var text = new StringBuilder();
        text.Append(Head);
        Options(text, root.Options.Where(o => o.Recursive && !o.Hidden));
        foreach (var command in root.Subcommands.Where(c => !c.Hidden))
            One(text, command, "controller", []);
        return text.ToString();
    }

    private const string Head =
        """
        # The command line

        `./controller COMMAND`; each takes `--help`. This page is written by the commands themselves (`./controller commands > docs/cli.md`), and a test fails when it is not what they say.

        ## What holds for all

        | `-o` | shows |
        |---|---|
        | `table` | what people look for first; the default |
        | `wide` | the same with more columns: `MESSAGE` says why something is in its state |
        | `json`, `yaml` | all that the server says, for programs; both have the same data |
        | `text`, `jsonl`, `csv` | where they are offered: OCCI's text rendering, a line of JSON each, comma-separated values |

        `--watch` goes on, and shows it again when it has changed: of entities as soon as an [event](events.md) tells of it, of all after `--interval` seconds. On a terminal it is drawn anew; into a file or a pipe only
        rows that are new or other are appended (`gone:` before those that are not there any more), or whole documents of JSON and YAML.

        `--wait` comes back when what was asked for is done. Meanwhile it says on the standard error in which state it is and why, and which step is under way. It fails, with the server's own words, when that ends in
        `error`, and after `--timeout` seconds; what was begun goes on nevertheless.

        An error has the server's words in its first line, and where there is one the next step in a second one. Exit codes: 0 done; 1 refused or failed; 2 called wrongly; 3 the SDK is missing, or the command line does not
        build; 4 `doctor` has found something; 130 ended by Ctrl-C. `ssh` ends with what the system's `ssh` ends with.

        What a command talks to: `--endpoint` and `--token` (`CONTROLLER_ENDPOINT`, `CONTROLLER_TOKEN`), a profile that `login` has kept (`--profile`, `CONTROLLER_PROFILE`), or the cluster in the data directory. Requests act in the
        project `CONTROLLER_PROJECT`, else that of the profile, else the only one. `source <(./controller completion bash)` (or `zsh`) completes commands, options and their values.

        Options that every command takes:


        """;

    private static void One(StringBuilder text, Command command, string before, IReadOnlyList<Option> inherited)
    {
        var name = $"{before} {command.Name}";
        var own = command.Options.Where(o => !o.Hidden && o is not System.CommandLine.Help.HelpOption).ToArray();
        string[] words =
        [
            name, .. command.Arguments.Where(a => !a.Hidden).Select(Usage), .. command.Subcommands.Any(c => !c.Hidden) && command.Action is null ? ["COMMAND"] : Array.Empty<string>(),
            .. own.Length > 0 ? ["[options]"] : Array.Empty<string>(),
        ];
        text.Append(CultureInfo.InvariantCulture, $"\n{(before.Contains(' ', StringComparison.Ordinal) ? "###" : "##")} {name}\n\n{command.Description}\n");
        if (command.Action is not null)
            text.Append(CultureInfo.InvariantCulture, $"\n```\n{string.Join(' ', words)}\n```\n");
        Arguments(text, command.Arguments.Where(a => !a.Hidden));
        Options(text, own);
        foreach (var child in command.Subcommands.Where(c => !c.Hidden))
            One(text, child, name, [.. inherited, .. own.Where(o => o.Recursive)]);
    }

    private static string Usage(Argument argument)
    {
        var name = argument.Name.ToUpperInvariant();
        return (argument.Arity.MinimumNumberOfValues, argument.Arity.MaximumNumberOfValues) switch
        {
            (0, 1) => $"[{name}]",
            (0, _) => $"[{name}…]",
            (_, 1) => name,
            _ => $"{name}…",
        };
    }

    private static void Arguments(StringBuilder text, IEnumerable<Argument> arguments)
    {
        var all = arguments.ToArray();
        if (all.Length == 0)
            return;
        text.Append("\n| argument | |\n|---|---|\n");
        foreach (var argument in all)
            text.Append(CultureInfo.InvariantCulture, $"| `{argument.Name.ToUpperInvariant()}` | {Cell(argument.Description)} |\n");
    }

    private static void Options(StringBuilder text, IEnumerable<Option> options)
    {
        var all = options.ToArray();
        if (all.Length == 0)
            return;
        text.Append("\n| option | |\n|---|---|\n");
        foreach (var option in all.OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            var names = string.Join(", ", option.Aliases.Append(option.Name).Order(StringComparer.Ordinal).Select(n => $"`{n}{(option.HelpName is { } value ? " " + value : "")}`"));
            text.Append(CultureInfo.InvariantCulture, $"| {names}{(option.Required ? " (needed)" : "")} | {Cell(option.Description)} |\n");
        }
    }

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);
}
