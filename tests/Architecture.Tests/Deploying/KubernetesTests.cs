using k8s;
using k8s.Models;

namespace Controller.Architecture.Tests.Deploying;

/// <summary>
/// The manifests, read strictly by Kubernetes' own client library: an unknown field or a wrong type is refused, as by the schema of its API. No cluster has run them.
/// </summary>
public sealed class KubernetesTests
{
    private const string Kustomization = "kubernetes/kustomization.yaml";

    private static readonly List<object> Objects =
        [.. DeployFiles.In("kubernetes").Where(f => f != Kustomization).SelectMany(f => KubernetesYaml.LoadAllFromString(DeployFiles.Text(f), strict: true))];

    [Fact]
    public void All_files_are_in_the_kustomization_and_all_objects_in_one_namespace()
    {
        Assert.Equal(DeployFiles.In("kubernetes").Where(f => f != Kustomization).Select(Path.GetFileName).Order(), DeployFiles.Yaml(Kustomization).List("resources").Order());
        Assert.All(Objects.OfType<IMetadata<V1ObjectMeta>>().Where(o => o is not V1Namespace), o => Assert.Equal("occi-controller", o.Metadata.NamespaceProperty));
    }

    [Fact]
    public void Selectors_select_and_probes_ask_what_there_is()
    {
        V1PodTemplateSpec[] pods = [.. Objects.OfType<V1Deployment>().Select(d => d.Spec.Template), .. Objects.OfType<V1StatefulSet>().Select(s => s.Spec.Template)];
        Assert.Equal(2, pods.Length);
        foreach (var selector in (IEnumerable<IDictionary<string, string>>)[.. Objects.OfType<V1Service>().Select(s => s.Spec.Selector),
            .. Objects.OfType<V1PodDisruptionBudget>().Select(b => b.Spec.Selector.MatchLabels), .. Objects.OfType<V1NetworkPolicy>().Select(p => p.Spec.PodSelector.MatchLabels),
            .. Objects.OfType<V1Deployment>().Select(d => d.Spec.Selector.MatchLabels), .. Objects.OfType<V1StatefulSet>().Select(s => s.Spec.Selector.MatchLabels)])
        {
            Assert.Single(pods, pod => selector.All(pod.Metadata.Labels.Contains));
        }
        string[] paths = ["/health/live", "/health/ready"];
        foreach (var container in pods.SelectMany(p => p.Spec.Containers))
        {
            foreach (var probe in (V1Probe[])[container.StartupProbe, container.LivenessProbe, container.ReadinessProbe])
            {
                Assert.Contains(probe.HttpGet.Path, paths);
                Assert.Contains(container.Ports, port => port.Name == probe.HttpGet.Port.Value);
            }
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        }
        Assert.All(paths, path => Assert.Contains($"\"{path}\"", File.ReadAllText(Path.Combine(Repository.Root, "src/Silo/SiloHost.cs")), StringComparison.Ordinal));
    }

    [Fact]
    public void Volumes_are_there_and_accounts_are_known()
    {
        var accounts = Objects.OfType<V1ServiceAccount>().Select(a => a.Metadata.Name).ToList();
        var maps = Objects.OfType<V1ConfigMap>().ToDictionary(m => m.Metadata.Name);
        foreach (var pod in (V1PodSpec[])[.. Objects.OfType<V1Deployment>().Select(d => d.Spec.Template.Spec), .. Objects.OfType<V1StatefulSet>().Select(s => s.Spec.Template.Spec)])
        {
            Assert.Contains(pod.ServiceAccountName, accounts);
            Assert.Equal(pod.Volumes.Select(v => v.Name).Order(), pod.Containers.Single().VolumeMounts.Select(m => m.Name).Order());
            foreach (var map in pod.Volumes.Where(v => v.ConfigMap is not null).Select(v => v.ConfigMap))
                Assert.All(map.Items, item => Assert.Contains(item.Key, maps[map.Name].Data.Keys));
        }
    }

    [Fact]
    public void What_Orleans_hosting_wants_is_there()
    {
        var silo = Objects.OfType<V1StatefulSet>().Single().Spec.Template;
        Assert.Equal(("controller", "controller"), (silo.Metadata.Labels["orleans/serviceId"], silo.Metadata.Labels["orleans/clusterId"]));
        string[] variables = ["POD_NAME", "POD_NAMESPACE", "POD_IP", "ORLEANS_SERVICE_ID", "ORLEANS_CLUSTER_ID"];
        Assert.Empty(variables.Except(silo.Spec.Containers.Single().Env.Select(e => e.Name)));
        Assert.Contains("pods", Objects.OfType<V1Role>().Single().Rules.Single().Resources);
    }

    [Theory]
    [InlineData("apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { selectr: { app: x } }")]
    [InlineData("apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { ports: [{ port: many }] }")]
    public void A_field_that_is_none_is_found(string yaml) => Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(yaml, strict: true));
}
