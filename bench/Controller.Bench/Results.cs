using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Controller.Bench;

/// <summary>Where something was measured.</summary>
internal sealed record Machine(int Cores, string Cpu, string Kernel, string Postgres, string DotNet, long MemoryMiB)
{
    public static Machine Here(string postgres) => new(
        Environment.ProcessorCount, Line("/proc/cpuinfo", "model name"), "Linux " + File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), postgres, RuntimeInformation.FrameworkDescription,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20);

    private static string Line(string file, string key) =>
        File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
}

/// <summary>A series that a plot is drawn of.</summary>
/// <param name="Name">What it is.</param>
/// <param name="X">What it is over, with its unit.</param>
/// <param name="Y">What is measured, with its unit.</param>
/// <param name="Points">Pairs of both.</param>
internal sealed record Series(string Name, string X, string Y, IReadOnlyList<double[]> Points);

/// <summary>What a benchmark brought.</summary>
internal sealed record Results(string Benchmark, DateTimeOffset Date, string Commit, Machine Machine, IReadOnlyList<Figure> Figures, IReadOnlyList<Series> Series, IReadOnlyList<string> Notes)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, Benchmark + ".json"), JsonSerializer.Serialize(this, Json) + "\n");
    }

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    public static Results Load(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Results>(File.ReadAllText(file), Json) ?? throw new InvalidDataException($"{file} holds null, results of a benchmark were wanted.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file} does not hold results of a benchmark: {e.Message}", e);
        }
    }

    /// <summary>The commit of the sources; with a plus where something was changed since.</summary>
    public static async Task<string> CommitOf(string home)
    {
        var commit = await Git(home, "rev-parse", "--short", "HEAD");
        return commit.Length == 0 ? "unknown" : commit + (await Git(home, "status", "--porcelain", "--untracked-files=no", "--", "src", "bench/Controller.Bench")).Length switch { 0 => "", _ => "+" };
    }

    private static async Task<string> Git(string home, params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", home, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = await git.StandardOutput.ReadToEndAsync();
            await git.WaitForExitAsync();
            return said.Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
