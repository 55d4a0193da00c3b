using System.CommandLine;
using Controller.Cli.Local.Steps;
using Controller.Cli.Output;

namespace Controller.Cli.Tests;

/// <summary>The commands as a whole: their page, what completes them, and what those that list have in common.</summary>
public sealed class CommandTests
{
    private static readonly RootCommand Root = Commands.Root();

    /// <summary>When a command changes on purpose, run the tests with GOLDEN=write, or <c>controller commands > docs/cli.md</c>, and read the difference.</summary>
    [Fact]
    public void The_page_is_what_the_commands_say()
    {
        var (page, text) = (Path.Combine(Programs.Home, "docs", "cli.md"), CommandReference.Markdown(Root));
        if (Environment.GetEnvironmentVariable("GOLDEN") == "write")
            File.WriteAllText(page, text);
        Assert.True(File.ReadAllText(page) == text, "docs/cli.md is not what the commands say. Write it anew with \"controller commands > docs/cli.md\" and read the difference.");
    }

    [Fact]
    public void The_page_has_every_command_and_option()
    {
        var text = CommandReference.Markdown(Root);
        Assert.All(All(Root).Where(c => c != Root && !c.Hidden), c => Assert.Contains($" {c.Name}\n", text, StringComparison.Ordinal));
        Assert.All(All(Root).Where(c => !c.Hidden).SelectMany(c => c.Options).Where(o => !o.Hidden && o is not VersionOption), o => Assert.Contains($"`{o.Name}", text, StringComparison.Ordinal));
    }

    /// <summary>Whatever lists or shows does so in all formats.</summary>
    [Fact]
    public void Whatever_lists_or_shows_takes_all_formats()
    {
        string[] lists = ["list", "show", "whoami", "status", "explain", "audit", "events", "doctor", "usage", "metrics", "quota", "conformance"];
        var found = All(Root).Where(c => lists.Contains(c.Name) && c.Action is not null).ToArray();
        Assert.True(found.Length > 20, $"{found.Length} commands");
        Assert.All(found, command =>
        {
            Assert.True(command.Options.Any(o => o.Name == "--output"), $"{command.Name} of {command.Parents.First().Name} has no --output");
            foreach (var format in (string[])[OutputFormat.Table, OutputFormat.Wide, OutputFormat.Json, OutputFormat.Yaml])
                Assert.Contains(format, Completed(command, "--output "));
        });
    }

    [Theory]
    [InlineData("occi list compute --", "--watch")]
    [InlineData("occi list compute --", "--interval")]
    [InlineData("occi list compute -o ", "yaml")]
    [InlineData("occi create compute --", "--wait")]
    [InlineData("ssh web --", "--identity")]
    [InlineData("logs web --", "--follow")]
    [InlineData("host list -o ", "wide")]
    [InlineData("", "ssh")]
    [InlineData("", "logs")]
    [InlineData("", "whoami")]
    public void What_may_follow_is_offered(string line, string word) => Assert.Contains(word, Root.Parse(line).GetCompletions(line.Length).Select(c => c.Label));

    [Fact]
    public void What_nobody_should_type_is_not_offered() => Assert.DoesNotContain("commands", Root.Parse("").GetCompletions(0).Select(c => c.Label));

    [Theory]
    [InlineData("occi list compute -o xml")]
    [InlineData("occi list compute --watch --interval 0")]
    [InlineData("ssh web --port 70000")]
    [InlineData("logs web --tail -1")]
    public void What_is_wrong_is_refused_before_anything_is_asked(string line) => Assert.NotEmpty(Root.Parse(line).Errors);

    [Fact]
    public void An_error_has_a_next_step()
    {
        Assert.Contains("controller login", Hints.After(new RefusedException(401, "The token was revoked.")), StringComparison.Ordinal);
        Assert.Contains("controller whoami", Hints.After(new RefusedException(403, "no", "forbidden")), StringComparison.Ordinal);
        Assert.Contains("project quota", Hints.After(new RefusedException(403, "no", "quota-exceeded")), StringComparison.Ordinal);
        Assert.Contains("CONTROLLER_PROJECT", Hints.After(new RefusedException(400, "The header X-Project is missing", "bad-query")), StringComparison.Ordinal);
        Assert.Null(Hints.After(new RefusedException(400, "cores must be a number", "invalid")));
        Assert.Null(Hints.After(new CliException("no")));
    }

    private static string[] Completed(Command command, string rest)
    {
        var line = string.Join(' ', Words(command).Append(rest));
        return [.. Root.Parse(line).GetCompletions(line.Length).Select(c => c.Label)];
    }

    private static IEnumerable<string> Words(Command command) =>
        command == Root ? [] : [.. Words(command.Parents.OfType<Command>().First()), command.Name, .. command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(_ => "x")];

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
