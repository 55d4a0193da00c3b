using Controller.Agent.Protocol;
using Controller.Contracts;
using Grpc.Core;

namespace Controller.Silo.Gateway;

internal sealed partial class AgentGatewayService
{
    public override async Task Tunnel(IAsyncStreamReader<TunnelFrame> requestStream, IServerStreamWriter<TunnelFrame> responseStream, ServerCallContext context)
    {
        var host = await Enrolled(context);
        if (!await requestStream.MoveNext(context.CancellationToken) || !Guid.TryParse(requestStream.Current.ConsoleId, out var console))
            throw new RpcException(new(StatusCode.InvalidArgument, "The first message must name its console."));
        var viewer = await Host(host).ConsoleReached(console) ?? throw new RpcException(new(StatusCode.NotFound, $"Nobody waits for the console {console}."));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var relay = new ConsoleRelay(requestStream, responseStream, viewer, time);
        var self = grains.CreateObjectReference<IConsoleEnd>(relay);
        GatewayTelemetry.Consoles.Add(1);
        try
        {
            await relay.Run(self, requestStream.Current, stop.Token);
        }
        finally
        {
            GatewayTelemetry.Consoles.Add(-1);
            grains.DeleteObjectReference<IConsoleEnd>(self);
        }
    }
}
