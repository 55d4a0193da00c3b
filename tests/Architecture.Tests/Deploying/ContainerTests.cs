namespace Controller.Architecture.Tests.Deploying;

/// <summary>The compose file and the collector's configuration: what they name is there. No container has run them.</summary>
public sealed class ContainerTests
{
    private const string Compose = "containers/compose.yaml";

    [Fact]
    public void Services_name_networks_volumes_services_and_files_that_there_are()
    {
        var compose = DeployFiles.Yaml(Compose);
        var services = compose.Map("services");
        Assert.Equal(["api-1", "api-2", "collector", "grafana", "postgres", "prometheus", "silo-1", "silo-2"], services.Keys.Cast<string>().Order());
        foreach (var (name, value) in services)
        {
            var service = (Dictionary<object, object>)value;
            Assert.True(service.ContainsKey("image"), $"{name} has no image");
            Assert.Empty(service.List("networks").Except(compose.List("networks")));
            Assert.Empty(service.List("depends_on").Except(services.Keys.Cast<string>()));
            foreach (var source in service.List("volumes").Select(v => v.Split(':')[0]).Where(s => s != "./pki"))
            {
                Assert.True(source.StartsWith('.') ? File.Exists(Path.Combine(DeployFiles.Path("containers"), source)) : compose.Map("volumes").ContainsKey(source),
                    $"{name} mounts {source}, which is not there");
            }
            Assert.All(service.List("ports"), port => Assert.StartsWith(name is "grafana" ? "127.0.0.1:" : "${CONTROLLER_LISTEN:-127.0.0.1}:", port, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_collector_s_pipelines_are_made_of_parts_that_it_has()
    {
        var collector = DeployFiles.Yaml("telemetry/collector.yaml");
        var pipelines = collector.Map("service").Map("pipelines");
        Assert.Equal(["logs", "metrics", "traces"], pipelines.Keys.Cast<string>().Order());
        foreach (var pipeline in pipelines.Values.Cast<Dictionary<object, object>>())
        {
            foreach (var part in (string[])["receivers", "processors", "exporters"])
                Assert.Empty(pipeline.List(part).Except(collector.List(part)));
        }
        Assert.Empty(collector.Map("service").List("extensions").Except(collector.List("extensions")));
    }

    [Theory]
    [InlineData("telemetry/prometheus.yaml")]
    [InlineData("telemetry/grafana/sources.yaml")]
    [InlineData("telemetry/grafana/dashboards.yaml")]
    public void The_others_can_be_parsed(string file) => Assert.NotEmpty(DeployFiles.Yaml(file));

    [Fact]
    public void The_image_takes_the_packages_and_starts_what_is_in_them()
    {
        var file = DeployFiles.Text("containers/Containerfile");
        Assert.Contains("COPY occi-controller_*.deb occi-controller-cli_*.deb", file, StringComparison.Ordinal);
        Assert.Contains("ENTRYPOINT [\"/usr/lib/occi-controller/silo/controller-silo\"]", file, StringComparison.Ordinal);
        Assert.DoesNotContain("USER root", file, StringComparison.Ordinal);
    }

    [Fact]
    public void The_packages_have_the_web_console_where_the_api_looks_for_it()
    {
        // Api:Console is relative to the program, and nothing that is installed says otherwise.
        Assert.Contains("console \"$stage/occi-controller/usr/lib/occi-controller/api/console\"", DeployFiles.Text("debian/build.sh").Split('\n'));
        Assert.DoesNotContain("\"Console\": \"", DeployFiles.Text("debian/etc/api.json"), StringComparison.Ordinal);
    }
}
