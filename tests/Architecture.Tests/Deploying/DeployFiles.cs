using System.Diagnostics;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Controller.Architecture.Tests.Deploying;

/// <summary>What lies under <c>deploy/</c>, read.</summary>
internal static class DeployFiles
{
    public static string Path(string name) => System.IO.Path.Combine(Repository.Root, "deploy", name);

    public static string Text(string name) => File.ReadAllText(Path(name));

    /// <summary>Files of git below a folder of <c>deploy/</c>, relative to <c>deploy/</c>.</summary>
    public static IEnumerable<string> In(string folder) => Repository.TrackedFiles
        .Where(f => f.StartsWith($"deploy/{folder}/", StringComparison.Ordinal) && File.Exists(System.IO.Path.Combine(Repository.Root, f))).Select(f => f["deploy/".Length..]);

    /// <summary>A YAML document as dictionaries, lists and texts; <c>&lt;&lt;</c> merged in.</summary>
    public static Dictionary<object, object> Yaml(string name)
    {
        using var reader = new StreamReader(Path(name));
        return new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(reader)));
    }

    public static Dictionary<object, object> Map(this Dictionary<object, object> of, string key) =>
        of.TryGetValue(key, out var found) ? found as Dictionary<object, object> ?? [] : [];

    public static IEnumerable<string> List(this Dictionary<object, object> of, string key) => of.TryGetValue(key, out var found)
        ? found is Dictionary<object, object> map ? map.Keys.Cast<string>() : ((List<object>)found).Cast<string>()
        : [];

    /// <summary>Runs a tool; null: there is none on this machine.</summary>
    public static (int Exit, string Output)? Run(string tool, params string[] arguments)
    {
        if (Environment.GetEnvironmentVariable("PATH")!.Split(':').All(folder => !File.Exists(System.IO.Path.Combine(folder, tool))))
            return null;
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
