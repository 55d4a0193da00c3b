using Controller.Cli.Entities;
using Controller.Cli.Local.Steps;
using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary>What was found out about the machine before anything of the cluster was started.</summary>
/// <param name="LibvirtUnusable">Why libvirt is out of the question; null: it may work.</param>
/// <param name="RealImage">Whether the demo image can be built.</param>
internal sealed record Preparation(string? LibvirtUnusable, bool RealImage);

/// <summary>A local cluster from its first process to the end of its last one.</summary>
internal sealed class Cluster(DataDirectory data, ClusterSettings settings, Preparation prepared, Progress progress)
{
    private readonly ProcessTable _table = new(data);

    /// <summary>Brings it up, calls <paramref name="ready"/>, supervises until <paramref name="end"/>, and ends it. The caller holds the lock.</summary>
    /// <exception cref="StepFailedException">A step failed; what was started has been ended.</exception>
    public async Task Run(Action<Uri> ready, CancellationToken end)
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!;
        var left = await Leftovers.End(data);
        if (left.Count > 0)
            progress.Line($"        ended what an earlier start had left running: {string.Join(", ", left)}");
        using var supervisor = new Supervisor(data, _table, progress);
        _table.Put(new("supervisor", Role.Supervisor, self, "", null));
        try
        {
            var endpoint = await BringUp(supervisor, end);
            supervisor.Watch();
            ready(endpoint);
            await Task.Delay(Timeout.Infinite, end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            progress.Line("ending: APIs, agents, silos, libvirt, PostgreSQL");
        }
        finally
        {
            File.Delete(data.Endpoint);
            File.Delete(data.TlsEndpoint);
            await supervisor.EndAll();
            ProcessTable.Delete(data);
        }
    }

    private async Task<Uri> BringUp(Supervisor supervisor, CancellationToken cancel)
    {
        HostPower.Reset(data);
        await progress.Step("programs", () => Task.Run(() => Programs.Stage(data), cancel));
        await Task.Run(() => WebConsole.Stage(data), cancel);
        await progress.Step("model", () => Task.Run(() => ModelFiles.Stage(data, settings.Extensions), cancel));
        await progress.Step("keys", () => Task.Run(() => Keys.Ensure(data.Keys, [], TimeProvider.System), cancel));

        // These take long and need nobody else: they go on while the control plane comes up.
        var image = Task.Run(() => DemoImage.Build(data, prepared.RealImage, cancel), cancel);
        var libvirt = Task.Run(() => new Libvirt(data, supervisor).Start(settings.Driver, settings.Hosts, prepared.LibvirtUnusable, cancel), cancel);
        try
        {
            return await BringUp(supervisor, image, libvirt, cancel);
        }
        finally
        {
            // Nothing may be started any more when the failed cluster is ended.
            await Task.WhenAll(image, libvirt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Uri> BringUp(Supervisor supervisor, Task<string> image, Task<Hypervisors> libvirt, CancellationToken cancel)
    {
        var ports = new Ports(data);
        Postgres postgres = null!;
        await progress.Step("PostgreSQL", async () =>
        {
            postgres = await Postgres.Start(data, supervisor, cancel);
            return $"a cluster of our own, socket in {postgres.Sockets}";
        });
        var plane = new ControlPlane(data, ports, postgres, supervisor);
        await progress.Step("silos", () => plane.Silos(settings.Silos, cancel));
        Uri endpoint = null!;
        await progress.Step("APIs", async () =>
        {
            endpoint = await plane.Apis(settings.Apis, settings.Port, cancel);
            return $"{settings.Apis}, the first on {endpoint.GetLeftPart(UriPartial.Authority)}";
        });

        using var api = new ApiClient(endpoint, SafeFile.Read(data.AdminToken)!);
        await Ask("demo image", async () =>
        {
            var imported = await DemoImage.Import(api, await image, cancel);
            return prepared.RealImage ? imported : imported + " (blank: the packages to build the real one are not installed)";
        });
        Hypervisors hypervisors = null!;
        await progress.Step("hypervisor", async () =>
        {
            hypervisors = await libvirt;
            return $"{hypervisors.Driver.ToString().ToLowerInvariant()}: {hypervisors.Why}";
        });
        await Ask("agents", () => new Agents(data, supervisor, api, plane.Gateways).Start(settings.Hosts, hypervisors, cancel));
        await Ask("default network", () => DefaultNetwork.Ensure(new OcciClient(api), cancel));

        // Kept only now: a start that failed decides nothing for the next one.
        (settings with { Driver = hypervisors.Driver }).Save(data);
        SafeFile.Write(data.TlsEndpoint, plane.TlsUrl + "\n");
        SafeFile.Write(data.Endpoint, endpoint.GetLeftPart(UriPartial.Authority) + "\n");
        return endpoint;
    }

    /// <summary>A step that talks to the API: what it refuses is in its log.</summary>
    private Task Ask(string title, Func<Task<string>> work) => progress.Step(title, async () =>
    {
        try
        {
            return await work();
        }
        catch (RefusedException refused)
        {
            throw new StepFailedException(refused.Message, data.Log("api-1"));
        }
    });
}
