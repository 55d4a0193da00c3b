using System.ComponentModel.DataAnnotations;
using System.Net;
using Controller.Contracts.Cluster;
using Controller.Grains.Availability;
using Controller.Silo.Events;
using Controller.Silo.Gateway;
using Controller.Silo.Postgres;

namespace Controller.Silo;

/// <summary>Section <c>Silo</c>.</summary>
public sealed class SiloOptions
{
    [Required]
    public string Name { get; set; } = "silo-1";

    /// <summary>Orleans ports. Fixed per silo, so that one that comes back replaces its dead self at once.</summary>
    [Range(1, 65535)]
    public int SiloPort { get; set; } = 11111;

    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;

    /// <summary>IP address that other silos and APIs reach it by. Default: 127.0.0.1.</summary>
    [Required]
    public string AdvertisedAddress { get; set; } = "127.0.0.1";

    [Range(1, 65535)]
    public int HealthPort { get; set; } = 8081;

    /// <summary>IP address that health is told at, in plain HTTP. Default: <see cref="AdvertisedAddress"/>.</summary>
    public string HealthAddress { get; set; } = "";

    /// <summary>In Kubernetes: whether Orleans asks the cluster's API which of its pods are gone. The pod's service account needs the rights of deploy/kubernetes. Default: no.</summary>
    public bool Kubernetes { get; set; }

    /// <summary>Whether records that are written at the same time share a statement and a commit. Default: yes; no: Orleans' ADO.NET provider writes them, one by one.</summary>
    public bool GroupCommit { get; set; } = true;
}

/// <summary>Section <c>AgentGateway</c>.</summary>
public sealed class AgentGatewayOptions
{
    [Range(1, 65535)]
    public int Port { get; set; } = 7443;

    /// <summary><c>host:port</c> that agents are told. Default: the silo's advertised address and this port.</summary>
    public string AdvertisedEndpoint { get; set; } = "";
}

/// <summary>Section <c>Images</c>.</summary>
public sealed class ImageOptions
{
    /// <summary>Files named by their SHA-256.</summary>
    [Required]
    public string Directory { get; set; } = "images";

    /// <summary>A larger image is taken neither from a host that saves a compute nor from a URL. Default: 256 GiB.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long MaxBytes { get; set; } = 256L << 30;

    /// <summary>A file that no image, compute or storage names is kept for this long. Default: 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "30.00:00:00")]
    public TimeSpan KeepUnnamed { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many images a silo fetches at a time; further ones wait. Default: 4.</summary>
    [Range(1, 64)]
    public int ParallelImports { get; set; } = 4;

    /// <summary>Most images that a project may have saved from its computes; 0: none. Default: 100.</summary>
    [Range(0, 100_000)]
    public int MaxPerProject { get; set; } = 100;

    /// <summary>An import that brings nothing for this long is given up. Default: 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ImportPatience { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>Section <c>Identity</c>.</summary>
public sealed class IdentityOptions
{
    /// <summary>A file with one token that is admin in the project <c>default</c>; empty: none.</summary>
    public string AdminTokenFile { get; set; } = "";
}

/// <summary>Section <c>Model</c>.</summary>
public sealed class ModelOptions
{
    /// <summary>Directory with files of kinds and mixins beside the standard's; empty: none. The same files for all silos and APIs.</summary>
    public string Directory { get; set; } = "";
}

/// <summary>Section <c>Metrics</c>.</summary>
public sealed class MetricsOptions
{
    /// <summary>The most machines whose measures this silo exports through OpenTelemetry, each with series of its own; 0: none. Default: 2000.</summary>
    [Range(0, 100_000)]
    public int MaxMachines { get; set; } = 2000;
}

/// <summary>All settings of a silo, read and checked once.</summary>
internal sealed record SiloSettings(
    string ConnectionString, SiloOptions Silo, AgentGatewayOptions AgentGateway, PkiOptions Pki, ImageOptions Images, IdentityOptions Identity, PlacementOptions Placement,
    ModelOptions Model, ClusterTlsOptions ClusterTls, MetricsOptions Metrics, AvailabilityOptions Availability, EventOptions Events, WebhookOptions Webhooks)
{
    /// <exception cref="InvalidOperationException">Something is missing or out of range: the message names the key and what was wanted.</exception>
    public static SiloSettings Read(IConfiguration configuration)
    {
        var silo = Section<SiloOptions>(configuration, "Silo");
        if (!IPAddress.TryParse(silo.AdvertisedAddress, out _))
            throw new InvalidOperationException($"Silo:AdvertisedAddress: an IP address was wanted, \"{silo.AdvertisedAddress}\" was given.");
        if (silo.HealthAddress.Length == 0)
            silo.HealthAddress = silo.AdvertisedAddress;
        if (!IPAddress.TryParse(silo.HealthAddress, out _))
            throw new InvalidOperationException($"Silo:HealthAddress: an IP address was wanted, \"{silo.HealthAddress}\" was given.");
        if (silo.Kubernetes && Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is null or "")
            throw new InvalidOperationException("Silo:Kubernetes: a pod of a Kubernetes cluster was wanted, and this process is in none: KUBERNETES_SERVICE_HOST is not set.");
        var pki = Section<PkiOptions>(configuration, "Pki");
        var tls = Section<ClusterTlsOptions>(configuration, "ClusterTls");
        if (tls.Complaint(pki.CaCertificate, issues: true) is { } complaint)
            throw new InvalidOperationException(complaint);
        var gateway = Section<AgentGatewayOptions>(configuration, "AgentGateway");
        if (gateway.AdvertisedEndpoint.Length == 0)
            gateway.AdvertisedEndpoint = $"{silo.AdvertisedAddress}:{gateway.Port}";
        return new(
            configuration.GetConnectionString("Controller")
                ?? throw new InvalidOperationException("ConnectionStrings:Controller: a connection string of the database was wanted, nothing was given."),
            silo, gateway, pki, Section<ImageOptions>(configuration, "Images"),
            Section<IdentityOptions>(configuration, "Identity"), Section<PlacementOptions>(configuration, "Placement"), Section<ModelOptions>(configuration, "Model"), tls,
            Section<MetricsOptions>(configuration, "Metrics"), Section<AvailabilityOptions>(configuration, "HighAvailability"),
            Section<EventOptions>(configuration, "Events"), Section<WebhookOptions>(configuration, "Webhooks"));
    }

    private static T Section<T>(IConfiguration configuration, string name)
        where T : class, new()
    {
        var options = configuration.GetSection(name).Get<T>() ?? new T();
        var wrong = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new(options), wrong, validateAllProperties: true)
            ? options
            : throw new InvalidOperationException(string.Join(' ', wrong.Select(w => $"{name}: {w.ErrorMessage}")));
    }
}
