using System.Text.RegularExpressions;

namespace Controller.Architecture.Tests;

/// <summary>What is in the repository is of the product, and holds on anybody's machine.</summary>
public sealed partial class RepositoryTests
{
    // In pieces, so that this file keeps its own rule.
    private static readonly string[] MachinePaths = ["/ro" + "ot/", "/ho" + "me/", "/tmp/" + "wt", "/wo" + "rk/"];
    private static readonly string[] RegistryHosts =
    [
        "nuget" + ".org", "npmjs" + ".org", "npmjs" + ".com", "pypi" + ".org", "pythonhosted" + ".org", "crates" + ".io", "proxy.golang" + ".org",
        "deb.debian" + ".org", "archive.ubuntu" + ".com", "docker" + ".io", "ghcr" + ".io", "pkg" + ".dev", "maven" + ".org", "art" + "ifactory",
    ];

    [Fact]
    public void No_file_holds_an_absolute_path_of_a_machine() => Assert.Empty(Lines(MachinePaths, precededByPath: false));

    [Fact]
    public void No_file_names_a_package_registry() => Assert.Empty(Lines(RegistryHosts, precededByPath: true));

    [Fact]
    public void Every_relative_link_in_a_document_resolves()
    {
        var broken =
            from file in Repository.TextFiles()
            where file.Path.EndsWith(".md", StringComparison.Ordinal)
            from Match link in Link().Matches(Code().Replace(file.Text, ""))
            let target = Uri.UnescapeDataString(link.Groups["target"].Value)
            where target.Length > 0 && !Scheme().IsMatch(target)
            let full = Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(file.Path)!, target))
            where !Repository.TrackedFiles.Any(t => Path.Combine(Repository.Root, t) == full || Path.Combine(Repository.Root, t).StartsWith(full.TrimEnd('/') + "/", StringComparison.Ordinal))
            select $"{file.Path}: {target}";
        Assert.Empty(broken);
    }

    [Theory]
    [InlineData("a [page](docs/x.md#there), ![picture](x.svg \"title\") and [out](https://example.org/)", "docs/x.md x.svg https://example.org/")]
    [InlineData("[here](#part)", "")]
    public void A_link_is_found(string text, string targets) =>
        Assert.Equal(targets, string.Join(' ', Link().Matches(text).Select(m => m.Groups["target"].Value)));

    // A path begins where no other path precedes it: src/home/ is not /home/.
    private static List<string> Lines(string[] wanted, bool precededByPath) =>
        [.. from file in Repository.TextFiles()
            from line in file.Text.Split('\n').Select((text, i) => (Text: text, Number: i + 1))
            from bad in wanted
            let at = line.Text.IndexOf(bad, StringComparison.OrdinalIgnoreCase)
            where at >= 0 && (precededByPath || at == 0 || !(char.IsLetterOrDigit(line.Text[at - 1]) || "._-$})".Contains(line.Text[at - 1], StringComparison.Ordinal)))
            select $"{file.Path}:{line.Number}: {line.Text.Trim()}"];

    [GeneratedRegex(@"\]\((?<target>[^)\s#]*)(?:#[^)\s]*)?(?:\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();
}
