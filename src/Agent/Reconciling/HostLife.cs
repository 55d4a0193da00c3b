using Controller.Agent.Drivers;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Reconciling;

/// <summary>Names the present life of the host: of its kernel, and of the hypervisor on it.</summary>
internal sealed class HostLife(IOptions<AgentOptions> options, ActiveDriver active)
{
    private readonly Lazy<string> _bootId = new(() =>
        File.Exists(options.Value.BootIdFile) ? File.ReadAllText(options.Value.BootIdFile).Trim() : "");

    public string BootId => _bootId.Value;

    public string Now => $"{BootId}/{active.Driver.Instance}";
}
