using System.Diagnostics.Metrics;

namespace Controller.Grains.Availability;

/// <summary>How often hosts are lost, and their machines recovered.</summary>
public static class AvailabilityTelemetry
{
    public const string Name = "Controller.Availability";

    private static readonly Meter Meter = new(Name);

    internal static readonly Counter<long> Losses = Meter.CreateCounter<long>("controller.hosts.lost", description: "Hosts whose machines certainly did not run any more.");

    internal static readonly Counter<long> Recoveries = Meter.CreateCounter<long>("controller.computes.recovered", description: "Computes that were started elsewhere after their host was lost.");
}
