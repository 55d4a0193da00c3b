using System.Text.Json;

namespace Controller.Cli.Local;

/// <summary>Which hypervisor driver to use.</summary>
internal enum Driver
{
    Auto,
    Libvirt,
    Simulated,
}

/// <summary>What <c>up</c> was asked for; null where nothing was said.</summary>
internal sealed record UpRequest(DataDirectory Data, int? Silos, int? Apis, int? Hosts, Driver? Driver, int? Port, bool Detach, string? Extensions = null);

/// <summary>What a cluster consists of. Kept, so that a later <c>up</c> without options brings the same one back.</summary>
internal sealed record ClusterSettings(int Silos = 1, int Apis = 1, int Hosts = 1, Driver Driver = Driver.Auto, int Port = 8080, string Extensions = "none")
{
    public static ClusterSettings? Load(DataDirectory data) =>
        SafeFile.Read(data.Settings) is { } text ? JsonSerializer.Deserialize(text, LocalJson.Default.ClusterSettings) : null;

    public void Save(DataDirectory data) => SafeFile.Write(data.Settings, JsonSerializer.Serialize(this, LocalJson.Default.ClusterSettings) + "\n");

    /// <summary>What was asked for over what was there.</summary>
    public ClusterSettings With(UpRequest request) => new(
        request.Silos ?? Silos,
        request.Apis ?? Apis,
        request.Hosts ?? Hosts,
        // A cluster that settled on a driver has machines there: auto does not move it to another one.
        request.Driver is null or Driver.Auto ? Driver : request.Driver.Value,
        request.Port ?? Port,
        request.Extensions ?? Extensions);
}
