using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Controller.Architecture.Tests.Deploying;

/// <summary>Every setting that a file under <c>deploy/</c> makes is one of the program's options: a name that is wrong would be passed over in silence.</summary>
public sealed partial class SettingTests
{
    /// <summary>Section and options of each program, as its composition root binds them.</summary>
    private static readonly Dictionary<string, Dictionary<string, Type>> Programs = new()
    {
        ["silo"] = Options("controller-silo", ("Silo", "Controller.Silo.SiloOptions"), ("AgentGateway", "Controller.Silo.AgentGatewayOptions"), ("Pki", "Controller.Silo.Gateway.PkiOptions"),
            ("Images", "Controller.Silo.ImageOptions"), ("Identity", "Controller.Silo.IdentityOptions"), ("Model", "Controller.Silo.ModelOptions")),
        ["api"] = Options("controller-api", ("Api", "Controller.Api.ApiOptions"), ("Mixins", "Controller.Api.MixinOptions"), ("Images", "Controller.Api.ImageOptions"),
            ("Model", "Controller.Api.ModelOptions"), ("Pki", "Controller.Api.PkiOptions")),
        ["agent"] = Options("controller-agent", ("Agent", "Controller.Agent.AgentOptions"), ("Libvirt", "Controller.Agent.Drivers.Libvirt.LibvirtOptions"),
            ("Simulated", "Controller.Agent.Drivers.Simulated.SimulatedOptions")),
    };

    [Theory]
    [InlineData("silo")]
    [InlineData("api")]
    [InlineData("agent")]
    public void The_packages_configuration_is_made_of_settings(string program) => Check(program, DeployFiles.Text($"debian/etc/{program}.json"));

    [Theory]
    [InlineData("silo")]
    [InlineData("api")]
    public void Kubernetes_configuration_is_made_of_settings(string program) =>
        Check(program, (string)DeployFiles.Yaml("kubernetes/configuration.yaml").Map("data")[program + ".json"]);

    [Fact]
    public void Every_environment_variable_is_a_setting()
    {
        var found = 0;
        foreach (var file in (string[])[.. DeployFiles.In("debian"), .. DeployFiles.In("kubernetes"), .. DeployFiles.In("containers"), .. DeployFiles.In("systemd")])
        {
            foreach (Match name in Variable().Matches(DeployFiles.Text(file)))
            {
                var (section, key) = (name.Groups["section"].Value, name.Groups["key"].Value);
                Assert.True(section == "ConnectionStrings" ? key == "Controller" : Programs.Values.Any(p => p.TryGetValue(section, out var type) && type.GetProperty(key) is not null),
                    $"deploy/{file} sets {name.Value}, which no program knows");
                found++;
            }
        }
        Assert.True(found > 10, $"{found} variables were found: does the pattern still fit?");
    }

    [Theory]
    [InlineData("silo", """{ "Silo": { "Nmae": "x" } }""")]
    [InlineData("api", """{ "Silo": { "Name": "x" } }""")]
    [InlineData("agent", """{ "Agent": { "ParallelBuilds": "many" } }""")]
    public void A_wrong_setting_is_found(string program, string json) => Assert.ThrowsAny<Exception>(() => Check(program, json));

    private static void Check(string program, string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        var configuration = new ConfigurationBuilder().AddJsonStream(stream).Build();
        foreach (var section in configuration.GetChildren())
        {
            Assert.True(Programs[program].TryGetValue(section.Key, out var options), $"{program} has no section {section.Key}; it has {string.Join(", ", Programs[program].Keys)}");
            section.Get(options!, binder => binder.ErrorOnUnknownConfiguration = true);
        }
    }

    private static Dictionary<string, Type> Options(string assembly, params (string Section, string Type)[] options)
    {
        var found = options.ToDictionary(o => o.Section, o => Assembly.Load(assembly).GetType(o.Type, throwOnError: true)!);
        if (assembly != "controller-agent")
            found["ClusterTls"] = Assembly.Load("Controller.Contracts").GetType("Controller.Contracts.Cluster.ClusterTlsOptions", throwOnError: true)!;
        return found;
    }

    [GeneratedRegex(@"\b(?<section>[A-Z][A-Za-z]+)__(?<key>[A-Za-z]+)")]
    private static partial Regex Variable();
}
