using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers;

/// <summary>The driver in use, once it was chosen and started.</summary>
internal sealed class ActiveDriver : IAsyncDisposable
{
    private IHypervisorDriver? _driver;
    private Capabilities? _capabilities;

    public IHypervisorDriver Driver => _driver ?? throw new InvalidOperationException("The driver was not started yet.");

    public Capabilities Capabilities => _capabilities ?? throw new InvalidOperationException("The driver was not started yet.");

    /// <summary>Why it is this one.</summary>
    public string Why { get; private set; } = "";

    public DriverHealth Health => _driver?.Health ?? new DriverHealth { Healthy = false, Why = "The driver has not started yet." };

    public void Use(IHypervisorDriver driver, Capabilities capabilities, string why) => (_driver, _capabilities, Why) = (driver, capabilities, why);

    public ValueTask DisposeAsync() => _driver?.DisposeAsync() ?? ValueTask.CompletedTask;
}
