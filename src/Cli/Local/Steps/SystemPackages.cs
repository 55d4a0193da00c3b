using Controller.Cli.Processes;

namespace Controller.Cli.Local.Steps;

/// <summary>A set of Debian packages and what they are for.</summary>
internal sealed record PackageSet(string Why, IReadOnlyList<string> Packages)
{
    /// <summary>Reads one of the lists under <c>deploy/</c>: a name a line, <c>#</c> starts a comment.</summary>
    public static PackageSet FromList(string why, string path) => new(why, Parse(File.ReadAllText(path)));

    public static IReadOnlyList<string> Parse(string list) =>
        [.. list.Split('\n').Select(line => line.Split('#')[0].Trim()).Where(name => name.Length > 0)];
}

/// <summary>Finds out which packages are missing, and installs them where it may.</summary>
internal sealed class SystemPackages(Progress progress, string log)
{
    /// <summary>The sets of which something is missing, with only that.</summary>
    public static async Task<IReadOnlyList<PackageSet>> Missing(IEnumerable<PackageSet> wanted, CancellationToken cancel)
    {
        PackageSet[] sets = [.. wanted];
        var names = sets.SelectMany(s => s.Packages).Distinct().ToArray();
        if (names.Length == 0)
            return [];
        var answer = await Tool.Run("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n", .. names], cancel);
        if (answer.ExitCode == 127)
            throw new CliException("this system has no dpkg. Install what Debian calls " + string.Join(' ', names) + " with its own package manager");
        var there = Installed(answer.Output);
        return [.. sets.Select(s => s with { Packages = [.. s.Packages.Where(p => !there.Contains(p))] }).Where(s => s.Packages.Count > 0)];
    }

    /// <summary>Reads dpkg-query's lines "name status". A package that was removed but not purged is there with another status.</summary>
    public static HashSet<string> Installed(string output) =>
        [.. output.Split('\n').Select(line => line.Split(' ')).Where(words => words is [_, "installed"]).Select(words => words[0])];

    /// <summary>The line that installs them, for people.</summary>
    public static string AptLine(IEnumerable<PackageSet> sets) =>
        "apt-get install -y --no-install-recommends " + string.Join(' ', sets.SelectMany(s => s.Packages).Distinct().Order(StringComparer.Ordinal));

    /// <summary>Whether this user may install packages, at all or after giving a password.</summary>
    public static async Task<bool> May(CancellationToken cancel) =>
        Environment.UserName == "root" || (Console.IsInputRedirected
            ? (await Tool.Run("sudo", ["-n", "true"], cancel)).Ok
            : Tool.Find("sudo") is not null);

    /// <summary>Installs what is missing, after saying what and why, and after asking where there is somebody to ask.</summary>
    /// <exception cref="CliException">It may not, or is told not to.</exception>
    public async Task Install(IReadOnlyList<PackageSet> missing, CancellationToken cancel)
    {
        foreach (var set in missing)
            progress.Line($"        {set.Why}: {string.Join(' ', set.Packages)}");
        if (!await May(cancel))
            throw new CliException($"these Debian packages are missing and only root may install them. Run:\n  sudo {AptLine(missing)}");
        if (!Console.IsInputRedirected && !Confirm())
            throw new CliException($"not installed. To do it yourself:\n  {AptLine(missing)}");

        await progress.Step("install packages", async () =>
        {
            string[] names = [.. missing.SelectMany(s => s.Packages).Distinct()];
            // A fresh machine has no package lists yet, and an old one may have outdated lists.
            if (!HasLists() || await Apt(["install", "-y", "--no-install-recommends", .. names], cancel) != 0)
            {
                await Apt(["update"], cancel);
                if (await Apt(["install", "-y", "--no-install-recommends", .. names], cancel) != 0)
                    throw new StepFailedException($"apt-get could not install {string.Join(' ', names)}", log);
            }
            return string.Join(' ', names);
        });
    }

    private bool Confirm()
    {
        progress.Line("        Install them now? [Y/n]");
        return Console.ReadLine()?.Trim().ToUpperInvariant() is "" or "Y" or "YES";
    }

    private static bool HasLists() =>
        Directory.Exists("/var/lib/apt/lists") && Directory.EnumerateFiles("/var/lib/apt/lists", "*_Packages*").Any();

    private Task<int> Apt(string[] arguments, CancellationToken cancel)
    {
        // Waits for another apt rather than failing; never opens a dialogue.
        string[] command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", .. arguments];
        return Environment.UserName == "root"
            ? Tool.RunLogged(command[0], command[1..], log, cancel: cancel)
            : Tool.RunLogged("sudo", command, log, cancel: cancel);
    }
}
