using Controller.Agent.Drivers;
using Controller.Agent.Protocol;

namespace Controller.Agent.Session;

/// <summary>What machines use, told every so often.</summary>
internal sealed partial class AgentSession
{
    private const string StatisticsAccepted = "statistics";

    /// <summary>A measure that fails is left out: the next one says all of it.</summary>
    private async Task<string?> Measure(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(measureEvery, services.Time);
        do
        {
            if (!services.Active.Health.Healthy) continue;
            try
            {
                var statistics = new Statistics { Epoch = _epoch, TakenUnixMilliseconds = (ulong)services.Time.GetUtcNow().ToUnixTimeMilliseconds() };
                statistics.Machines.AddRange(await services.Active.Driver.Measure(cancel));
                await Send(new FromAgent { Statistics = statistics }, null, cancel);
            }
            catch (DriverException)
            {
                // Its health is told by others.
            }
        }
        while (await timer.WaitForNextTickAsync(cancel));
        return null;
    }
}
