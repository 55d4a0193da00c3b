using System.CommandLine;
using System.Diagnostics;
using Controller.Cli.Local;
using Controller.Cli.Local.Steps;

namespace Controller.Cli.Testing;

/// <summary><c>controller bench</c>: builds the programs and the benchmarks, and runs what was asked for. Each brings its own cluster and ends it.</summary>
internal static class BenchCommand
{
    private const string Project = "bench/Controller.Bench/Controller.Bench.csproj";

    public static Command Create()
    {
        var names = new Argument<string[]>("NAME") { Description = "Which benchmarks; all by default.", Arity = ArgumentArity.ZeroOrMore };
        var list = new Option<bool>("--list") { Description = "Says which there are." };
        var plot = new Option<bool>("--plot") { Description = "Draws docs/performance from what lies in bench/results, and prints the tables." };
        var seconds = new Option<double?>("--seconds") { Description = "Seconds a measurement; 4 by default.", HelpName = "SECONDS" };
        var rounds = new Option<int?>("--rounds") { Description = "Measurements of each side, in turns; the median counts. 3 by default; with fewer nothing is kept.", HelpName = "COUNT" };
        var scale = new Option<double?>("--scale") { Description = "Of fleets and of what is seeded; 1 is what the goals say. With another nothing is kept.", HelpName = "FACTOR" };
        var keep = new Option<bool>("--keep") { Description = "Leaves logs and data where they are, and says where." };
        var statements = new Option<bool>("--statements") { Description = "Says what PostgreSQL spent its time on, by statement." };
        var command = new Command("bench", "Measures the product beside baselines in the same run; results land in bench/results.") { names, list, plot, seconds, rounds, scale, keep, statements };
        command.SetAction((parse, cancel) => Run(Arguments(
            parse.GetValue(names) ?? [], parse.GetValue(list), parse.GetValue(plot), parse.GetValue(seconds), parse.GetValue(rounds), parse.GetValue(scale), parse.GetValue(keep), parse.GetValue(statements)), cancel));
        return command;
    }

    /// <summary>What the benchmarks' program is started with.</summary>
    internal static IReadOnlyList<string> Arguments(IReadOnlyList<string> names, bool list, bool plot, double? seconds, int? rounds, double? scale, bool keep, bool statements)
    {
        var arguments = new List<string>(names);
        Flag("--list", list);
        Flag("--plot", plot);
        Flag("--keep", keep);
        Flag("--statements", statements);
        Value("--seconds", seconds);
        Value("--rounds", rounds);
        Value("--scale", scale);
        return arguments;

        void Flag(string name, bool given)
        {
            if (given)
                arguments.Add(name);
        }

        void Value(string name, IFormattable? value)
        {
            if (value is not null)
                arguments.AddRange([name, value.ToString(null, System.Globalization.CultureInfo.InvariantCulture)]);
        }
    }

    private static async Task<int> Run(IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var progress = Progress.ToConsole();
        try
        {
            var logs = Path.Combine(Programs.Home, "obj");
            Directory.CreateDirectory(logs);
            if (!arguments.Contains("--list") && !arguments.Contains("--plot"))
                await progress.Step("programs", () => Programs.Build(Path.Combine(logs, "programs-build.log"), cancel));
            await progress.Step("benchmarks", () => Programs.BuildBench(Project, Path.Combine(logs, "bench-build.log"), cancel));
        }
        catch (StepFailedException failure)
        {
            progress.Explain(failure);
            return ExitCode.Failed;
        }
        var program = Path.Combine(Programs.Home, Path.GetDirectoryName(Project)!, "bin", "Release", "net10.0", "controller-bench.dll");
        var start = new ProcessStartInfo(Programs.Dotnet, [program, .. arguments, "--home", Programs.Home]);
        start.Environment["CONTROLLER_DOTNET"] = Programs.Dotnet;
        using var process = Process.Start(start) ?? throw new CliException("the benchmarks' program does not start");
        // Ctrl-C reaches it, too: it ends what it started, and then itself.
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
