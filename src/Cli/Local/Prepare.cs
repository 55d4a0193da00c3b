using Controller.Cli.Local.Steps;

namespace Controller.Cli.Local;

/// <summary>What is done in the user's own terminal, before the cluster starts: system packages and the build.</summary>
internal static class Prepare
{
    public static async Task<Preparation> Run(DataDirectory data, ClusterSettings settings, Progress progress, CancellationToken cancel)
    {
        var prepared = await InstallPackages(data, settings, progress, cancel);
        await progress.Step("build", () => Programs.Build(data.Log("build"), cancel));
        await BuildConsole(data, progress, cancel);
        return prepared;
    }

    /// <summary>A cloud does without its web console, as where no package can be fetched: then it says why there is none.</summary>
    private static async Task BuildConsole(DataDirectory data, Progress progress, CancellationToken cancel)
    {
        try
        {
            await progress.Step("web console", () => WebConsole.Build(data.Log("console"), cancel));
        }
        catch (StepFailedException failure)
        {
            progress.Line($"        goes on without the web console: {failure.Message}{(failure.Log is { } log ? $" ({log})" : "")}");
        }
    }

    private static async Task<Preparation> InstallPackages(DataDirectory data, ClusterSettings settings, Progress progress, CancellationToken cancel)
    {
        var obstacle = settings.Driver == Driver.Simulated ? null : Libvirt.Obstacle(data, settings.Hosts);
        if (obstacle is not null && settings.Driver == Driver.Libvirt)
            throw new CliException("libvirt does not work here: " + obstacle);
        PackageSet[] database = Postgres.Binaries() is null ? [new("the database", ["postgresql"])] : [];
        PackageSet[] console = [WebConsole.Packages()];
        PackageSet[] machines = settings.Driver != Driver.Simulated && obstacle is null ? [Libvirt.Packages(), DemoImage.Packages()] : [];

        IReadOnlyList<PackageSet> missing = [];
        var installer = new SystemPackages(progress, data.Log("packages"));
        await progress.Step("system packages", async () =>
        {
            missing = await SystemPackages.Missing([.. database, .. console, .. machines], cancel);
            return missing.Count == 0 ? "nothing is missing" : $"{missing.Sum(s => s.Packages.Count)} are missing";
        });
        var required = settings.Driver == Driver.Libvirt ? missing : [.. missing.Where(s => database.Contains(s))];
        var wished = missing.Except(required).ToArray();
        // Without it the cloud is the same: nobody is asked for a password for it.
        if (wished.Any(s => console.Any(c => c.Why == s.Why)) && !await SystemPackages.May(cancel))
            wished = [.. wished.Where(s => console.All(c => c.Why != s.Why))];
        // Simulated machines do without these: with auto they are not worth a failure.
        if (wished.Length > 0 && !await SystemPackages.May(cancel))
        {
            progress.Line($"        not installed, since only root may; with them machines would be real ones:\n          sudo {SystemPackages.AptLine(wished)}");
            obstacle = "its packages are not installed";
            wished = [];
        }
        if (required.Count + wished.Length > 0)
            await installer.Install([.. required, .. wished], cancel);
        var image = await SystemPackages.Missing([DemoImage.Packages()], cancel);
        return new(obstacle, image.Count == 0);
    }
}
