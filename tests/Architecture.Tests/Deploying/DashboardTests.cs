using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Controller.Architecture.Tests.Deploying;

/// <summary>Every metric that the dashboard asks for is made by a program, under the name that the collector gives it.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] Assemblies = ["controller-silo", "controller-api", "controller-agent", "Orleans.Core", "Microsoft.AspNetCore.Hosting"];

    private static readonly string[] Functions = ["sum", "rate", "by", "le", "histogram_quantile"];

    [Fact]
    public void Every_metric_of_the_dashboard_exists_in_the_code()
    {
        var known = Assemblies.SelectMany(Literals).Where(l => l.Contains('.', StringComparison.Ordinal) || l.StartsWith("orleans-", StringComparison.Ordinal))
            .Select(l => NotAWord().Replace(l, "_")).ToHashSet();
        var asked = Metrics().ToList();
        Assert.True(asked.Count > 10, "the dashboard asks for hardly anything");
        Assert.DoesNotContain(asked, metric => !known.Contains(metric) && !known.Contains(Suffix().Replace(metric, "")));
        Assert.DoesNotContain("controller_no_such_metric", known);
    }

    [Fact]
    public void Panels_do_not_lie_upon_each_other_and_have_something_to_show()
    {
        var panels = Dashboard()["panels"]!.AsArray();
        Assert.Equal(panels.Count, panels.Select(p => (int)p!["id"]!).Distinct().Count());
        Assert.Equal(panels.Count, panels.Select(p => ((int)p!["gridPos"]!["x"]!, (int)p["gridPos"]!["y"]!)).Distinct().Count());
        Assert.All(panels, p => Assert.NotEmpty(p!["targets"]!.AsArray()));
        var source = ((List<object>)DeployFiles.Yaml("telemetry/grafana/sources.yaml")["datasources"]).Cast<Dictionary<object, object>>().Single();
        Assert.All(panels, p => Assert.Equal((string)source["uid"], (string)p!["datasource"]!["uid"]!));
    }

    private static JsonNode Dashboard() => JsonNode.Parse(DeployFiles.Text("telemetry/grafana/controller.json"))!;

    private static IEnumerable<string> Metrics() => Dashboard()["panels"]!.AsArray().SelectMany(p => p!["targets"]!.AsArray())
        .SelectMany(t => Name().Matches(Aside().Replace((string)t!["expr"]!, "")).Select(m => m.Value)).Where(name => !Functions.Contains(name)).Distinct();

    // Names of instruments are literals: the metadata of an assembly lists all of its literals.
    private static IEnumerable<string> Literals(string assembly)
    {
        using var file = File.OpenRead(Assembly.Load(assembly).Location);
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        for (var handle = MetadataTokens.UserStringHandle(1); !handle.IsNil; handle = metadata.GetNextHandle(handle))
            yield return metadata.GetUserString(handle);
    }

    // Labels, in selectors and groupings, and ranges.
    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)")]
    private static partial Regex Aside();

    [GeneratedRegex(@"\b[a-z][a-z_]{2,}\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"(_seconds|_bytes)?(_total|_bucket|_count|_sum)?$")]
    private static partial Regex Suffix();

    [GeneratedRegex(@"[^A-Za-z0-9]")]
    private static partial Regex NotAWord();
}
