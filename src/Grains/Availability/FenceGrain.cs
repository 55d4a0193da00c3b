using Controller.Contracts;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Availability;

/// <summary>Waits for a fence in the place of the host's grain. It remembers nothing: when it is lost on the way, it is asked again.</summary>
[GrainType("fence")]
internal sealed partial class FenceGrain(IEnumerable<IFence> fences, AvailabilityOptions options, TimeProvider time, ILogger<FenceGrain> logger) : Grain, IFenceGrain
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    public async Task Ask(Guid attempt, FenceSettings fence, string name, bool switchOff)
    {
        var host = GrainKeys.IdOf(this.GetPrimaryKeyString());
        var (power, why) = await Answer(new(host, name, fence), switchOff);
        if (power != PowerState.Off)
            LogNotOff(host, name, power, why);
        await GrainFactory.Host(host).FenceAnswered(attempt, new(power, why, time.GetUtcNow()));
    }

    private async Task<(PowerState Power, string? Why)> Answer(FenceTarget target, bool switchOff)
    {
        if (fences.FirstOrDefault(f => f.Driver == target.Fence.Driver) is not { } driver)
            return (PowerState.Unknown, $"There is no fence \"{target.Fence.Driver}\".");
        using var late = new CancellationTokenSource(options.FenceTimeout, time);
        try
        {
            var seen = await driver.Look(target, late.Token);
            if (seen.Power == PowerState.Off || !switchOff)
                return seen;
            LogSwitchingOff(target.Host, target.Name, driver.Driver);
            await driver.SwitchOff(target, late.Token);
            do
            {
                seen = await driver.Look(target, late.Token);
                if (seen.Power == PowerState.Off)
                    return seen;
                await Task.Delay(LookAgain, time, late.Token);
            }
            while (true);
        }
        catch (FenceException failure)
        {
            return (PowerState.Unknown, failure.Message);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return (PowerState.Unknown, $"The fence did not say within {options.FenceTimeout.TotalSeconds:0} seconds that the host is off.");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host} ({Name}) is being switched off by its fence {Fence}")]
    private partial void LogSwitchingOff(Guid host, string name, string fence);

    [LoggerMessage(Level = LogLevel.Information, Message = "The fence of host {Host} ({Name}) says {Power}: {Why}")]
    private partial void LogNotOff(Guid host, string name, PowerState power, string? why);
}
