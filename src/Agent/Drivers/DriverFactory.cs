using Controller.Agent.Drivers.Simulated;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Drivers;

/// <summary>Chooses and starts the driver.</summary>
internal sealed partial class DriverFactory(
    IOptions<AgentOptions> options, IOptions<SimulatedOptions> simulated, SimulatedFaults faults, TimeProvider time, ILogger<DriverFactory> log)
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>Starts the driver that was chosen. Libvirt, where it must be libvirt, is waited for.</summary>
    public async Task Start(ActiveDriver active, CancellationToken cancel)
    {
        switch (options.Value.Driver)
        {
            case DriverChoice.Simulated:
                await Use(active, Simulated(), "simulated: configured", cancel);
                break;
            case DriverChoice.Libvirt:
                await UntilLibvirt(active, cancel);
                break;
            default:
                try
                {
                    await Use(active, Libvirt(), "libvirt: it works here", cancel);
                }
                catch (DriverException absent)
                {
                    await Use(active, Simulated(), $"simulated: libvirt does not work here ({absent.Message})", cancel);
                }
                break;
        }
        LogChosen(active.Why, active.Capabilities.Hypervisor);
    }

    private async Task UntilLibvirt(ActiveDriver active, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await Use(active, Libvirt(), "libvirt: configured", cancel);
                return;
            }
            catch (DriverException absent) when (absent.Retryable)
            {
                LogAbsent(absent.Message, TryAgainAfter.TotalSeconds);
                await Task.Delay(TryAgainAfter, time, cancel);
            }
        }
    }

    private static async Task Use(ActiveDriver active, IHypervisorDriver driver, string why, CancellationToken cancel)
    {
        try
        {
            active.Use(driver, await driver.Start(cancel), why);
        }
        catch
        {
            await driver.DisposeAsync();
            throw;
        }
    }

    private SimulatedDriver Simulated()
    {
        var settings = simulated.Value;
        if (settings.Directory.Length == 0) settings.Directory = Path.Combine(options.Value.StateDirectory, "simulated");
        return new SimulatedDriver(settings, time, faults);
    }

    private static IHypervisorDriver Libvirt() =>
        throw new DriverException("not-built-in", "The libvirt driver is not part of this build.", retryable: false);

    [LoggerMessage(Level = LogLevel.Information, Message = "Driver {Why}; {Hypervisor}")]
    private partial void LogChosen(string why, string hypervisor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Libvirt does not work: {Why}. Trying again in {Seconds} s")]
    private partial void LogAbsent(string why, double seconds);
}
