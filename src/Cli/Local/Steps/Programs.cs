using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Controller.Cli.Processes;

namespace Controller.Cli.Local.Steps;

/// <summary>The product's sources: where they are, and building them when they changed.</summary>
internal static class Programs
{
    private static readonly string[] Names = ["Silo", "Api", "Agent", "Cli"];

    private static string? _home;

    /// <summary>The repository; the wrapper script says where, else it is looked for upwards.</summary>
    /// <exception cref="CliException">There is none: the command line was installed from a package.</exception>
    public static string Home => _home ??=
        Environment.GetEnvironmentVariable("CONTROLLER_HOME") is { Length: > 0 } home ? home : Above(AppContext.BaseDirectory);

    /// <summary>The dotnet that the wrapper found.</summary>
    public static string Dotnet { get; } =
        Environment.GetEnvironmentVariable("CONTROLLER_DOTNET") is { Length: > 0 } dotnet ? dotnet : "dotnet";

    private static string Stamp(string scope) => Path.Combine(Home, "obj", $"controller-{scope}.stamp");

    private static string[] Paths => [.. Names.Select(n => $"src/{n}/{n}.csproj").Where(p => File.Exists(Path.Combine(Home, p)))];

    /// <summary>
    /// Builds the programs of a cluster unless the sources are those of the last build; says what it did. Without the analyzers, which are half
    /// of the work and of use to those only who change the sources.
    /// </summary>
    public static Task<string> Build(string log, CancellationToken cancel) =>
        Build("programs", Paths, ["src"], ["-p:RunAnalyzers=false", "-p:GenerateDocumentationFile=false"], log, cancel);

    /// <summary>Builds all projects, with the analyzers, unless nothing changed; the programs are among them.</summary>
    public static async Task<string> BuildAll(IEnumerable<string> projects, string log, CancellationToken cancel)
    {
        var programs = Sources(Paths, ["src"]);
        var did = await Build("all", [.. projects], ["src", "tests", "bench"], [], log, cancel);
        SafeFile.Write(Stamp("programs"), programs);
        return did;
    }

    /// <summary>Builds the benchmarks' program, and what only they start, unless the sources are those of the last build.</summary>
    public static Task<string> BuildBench(string project, string log, CancellationToken cancel) =>
        Build("bench", [project, "src/Node/Node.csproj"], ["src", "bench"], ["-p:RunAnalyzers=false", "-p:GenerateDocumentationFile=false"], log, cancel);

    private static string Sources(string[] paths, IReadOnlyList<string> folders) => Fingerprint(Home, folders) + "\n" + string.Join('\n', paths);

    private static async Task<string> Build(string scope, string[] paths, IReadOnlyList<string> folders, string[] options, string log, CancellationToken cancel)
    {
        // Taken before the build: what is edited while it runs is built the next time.
        var sources = Sources(paths, folders);
        if (SafeFile.Read(Stamp(scope)) == sources && paths.All(p => Directory.Exists(Output(p))))
            return "nothing changed";
        Directory.CreateDirectory(Path.Combine(Home, "obj"));
        var traversal = Path.Combine(Home, "obj", $"controller-{scope}.proj");
        SafeFile.Write(traversal, Traversal(paths));
        File.Delete(log);
        var code = await Tool.RunLogged(
            Dotnet, ["build", traversal, "-c", "Release", "-v", "quiet", "-nologo", "-clp:NoSummary", .. options], log, Home,
            new Dictionary<string, string> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1" }, cancel);
        if (code != 0)
            throw new StepFailedException("the build failed", log);
        SafeFile.Write(Stamp(scope), sources);
        return $"{paths.Length} projects";
    }

    /// <summary>Copies the programs into the data directory unless they are there; says what it did. No process of the cluster runs then.</summary>
    public static string Stage(DataDirectory data)
    {
        var stamp = Path.Combine(data.Programs, "stamp");
        var built = SafeFile.Read(Stamp("programs")) ?? throw new CliException("the programs are not built");
        if (SafeFile.Read(stamp) == built)
            return "unchanged";
        if (Directory.Exists(data.Programs))
            Directory.Delete(data.Programs, recursive: true);
        foreach (var name in Names)
        {
            var from = Output($"src/{name}/{name}.csproj");
            if (!Directory.Exists(from))
                throw new CliException($"src/{name} is not built: there is no {from}");
            Copy(from, Path.Combine(data.Programs, name.ToLowerInvariant()));
        }
        SafeFile.Write(stamp, built);
        return string.Join(", ", Names);
    }

    /// <summary>The staged assembly of a program, e.g. <c>silo</c>.</summary>
    public static string Assembly(DataDirectory data, string name) => Path.Combine(data.Programs, name, $"controller-{name}.dll");

    /// <summary>Changes when a file is added, removed or written to. Reading all of them would take longer than it is worth.</summary>
    public static string Fingerprint(string home, IEnumerable<string> folders)
    {
        var lines = folders.Where(f => Directory.Exists(Path.Combine(home, f)))
            .SelectMany(folder => Files(new DirectoryInfo(Path.Combine(home, folder))))
            .Concat(new DirectoryInfo(home).EnumerateFiles().Where(f => f.Extension is ".props" or ".targets" or ".txt" or ".json" or ".editorconfig" or ".config"))
            .Select(f => string.Create(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(home, f.FullName)} {f.Length} {f.LastWriteTimeUtc.Ticks}"))
            .Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
    }

    // The web console is built by other tools.
    private static IEnumerable<FileInfo> Files(DirectoryInfo directory) =>
        directory.EnumerateFiles().Concat(directory.EnumerateDirectories().Where(d => d.Name is not ("bin" or "obj" or "TestResults" or "Console")).SelectMany(Files));

    private static string Output(string project) => Path.Combine(Home, Path.GetDirectoryName(project)!, "bin", "Release", "net10.0");

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var directory in Directory.EnumerateDirectories(from))
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
    }

    /// <summary>A project that restores and builds others in one run of MSBuild: shared references are built once.</summary>
    private static string Traversal(IEnumerable<string> projects) =>
        $"""
        <Project DefaultTargets="Build">
          <ItemGroup>
        {string.Concat(projects.Select(p => $"    <Projects Include=\"../{p}\" />\n"))}  </ItemGroup>
          <Target Name="Restore"><MSBuild Projects="@(Projects)" Targets="Restore" Properties="Configuration=$(Configuration)" /></Target>
          <Target Name="Build"><MSBuild Projects="@(Projects)" Targets="Build" Properties="Configuration=$(Configuration)" BuildInParallel="true" /></Target>
        </Project>

        """;

    private static string Above(string directory) =>
        directory.Length == 0 || directory == "/"
            ? throw new CliException("this needs the sources: CONTROLLER_HOME is not set and there is no Controller.sln above the program. From a checkout, run ./controller")
            : File.Exists(Path.Combine(directory, "Controller.sln")) ? directory : Above(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(directory)) ?? "");
}
