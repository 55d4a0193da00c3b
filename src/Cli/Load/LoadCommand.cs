using System.CommandLine;
using System.Globalization;
using Controller.Cli.Local;

namespace Controller.Cli.Load;

/// <summary><c>controller load</c>: sends requests to a cluster at a rate, tells latencies and errors, and deletes what it made.</summary>
internal static class LoadCommand
{
    private static readonly string[] Kinds = ["network", "compute", "storage"];

    public static Command Create()
    {
        var kind = new Option<string>("--kind") { Description = "What is created, read and listed: network (needs no host), compute (is placed and started) or storage.", HelpName = "KIND", DefaultValueFactory = _ => Kinds[0] };
        kind.AcceptOnlyFromAmong(Kinds);
        var rate = new Option<double>("--rate") { Description = "Requests a second in all; 0: as fast as they are answered.", HelpName = "NUMBER" };
        var concurrency = new Option<int>("--concurrency") { Description = "Requests under way at most.", HelpName = "NUMBER", DefaultValueFactory = _ => 8 };
        var duration = new Option<double>("--duration") { Description = "Seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => 30 };
        var mix = new Option<string>("--mix") { Description = "What is done, by weight.", HelpName = "MIX", DefaultValueFactory = _ => "read=80,create=10,list=10" };
        var page = new Option<int>("--page") { Description = "Entities on a page that is listed.", HelpName = "NUMBER", DefaultValueFactory = _ => 100 };
        var entities = new Option<int>("--entities") { Description = "Made before, to be read.", HelpName = "NUMBER", DefaultValueFactory = _ => 10 };
        var command = new Command("load", "Sends a load to a cluster, tells latencies and errors, and deletes what it made.") { kind, rate, concurrency, duration, mix, page, entities };
        command.SetAction(async (parse, cancel) =>
        {
            var plan = new LoadPlan(
                parse.GetValue(kind)!, parse.GetValue(rate), parse.GetValue(concurrency), TimeSpan.FromSeconds(parse.GetValue(duration)), LoadMix.Parse(parse.GetValue(mix)!),
                parse.GetValue(page), parse.GetValue(entities)).Check();
            using var api = Connection.Api(parse);
            return await Run(new LoadReport(), api, plan, Console.Out, cancel);
        });
        return command;
    }

    private static async Task<int> Run(LoadReport report, ApiClient api, LoadPlan plan, TextWriter output, CancellationToken cancel)
    {
        var runner = new LoadRunner(api, plan, report, TimeProvider.System);
        try
        {
            var elapsed = await runner.Run(cancel);
            await output.WriteAsync(report.Text(elapsed));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await output.WriteLineAsync("ended before it began");
        }
        finally
        {
            var made = runner.Made;
            var left = await runner.CleanUp();
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"\ndeleted {made - left.Count} of {made} that were made"));
            foreach (var path in left)
                await output.WriteLineAsync($"  still there: {path}");
        }
        return cancel.IsCancellationRequested ? ExitCode.Interrupted : report.Errors > 0 ? ExitCode.Failed : ExitCode.Ok;
    }
}
