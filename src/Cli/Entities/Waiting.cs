using System.CommandLine;
using System.Diagnostics;
using Occi;

namespace Controller.Cli.Entities;

/// <summary>The options <c>--wait</c> and <c>--timeout</c>, and the waiting.</summary>
internal sealed class Waiting
{
    public Option<bool> Wanted { get; } = new("--wait") { Description = "Waits until the state is reached, and says meanwhile what is done and why it is not there yet; fails when it becomes \"error\", or with --timeout." };

    public Option<int> Timeout { get; } = new("--timeout") { Description = "How long to wait, in seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => 300 };

    /// <summary>Adds both to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(Wanted);
        command.Add(Timeout);
    }

    /// <summary>
    /// Waits, if that was asked for, until the entity's state is <paramref name="state"/> (null: whatever it is) and nothing is under way; the entity as it is then.
    /// </summary>
    /// <exception cref="CliException">It is in error, is gone, or takes too long.</exception>
    public async Task<Representation> ForState(ParseResult parse, OcciClient client, string path, string? state, Representation now, CancellationToken cancel)
    {
        if (!parse.GetValue(Wanted))
            return now;
        var steps = new Steps(client.Api);
        await Until(parse, now, path, state ?? "done", async () =>
        {
            now = await client.Find(path, cancel) ?? throw new CliException($"{path} is gone");
            var (at, why) = (Goal.StateOf(now), Goal.MessageOf(now));
            if (at == "error" && state != "error")
                throw new CliException($"{path} is in state error: {why ?? "the server does not say why"}", Hints.Explain(now));
            if ((state is null || at == state) && !Goal.IsUnderWay(why))
                return (true, At(at, why));
            return (false, At(at, why, await steps.Of(now, cancel)));
        }, cancel);
        return now;
    }

    /// <summary>Waits until there is no such entity any more, if that was asked for.</summary>
    /// <exception cref="CliException">It takes too long.</exception>
    public Task ForEnd(ParseResult parse, OcciClient client, string path, CancellationToken cancel) =>
        !parse.GetValue(Wanted) ? Task.CompletedTask : ForGone(parse, client, path, cancel);

    private async Task ForGone(ParseResult parse, OcciClient client, string path, CancellationToken cancel)
    {
        var steps = new Steps(client.Api);
        var last = await client.Find(path, cancel);
        if (last is not null)
        {
            await Until(parse, last, path, "gone", async () =>
                await client.Find(path, cancel) is { } there ? (false, At(Goal.StateOf(there) ?? "there", Goal.MessageOf(there), await steps.Of(there, cancel))) : (true, "gone"), cancel);
        }
    }

    /// <summary>"inactive: Starting. [starting, 2 attempts: Host left-1 is unreachable: waiting for it.]"</summary>
    private static string At(string? state, string? why, string? step = null) => $"{state}{(why is null ? "" : ": " + why)}{(step is null ? "" : " " + step)}";

    private async Task Until(ParseResult parse, Representation about, string path, string wanted, Func<Task<(bool Done, string At)>> look, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var live = !Console.IsErrorRedirected;
        var (last, seconds) = ("", parse.GetValue(Timeout));
        var done = await Wait.Until(
            async () =>
            {
                var (reached, at) = await look();
                at = Output.Table.Plain(at);
                var line = reached ? $"{path}: {at}" : $"{path}: {at} → {wanted}";
                if (live)
                    Console.Error.Write("\r\u001b[K" + (reached ? "" : Fitting($"{clock.Elapsed.TotalSeconds,4:0} s  {line}")));
                // Into a log goes what changes; what is so at once needs no words.
                else if (line != last && (!reached || last.Length > 0))
                    Console.Error.WriteLine(line);
                last = line;
                return reached;
            },
            TimeSpan.FromSeconds(seconds), cancel);
        if (live)
            Console.Error.Write("\r\u001b[K");
        if (!done)
            throw new CliException($"{last}: not reached within {seconds} s", Hints.Explain(about) ?? "It goes on without you: wait for it longer with --timeout");
    }

    /// <summary>One line of the terminal: of a longer one only the last would be written over.</summary>
    private static string Fitting(string line) => Console.WindowWidth is > 1 and var width && line.Length >= width ? line[..(width - 2)] + "…" : line;
}
