using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Resources;

namespace Controller.Agent.Telemetry;

/// <summary>Traces and metrics of the agent. They leave the process only where OTEL_EXPORTER_OTLP_ENDPOINT says whereto.</summary>
internal static class AgentTelemetry
{
    public const string Name = "Controller.Agent";

    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static ActivitySource Source { get; } = new(Name);

    private static readonly Meter Meter = new(Name);

    public static Counter<long> Reconciles { get; } = Meter.CreateCounter<long>("controller.agent.reconciles", description: "Passes over one object, by result.");

    public static Counter<long> Sessions { get; } = Meter.CreateCounter<long>("controller.agent.sessions", description: "Sessions that were opened.");

    public static Counter<long> Operations { get; } = Meter.CreateCounter<long>("controller.agent.operations", description: "Operations that were finished, by result.");

    /// <summary>The trace that a message belongs to; none when it names none.</summary>
    public static ActivityContext Cause(string traceparent) =>
        ActivityContext.TryParse(traceparent, null, isRemote: true, out var context) ? context : default;

    public static void AddAgentTelemetry(this HostApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration[EndpointVariable])) return;
        builder.Logging.AddOpenTelemetry(logging => logging.IncludeFormattedMessage = true);
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("controller-agent"))
            .WithTracing(tracing => tracing.AddSource(Name))
            .WithMetrics(metrics => metrics.AddMeter(Name))
            .UseOtlpExporter();
    }
}
