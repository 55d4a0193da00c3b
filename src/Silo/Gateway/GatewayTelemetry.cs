using System.Diagnostics;
using System.Diagnostics.Metrics;
using Controller.Agent.Protocol;

namespace Controller.Silo.Gateway;

/// <summary>The gateway's own trace source and meter.</summary>
internal static class GatewayTelemetry
{
    public const string Name = "Controller.Silo";
    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Messages = Meter.CreateCounter<long>("controller.agent.messages", "{message}", "Messages that came up from agents");

    public static readonly UpDownCounter<int> Sessions = Meter.CreateUpDownCounter<int>("controller.agent.sessions", "{session}", "Agents connected to this silo");

    public static readonly UpDownCounter<int> Consoles = Meter.CreateUpDownCounter<int>("controller.agent.consoles", "{console}", "Consoles that are open through this silo");

    public static readonly Counter<long> StatisticsDropped = Meter.CreateCounter<long>("controller.agent.statistics.dropped", "{message}", "Measures that were not kept, since the one before was still being written");

    /// <summary>Continues the trace that an agent's message belongs to, so that it leads from the HTTP request to the hypervisor and back.</summary>
    public static Activity? Receive(FromAgent message)
    {
        Messages.Add(1, new KeyValuePair<string, object?>("message", message.MessageCase.ToString()));
        return message.Traceparent.Length > 0 && ActivityContext.TryParse(message.Traceparent, null, isRemote: true, out var parent)
            ? Source.StartActivity("agent " + message.MessageCase, ActivityKind.Server, parent)
            : null;
    }
}
