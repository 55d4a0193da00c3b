using System.CommandLine;

namespace Controller.Cli.Output;

/// <summary>
/// The option <c>--watch</c>: shows something again when it has changed. On a terminal it is drawn over what was there; else what changed is appended: rows of a table that are new or other, whole
/// documents of YAML (with <c>---</c> between them) and JSON.
/// </summary>
internal sealed class Watching
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150);

    public Option<bool> Wanted { get; } = new("--watch", "-w") { Description = "Goes on, and shows it again when it has changed; Ctrl-C ends." };

    public Option<double> Every { get; } = new("--interval") { Description = "With --watch: asks after so many seconds, also where no event tells of a change.", HelpName = "SECONDS", DefaultValueFactory = _ => 2 };

    public Watching() => Every.Validators.Add(r =>
    {
        if (r.GetValueOrDefault<double>() is < 0.2 or > 86_400 or double.NaN)
            r.AddError($"--interval must be between 0.2 and 86400 seconds, found {r.GetValueOrDefault<double>()}");
    });

    /// <summary>Adds both to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(Wanted);
        command.Add(Every);
    }

    /// <summary>Shows it once, or again and again.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="format">As <c>-o</c> has it.</param>
    /// <param name="look">What there is to show now, with a line end behind it.</param>
    /// <param name="cancel">Ctrl-C.</param>
    /// <param name="changed">What ends when something may have changed, each time that it is asked; null: nothing tells.</param>
    public async Task<int> Run(ParseResult parse, string format, Func<CancellationToken, Task<string>> look, CancellationToken cancel, Func<CancellationToken, Task>? changed = null)
    {
        if (!parse.GetValue(Wanted))
        {
            Console.Write(await look(cancel));
            return ExitCode.Ok;
        }
        var shown = new Changes(Console.Out, live: !Console.IsOutputRedirected, format);
        var pause = TimeSpan.FromSeconds(parse.GetValue(Every));
        using var told = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var signal = changed?.Invoke(told.Token);
        try
        {
            shown.Show(await look(cancel));
            while (true)
            {
                if (signal is null)
                    await Task.Delay(pause, cancel);
                else if (await Task.WhenAny(signal, Task.Delay(pause, cancel)) == signal)
                {
                    await signal;
                    signal = changed!(told.Token);   // it was there
                    // What comes together is shown together.
                    await Task.Delay(Quiet, cancel);
                }
                cancel.ThrowIfCancellationRequested();
                try
                {
                    shown.Show(await look(cancel));
                }
                catch (Exception e) when (e is HttpRequestException or IOException or CliException or RefusedException { Status: 429 or 502 or 503 })
                {
                    // What was shown stays; the cloud may be back the next time.
                    shown.Say(e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        finally
        {
            await told.CancelAsync();
            if (signal is not null)
                await signal.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>What is shown, and then what is other than it was.</summary>
    internal sealed class Changes(TextWriter output, bool live, string format, TextWriter? errors = null)
    {
        private string? _last, _said;

        public void Show(string now)
        {
            _said = null;
            if (now == _last)
                return;
            if (live)
                output.Write($"\u001b[H\u001b[J{now}");
            else if (_last is null || format == OutputFormat.Json)
                output.Write(now);
            else if (format == OutputFormat.Yaml)
                output.Write($"---\n{now}");
            else
                output.Write(Other(_last, now));
            output.Flush();
            _last = now;
        }

        /// <summary>What kept it from looking, once.</summary>
        public void Say(string trouble)
        {
            if (trouble != _said)
                (errors ?? Console.Error).WriteLine($"controller: {Table.Plain(trouble)}; trying again");
            _said = trouble;
        }

        // Columns move with their widest cell: a row is the same if its words are.
        private static string Other(string before, string now)
        {
            var known = Rows(before).Select(Words).ToHashSet();
            var rows = Rows(now);
            var text = string.Concat(rows.Where(r => !known.Contains(Words(r))).Select(r => r + "\n"));
            var left = rows.Select(Key).ToHashSet();
            return text + string.Concat(Rows(before).Where(r => !left.Contains(Key(r))).Select(r => $"gone: {r}\n"));
        }

        private static string[] Rows(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        private static string Words(string row) => string.Join(' ', row.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        private static string Key(string row) => row.Split(' ', 2)[0];
    }
}
