using System.Text;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Drivers.Simulated;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Drivers;

/// <summary>Chooses and starts the driver.</summary>
internal sealed partial class DriverFactory(
    IOptions<AgentOptions> options, IOptions<LibvirtOptions> libvirt, IOptions<SimulatedOptions> simulated, SimulatedFaults faults, TimeProvider time,
    ILoggerFactory logs, ILogger<DriverFactory> log)
{
    /// <summary>How long a libvirtd that may not exist is waited for.</summary>
    private static readonly TimeSpan AutoPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>Starts the driver that was chosen. Libvirt, where it must be libvirt, is waited for.</summary>
    public async Task Start(ActiveDriver active, CancellationToken cancel)
    {
        // A host's machines are where its driver is. Once it has one, auto keeps to it: a libvirtd that is late at a restart must not
        // make us build everything again in a simulation.
        switch (options.Value.Driver == DriverChoice.Auto ? Chosen() : options.Value.Driver)
        {
            case DriverChoice.Simulated:
                await Use(active, Simulated(), options.Value.Driver == DriverChoice.Auto ? "simulated: as before" : "simulated: configured", cancel);
                break;
            case DriverChoice.Libvirt:
                await UntilLibvirt(active, cancel);
                break;
            default:
                try
                {
                    if (libvirt.Value.ConnectTimeout > AutoPatience) libvirt.Value.ConnectTimeout = AutoPatience;
                    await Use(active, Libvirt(), "libvirt: it works here", cancel);
                }
                catch (DriverException absent)
                {
                    await Use(active, Simulated(), $"simulated: libvirt does not work here ({absent.Message})", cancel);
                }
                break;
        }
        AtomicFile.Write(ChosenPath, Encoding.ASCII.GetBytes(active.Capabilities.Driver + "\n"));
        LogChosen(active.Why, active.Capabilities.Hypervisor);
    }

    private string ChosenPath => Path.Combine(options.Value.StateDirectory, "driver");

    private DriverChoice Chosen() =>
        File.Exists(ChosenPath) && Enum.TryParse<DriverChoice>(File.ReadAllText(ChosenPath).Trim(), ignoreCase: true, out var chosen) ? chosen : DriverChoice.Auto;

    private async Task UntilLibvirt(ActiveDriver active, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await Use(active, Libvirt(), options.Value.Driver == DriverChoice.Auto ? "libvirt: as before" : "libvirt: configured", cancel);
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
        catch (DllNotFoundException missing)
        {
            await driver.DisposeAsync();
            throw new DriverException("no-libvirt", $"libvirt's client library is not installed: {missing.Message}", retryable: false, missing);
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

    private LibvirtDriver Libvirt() => new(libvirt.Value, time, logs.CreateLogger<LibvirtDriver>());

    [LoggerMessage(Level = LogLevel.Information, Message = "Driver {Why}; {Hypervisor}")]
    private partial void LogChosen(string why, string hypervisor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Libvirt does not work: {Why}. Trying again in {Seconds} s")]
    private partial void LogAbsent(string why, double seconds);
}
