using System.Reflection;
using System.Xml.Linq;

namespace Controller.Architecture.Tests;

/// <summary>Who may know whom: what the projects say and what the compiler made of it.</summary>
public sealed class DependencyTests
{
    /// <summary>Project, its assembly, the projects that it names, and the others that may come with them.</summary>
    public static TheoryData<string, string, string[], string[]> Arrows { get; } = new()
    {
        { "Occi", "Occi", [], [] },
        { "Contracts", "Controller.Contracts", ["Occi"], [] },
        { "Grains", "Controller.Grains", ["Contracts", "Occi"], [] },
        { "Agent.Protocol", "Controller.Agent.Protocol", [], [] },
        { "Silo", "controller-silo", ["Agent.Protocol", "Grains"], ["Contracts", "Occi"] },
        { "Api", "controller-api", ["Contracts", "Occi"], [] },
        { "Node", "controller-node", ["Api", "Silo"], ["Contracts", "Occi"] },
        { "Agent", "controller-agent", ["Agent.Protocol"], [] },
        { "Conformance", "Controller.Conformance", [], [] },
        { "Cli", "controller-cli", ["Conformance", "Occi"], [] },
    };

    [Fact]
    public void Every_project_has_its_arrows_here()
    {
        var projects = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(Arrows.Select(a => (string)a[0]).Order(), projects.Order());
    }

    [Theory, MemberData(nameof(Arrows))]
    public void A_project_names_only_what_it_may_know(string project, string assembly, string[] knows, string[] transitively)
    {
        Assert.NotNull(assembly);
        Assert.NotNull(transitively);
        var file = XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj"));
        Assert.Equal(knows, file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!)).Order());
    }

    [Theory, MemberData(nameof(Arrows))]
    public void An_assembly_uses_only_what_it_may_know(string project, string assembly, string[] knows, string[] transitively)
    {
        var ours = Arrows.ToDictionary(a => (string)a[1], a => (string)a[0]);
        var used = References(assembly).Where(ours.ContainsKey).Select(a => ours[a]).ToArray();
        Assert.Empty(used.Except(knows).Except(transitively));
        Assert.True(knows.Length == 0 || used.Length > 0, $"{project} uses none of {string.Join(", ", knows)}: is {assembly} the right assembly?");
    }

    [Theory]
    [InlineData("Occi", "")]
    [InlineData("Controller.Contracts", "Npgsql Grpc Google.Protobuf Microsoft.AspNetCore")]
    [InlineData("Controller.Grains", "Npgsql Grpc Google.Protobuf Microsoft.AspNetCore System.Net.Http")]
    [InlineData("controller-agent", "Orleans Npgsql Occi")]
    [InlineData("controller-cli", "Orleans Npgsql Grpc Microsoft.AspNetCore")]
    [InlineData("controller-api", "Grpc Google.Protobuf Orleans.Runtime")]
    public void An_assembly_knows_nothing_of(string assembly, string strangers)
    {
        // Occi stands on the base library alone.
        var met = References(assembly).Where(r => strangers.Length == 0
            ? !r.StartsWith("System.", StringComparison.Ordinal)
            : strangers.Split(' ').Any(s => r == s || r.StartsWith(s + ".", StringComparison.Ordinal)));
        Assert.Empty(met);
    }

    private static IEnumerable<string> References(string assembly) => Assembly.Load(assembly).GetReferencedAssemblies().Select(r => r.Name!);
}
