using System.Security.Cryptography;
using System.Text;
using Controller.Cli.Processes;

namespace Controller.Cli.Local.Steps;

/// <summary>The web console: built by Node.js from <c>src/Console</c>, and served by the APIs.</summary>
internal static class WebConsole
{
    // What Debian 12 has.
    private const int OldestNode = 18;

    /// <summary>Its sources.</summary>
    public static string Sources => Path.Combine(Programs.Home, "src", "Console");

    private static string Built => Path.Combine(Sources, "dist");

    private static string Stamp(string name) => Path.Combine(Programs.Home, "obj", $"console-{name}.stamp");

    /// <summary>What is missing to build it: nothing where Node.js is there already, from wherever.</summary>
    public static PackageSet Packages() => new(
        "the web console", Tool.Find("node") is not null && Tool.Find("npm") is not null ? [] : PackageSet.FromList("", Path.Combine(Sources, "packages")).Packages);

    /// <summary>Builds it unless its sources are those of the last build; says what it did.</summary>
    /// <exception cref="StepFailedException">It could not be built.</exception>
    public static async Task<string> Build(string log, CancellationToken cancel)
    {
        var sources = Fingerprint();
        if (SafeFile.Read(Stamp("built")) == sources && File.Exists(Path.Combine(Built, "index.html")))
            return "nothing changed";
        File.Delete(log);
        await Modules(log, cancel);
        await Npm(["run", "build"], log, "the web console does not build", cancel);
        SafeFile.Write(Stamp("built"), sources);
        return "src/Console/dist";
    }

    /// <summary>Fetches what its sources and tests need unless that is there.</summary>
    public static async Task Modules(string log, CancellationToken cancel)
    {
        await CheckNode(cancel);
        var wanted = SafeFile.Read(Path.Combine(Sources, "package-lock.json")) ?? throw new CliException("src/Console/package-lock.json is missing");
        var digest = Digest(wanted);
        if (SafeFile.Read(Stamp("modules")) == digest && Directory.Exists(Path.Combine(Sources, "node_modules")))
            return;
        // No package's own scripts are run.
        await Npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], log, "the packages of the web console can't be fetched", cancel);
        SafeFile.Write(Stamp("modules"), digest);
    }

    /// <summary>Runs a script of its <c>package.json</c>, or npm's own command; its exit code.</summary>
    public static Task<int> Run(string[] arguments, string log, IReadOnlyDictionary<string, string> environment, CancellationToken cancel) =>
        Tool.RunLogged("npm", arguments, log, Sources, new Dictionary<string, string>(environment) { ["PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD"] = "1" }, cancel);

    /// <summary>Copies it into the data directory unless it is there; where the APIs find it, or null where it is not built.</summary>
    public static string? Stage(DataDirectory data)
    {
        if (SafeFile.Read(Stamp("built")) is not { } built || !File.Exists(Path.Combine(Built, "index.html")))
            return Directory.Exists(data.Console) ? data.Console : null;
        var stamp = Path.Combine(data.Console, ".stamp");
        if (SafeFile.Read(stamp) == built)
            return data.Console;
        if (Directory.Exists(data.Console))
            Directory.Delete(data.Console, recursive: true);
        foreach (var file in Directory.EnumerateFiles(Built, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(data.Console, Path.GetRelativePath(Built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);   // it is below the data directory
            File.Copy(file, to);
        }
        SafeFile.Write(stamp, built);
        return data.Console;
    }

    private static async Task CheckNode(CancellationToken cancel)
    {
        var answer = await Tool.Run("node", ["--version"], cancel);
        if (!answer.Ok)
            throw new StepFailedException($"the web console needs Node.js: {answer.LastWords}", null);
        if (!int.TryParse(answer.Output.Trim().TrimStart('v').Split('.')[0], System.Globalization.CultureInfo.InvariantCulture, out var version) || version < OldestNode)
            throw new StepFailedException($"the web console needs Node.js {OldestNode} or newer, found {answer.Output.Trim()}", null);
    }

    private static async Task Npm(string[] arguments, string log, string failed, CancellationToken cancel)
    {
        if (await Run(arguments, log, new Dictionary<string, string>(), cancel) != 0)
            throw new StepFailedException(failed, log);
    }

    // Contents and not times: a clone's are as new as the clone, and there is little to read.
    private static string Fingerprint()
    {
        var text = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(Sources).Concat(Directory.EnumerateFiles(Path.Combine(Sources, "src"), "*", SearchOption.AllDirectories)).Order(StringComparer.Ordinal))
            text.Append(Path.GetRelativePath(Sources, file)).Append(' ').Append(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))).Append('\n');
        return Digest(text.ToString());
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
