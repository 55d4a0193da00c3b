using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Testing;

namespace Controller.SystemTests.Harness;

/// <summary>A cloud with three real hosts, which tests share one after the other: each leaves it as it found it.</summary>
public sealed class Fleet : IAsyncLifetime
{
    public const string Collection = "fleet";

    private const int Size = 3;

    private Cloud? _cloud;
    private OcciApi? _api;

    internal Cloud Cloud => _cloud!;

    internal OcciApi Api => _api!;

    internal IReadOnlyList<Hypervisor> Hosts { get; private set; } = [];

    public async Task InitializeAsync()
    {
        if (LibvirtNeeds.WhyNot("virsh") is not null)
            return;
        _cloud = new Cloud { Settings = { ["HighAvailability__Lease"] = "00:00:12", ["HighAvailability__Margin"] = "00:00:04", [LibvirtCloud.Acceleration] = "Tcg" } };
        try
        {
            await _cloud.Up("--driver", "libvirt", "--hosts", Size.ToString(CultureInfo.InvariantCulture), "--silos", "2");
        }
        catch
        {
            // Nobody disposes of a fixture that did not come to life.
            await _cloud.DisposeAsync();
            throw;
        }
        _api = _cloud.Api();
        Hosts = [.. Enumerable.Range(1, Size).Select(number => new Hypervisor(_cloud, number))];
    }

    public async Task DisposeAsync()
    {
        _api?.Dispose();
        if (_cloud is not null)
            await _cloud.DisposeAsync();
    }

    /// <summary>A test begins with nothing, whatever one that failed before it left here: its failure is not the others' as well.</summary>
    internal async Task Sweep()
    {
        if (_cloud is null)
            return;   // without libvirt there is no fleet, and no test of it runs
        foreach (var host in Hosts)
            await _cloud.Run("power", host.Name, "on");   // only it can take away what it has
        foreach (var kind in (string[])["compute", "storage", "ipreservation", "network"])
        {
            IReadOnlyList<string> left = [];
            await Eventually.Is(
                $"no {kind} is left",
                async () =>
                {
                    left = await Left(kind);
                    foreach (var path in left)
                        await Api.TryDelete(path);   // 404, when it went by itself meanwhile
                    return left.Count == 0;
                },
                TimeSpan.FromSeconds(150), () => string.Join('\n', left));
        }
    }

    private async Task<IReadOnlyList<string>> Left(string kind)
    {
        var left = new List<string>();
        foreach (var path in await Api.Members(kind))
        {
            // Every cloud has that one.
            if (await Api.Find(path) is { } entity && !(kind == "network" && entity["occi.core.title"] == "default"))
                left.Add(path);
        }
        return left;
    }

    /// <summary>Where the machine's QEMU is, looked at past the product: on every host that has one of it.</summary>
    internal async Task<IReadOnlyList<Hypervisor>> RunsOn(Entity compute)
    {
        var found = new List<Hypervisor>();
        foreach (var host in Hosts)
        {
            if ((await host.Running()).Contains(compute.Id))
                found.Add(host);
        }
        return found;
    }

    /// <summary>The one host that runs it.</summary>
    internal async Task<Hypervisor> HostOf(Entity compute) => Assert.Single(await RunsOn(compute));

    /// <summary>What operators are shown of a host.</summary>
    internal async Task<JsonObject> Shown(Hypervisor host) =>
        JsonNode.Parse(await Cloud.Run("host", "list", "-o", "json"))!.AsArray().Select(h => h!.AsObject()).Single(h => (string?)h["name"] == host.Name);

    /// <summary>Waits until operators are shown that status of it.</summary>
    internal Task Becomes(Hypervisor host, string status) => Eventually.Is(
        $"{host.Name} is {status}",
        async () => string.Equals((string?)(await Shown(host))["status"], status, StringComparison.OrdinalIgnoreCase),
        TimeSpan.FromSeconds(120),
        () => Cloud.Run("host", "list").GetAwaiter().GetResult());

    /// <summary>kill -9, and waits until libvirtd is there again: tests look past the product through it.</summary>
    internal async Task KillLibvirtd(Hypervisor host)
    {
        var mark = Path.Combine(Cloud.Data, "libvirt", host.Number.ToString(CultureInfo.InvariantCulture), "etc/libvirtd.conf");
        Kill(Processes.Of(mark).Single(p => p.Command.StartsWith("libvirtd ", StringComparison.Ordinal)).Pid);
        await Eventually.Is($"{host.Name} has a libvirtd again", host.Answers, TimeSpan.FromSeconds(120));
    }

    /// <summary>What port 80 of an address says to somebody in the world outside; nothing where it cannot be reached.</summary>
    internal async Task<string> AskOutside(string address)
    {
        var outside = Cloud.Read("libvirt/fabric/init.pid");
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "nsenter", [$"--net=/proc/{outside}/ns/net", "--", "timeout", "3", "bash", "-c", $"exec 3<>/dev/tcp/{address}/80 && cat <&3"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (said, _) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return await said;
    }

    internal static void Kill(int pid)
    {
        using var process = System.Diagnostics.Process.GetProcessById(pid);
        process.Kill();
    }

    /// <summary>Nothing of these is left anywhere.</summary>
    internal Task HasForgotten(params Entity[] entities) => Cloud.HasForgotten(entities, Hosts);

    /// <summary>Nor of these addresses.</summary>
    internal Task HasForgotten(Entity[] entities, params string[] marks) => Cloud.HasForgotten(entities, Hosts, marks);
}

/// <summary>One fleet for all classes that want one: it takes half a minute to come up.</summary>
[CollectionDefinition(Fleet.Collection)]
public sealed class FleetCollection : ICollectionFixture<Fleet>;
