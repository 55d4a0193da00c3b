using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Controller.Api;

/// <summary>What this process tells of itself, beside what ASP.NET Core, Orleans and Npgsql tell.</summary>
internal static class Telemetry
{
    /// <summary>Of the activity source and the meter.</summary>
    public const string Name = "Controller.Api";

    public static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    /// <summary>Refusals by their name in docs/errors.md.</summary>
    public static readonly Counter<long> Refusals = Meter.CreateCounter<long>("controller.api.refusals", "{request}", "Requests refused, by reason.");

    /// <summary>Second attempts of grain calls.</summary>
    public static readonly Counter<long> Retries = Meter.CreateCounter<long>("controller.api.grain.retries", "{call}", "Grain calls that were tried a second time.");

    /// <summary>Requests that wait for their turn; 0 where nobody has to wait.</summary>
    public static readonly UpDownCounter<int> Queued = Meter.CreateUpDownCounter<int>("controller.api.queued", "{request}", "Requests that wait until they are worked on.");

    /// <summary>Consoles that are open.</summary>
    public static readonly UpDownCounter<int> Viewers = Meter.CreateUpDownCounter<int>("controller.api.consoles", "{console}", "Consoles that are open through this process.");

    private static readonly ObservableUpDownCounter<long> Waiting =
        Meter.CreateObservableUpDownCounter("controller.api.consoles.buffered", () => Consoles.ConsoleViewer.Buffered, "By", "Bytes that wait for consoles' viewers.");
}
