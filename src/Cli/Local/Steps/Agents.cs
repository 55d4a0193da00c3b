using System.Globalization;
using System.Text.Json.Nodes;

namespace Controller.Cli.Local.Steps;

/// <summary>Starts an agent for each host; one that never joined gets a join token.</summary>
internal sealed class Agents(DataDirectory data, Supervisor supervisor, ApiClient api, IReadOnlyList<string> gateways)
{
    // A libvirt agent probes first whether KVM really works.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(10);

    public async Task<string> Start(int count, Hypervisors hypervisors, CancellationToken cancel)
    {
        var specs = new List<ProcessSpec>();
        for (var index = 1; index <= count; index++)
            specs.Add(await Spec(index, hypervisors, cancel));
        foreach (var spec in specs)
            supervisor.Start(spec);
        await Task.WhenAll(specs.Select(s => supervisor.Ready(s.Name, Patience, cancel)));
        await Up(specs, cancel);
        return string.Join(", ", specs.Select(s => s.Address));
    }

    /// <summary>The agent says that it is connected; the control plane must say so too.</summary>
    private async Task Up(List<ProcessSpec> specs, CancellationToken cancel)
    {
        var up = 0;
        var inTime = await Wait.Until(
            async () =>
            {
                var hosts = await api.Json(HttpMethod.Get, "/admin/hosts", null, cancel) as JsonArray ?? [];
                up = hosts.Count(h => string.Equals((string?)h?["status"], "up", StringComparison.OrdinalIgnoreCase));
                return up >= specs.Count;
            },
            Patience, cancel);
        if (!inTime)
            throw new StepFailedException($"{up} of {specs.Count} hosts are up after {Patience.TotalSeconds:0} s", data.Log(specs[0].Name));
    }

    private async Task<ProcessSpec> Spec(int index, Hypervisors hypervisors, CancellationToken cancel)
    {
        var number = index.ToString(CultureInfo.InvariantCulture);
        var name = $"agent-{number}";
        var state = Path.Combine(data.Agents, number);
        Directory.CreateDirectory(state, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // What the last run said of itself is no news.
        File.Delete(Path.Combine(state, "health"));
        var agent = new JsonObject
        {
            ["StateDirectory"] = state,
            ["Name"] = $"host-{number}",
            ["Driver"] = hypervisors.Driver == Driver.Libvirt ? "libvirt" : "simulated",
            // Machines move between the agents, which are all on this machine.
            ["PeerListen"] = "127.0.0.1:0",
            // The silos' ports may have changed since it learnt them.
            ["Gateways"] = new JsonArray([.. gateways.Select(g => JsonValue.Create(g))]),
        };
        if (!File.Exists(Path.Combine(state, "identity.pem")))
            agent["JoinTokenFile"] = await JoinToken(state, cancel);
        var settings = new JsonObject { ["Agent"] = agent };
        if (hypervisors.Driver == Driver.Libvirt)
        {
            settings["Libvirt"] = LibvirtSettings(hypervisors.Hosts[index - 1], Path.Combine(data.In("machines"), number));
        }
        else
        {
            settings["Simulated"] = new JsonObject { ["Directory"] = Path.Combine(state, "simulated"), ["SharedPools"] = Pools() };
        }
        return new(name, Role.Agent, Programs.Dotnet, [Programs.Assembly(data, "agent")])
        {
            Environment = ConfigFile.Write(data, name, settings),
            Address = $"host-{number} ({agent["Driver"]})",
            Health = Path.Combine(state, "health"),
        };
    }

    /// <summary>One directory of this machine is a pool that all hosts see, at the same path.</summary>
    private JsonObject Pools()
    {
        Directory.CreateDirectory(data.In("shared"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new JsonObject { ["shared"] = data.In("shared") };
    }

    private JsonObject LibvirtSettings(Hypervisor host, string directory)
    {
        Directory.CreateDirectory(directory);
        var settings = new JsonObject { ["Uri"] = host.Uri, ["Directory"] = directory, ["SharedPools"] = Pools() };
        if (host.NamespacePidFile is { } pid)
            settings["NamespacePidFile"] = pid;
        if (host.Underlay is { } underlay)
        {
            // Both are the fabric's that the hosts are plugged into.
            settings["UnderlayAddress"] = underlay;
            settings["PhysicalNetworks"] = new JsonObject { ["public"] = "external0" };
        }
        return settings;
    }

    private async Task<string> JoinToken(string state, CancellationToken cancel)
    {
        var answer = await api.Json(HttpMethod.Post, "/admin/hosts/join-tokens", new JsonObject { ["ttlSeconds"] = TokenLife.TotalSeconds }, cancel);
        var path = Path.Combine(state, "join.token");
        SafeFile.Write(path, (string?)answer?["token"] ?? throw new CliException("the API gave no join token"), SafeFile.Private);
        return path;
    }
}
