using Controller.Grains.Availability;
using Controller.Silo.Gateway;
using Controller.Silo.Statistics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Controller.Silo;

/// <summary>Traces, metrics and logs over OTLP, where an endpoint is configured (OpenTelemetry's own variables).</summary>
internal static class Telemetry
{
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration, string service, string instance, MetricsOptions machines)
    {
        if (string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService(service, serviceInstanceId: instance))
            .WithTracing(t => t
                .AddSource("Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage", "Npgsql", GatewayTelemetry.Name)
                .AddAspNetCoreInstrumentation())
            .WithMetrics(m => m
                .AddMeter("Microsoft.Orleans", "Npgsql", GatewayTelemetry.Name, MachineMeter.Name, AvailabilityTelemetry.Name)
                .AddView(i => i.Meter.Name == MachineMeter.Name ? new() { CardinalityLimit = Math.Max(1, machines.MaxMachines * MachineMeter.SeriesPerMachine) } : null)
                .AddAspNetCoreInstrumentation())
            .WithLogging()
            .UseOtlpExporter();
    }
}
