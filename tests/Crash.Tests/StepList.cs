using Controller.Testing;

namespace Controller.Crash.Tests;

/// <summary>
/// The steps that are known, in Golden/steps.txt: a step that is lost is noticed. With GOLDEN=write it is brought up to date: what is new is added, and what did not occur this time is
/// marked with a question mark, as coming by in some runs only.
/// </summary>
internal static class StepList
{
    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "tests/Crash.Tests/Golden/steps.txt");
    private static readonly string[] Known = File.Exists(Path) ? File.ReadAllLines(Path) : [];

    /// <summary>Whether it occurs in each run of that scenario.</summary>
    public static bool IsSteady(string scenario, string step) => Known.Contains($"{scenario}: {step}");

    /// <summary>What is missing.</summary>
    public static IEnumerable<string> Compare(IReadOnlyDictionary<string, string[]> recorded)
    {
        var found = recorded.SelectMany(r => r.Value.Distinct().Select(step => $"{r.Key}: {step}")).ToHashSet();
        if (Environment.GetEnvironmentVariable("GOLDEN") == "write")
        {
            var doubtful = Known.Where(k => k.StartsWith('?')).Select(k => k[2..]).Concat(Known.Where(k => !k.StartsWith('?')).Except(found)).ToHashSet();
            File.WriteAllLines(Path, found.Union(doubtful).Order(StringComparer.Ordinal).Select(s => (doubtful.Contains(s) || (Known.Length > 0 && !Known.Contains(s)) ? "? " : "") + s));
            return [];
        }
        return Known.Where(k => !k.StartsWith('?')).Except(found).Select(k => $"{k} is a step no more. If that is meant: GOLDEN=write.");
    }
}
