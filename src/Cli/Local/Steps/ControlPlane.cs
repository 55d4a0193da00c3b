using System.Globalization;
using System.Text.Json.Nodes;

namespace Controller.Cli.Local.Steps;

/// <summary>Starts silos and APIs.</summary>
internal sealed class ControlPlane(DataDirectory data, Ports ports, Postgres postgres, Supervisor supervisor)
{
    // The first start of all applies the migrations.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // All processes together stay below PostgreSQL's max_connections.
    private const int SiloPool = 30, ApiPool = 20;

    /// <summary>The gateways that agents may dial.</summary>
    public List<string> Gateways { get; } = [];

    /// <summary>The first API's URL with TLS, once it was started.</summary>
    public string? TlsUrl { get; private set; }

    /// <summary>Starts the silos: the first alone, since it migrates the database and founds the membership, then the others together.</summary>
    public async Task<string> Silos(int count, CancellationToken cancel)
    {
        await Start([Silo(1)], cancel);
        await Start([.. Enumerable.Range(2, count - 1).Select(Silo)], cancel);
        return $"{count} on 127.0.0.1";
    }

    /// <summary>Starts the APIs, and says where the first one is.</summary>
    public async Task<Uri> Apis(int count, int port, CancellationToken cancel)
    {
        var specs = Enumerable.Range(1, count).Select(index => Api(index, port)).ToArray();
        await Start(specs, cancel);
        return new(specs[0].Address);
    }

    private async Task Start(ProcessSpec[] specs, CancellationToken cancel)
    {
        foreach (var spec in specs)
            supervisor.Start(spec);
        await Task.WhenAll(specs.Select(s => supervisor.Ready(s.Name, Patience, cancel)));
    }

    private ProcessSpec Silo(int index)
    {
        var name = $"silo-{index}";
        var health = ports.Of(name + ".health");
        var gateway = ports.Of(name + ".agents");
        Gateways.Add($"127.0.0.1:{gateway}");
        var environment = ConfigFile.Write(data, name, new()
        {
            ["ConnectionStrings"] = new JsonObject { ["Controller"] = postgres.ConnectionString(name, SiloPool) },
            ["Silo"] = new JsonObject
            {
                ["Name"] = name,
                ["SiloPort"] = ports.Of(name + ".silo"),
                ["GatewayPort"] = ports.Of(name + ".clients"),
                ["AdvertisedAddress"] = "127.0.0.1",
                ["HealthPort"] = health,
            },
            ["AgentGateway"] = new JsonObject { ["Port"] = gateway, ["AdvertisedEndpoint"] = $"127.0.0.1:{gateway}" },
            ["Pki"] = new JsonObject { ["CaCertificate"] = data.Keys.CaCertificate, ["CaKey"] = data.Keys.CaKey },
            ["Images"] = new JsonObject { ["Directory"] = data.Images },
            ["Model"] = new JsonObject { ["Directory"] = data.Model },
            ["Identity"] = new JsonObject { ["AdminTokenFile"] = data.AdminToken },
        });
        return new(name, Role.Silo, Programs.Dotnet, [Programs.Assembly(data, "silo")])
        {
            Environment = environment,
            Address = $"agents {Gateways[^1]}",
            Health = $"http://127.0.0.1:{health}/health/ready",
        };
    }

    private ProcessSpec Api(int index, int port)
    {
        var name = $"api-{index}";
        if (index == 1)
        {
            // The user's choice stands or fails; the others take what is free behind it.
            if (port != 0 && !Ports.IsFree(port))
                throw new CliException(string.Create(CultureInfo.InvariantCulture, $"port {port} of 127.0.0.1 is taken by another program; choose another one with --port"));
            if (port != 0)
                ports.Set(name, port);
        }
        var own = ports.Of(name, from: index == 1 ? null : port == 0 ? null : port + index - 1);
        var url = $"http://127.0.0.1:{own}";
        var tls = $"https://127.0.0.1:{ports.Of(name + ".tls")}";
        if (index == 1)
            TlsUrl = tls;
        var environment = ConfigFile.Write(data, name, new()
        {
            ["ConnectionStrings"] = new JsonObject { ["Controller"] = postgres.ConnectionString(name, ApiPool) },
            ["Api"] = new JsonObject
            {
                ["Url"] = url, [nameof(TlsUrl)] = tls, ["Certificate"] = data.Keys.ServerCertificate, ["CertificateKey"] = data.Keys.ServerKey, ["Console"] = data.Console,
            },
            ["Images"] = new JsonObject { ["Directory"] = data.Images },
            ["Model"] = new JsonObject { ["Directory"] = data.Model },
            ["Pki"] = new JsonObject { ["CaCertificate"] = data.Keys.CaCertificate },
        });
        return new(name, Role.Api, Programs.Dotnet, [Programs.Assembly(data, "api")])
        {
            Environment = environment,
            Address = url,
            Health = url + "/health/ready",
        };
    }
}
