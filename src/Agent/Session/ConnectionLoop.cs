using Controller.Agent.Enrolment;
using Controller.Agent.Hosting;
using Controller.Agent.Peers;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;
using Controller.Agent.Telemetry;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Session;

/// <summary>Keeps a session open: dials the gateways in turn, waits longer each time that it fails.</summary>
internal sealed partial class ConnectionLoop(
    SessionServices services, GatewayList gateways, CurrentGateway current, Enroller enroller, CurrentIdentity identities, PeerListener peers, HostLife life, HealthFile health,
    IOptions<AgentOptions> options, ILogger<ConnectionLoop> log)
{
    /// <summary>A session that lived for this long shows that all is well; a shorter one counts as a failure.</summary>
    private static readonly TimeSpan Proven = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RenewalRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = services.Time;
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(0.2), options.Value.ReconnectAtMost);
    private readonly Signal _connected = new();
    private HostIdentity _identity = null!; // Run sets it before anything else happens

    public async Task Run(HostIdentity identity, CancellationToken cancel)
    {
        _identity = identity;
        var renewing = KeepRenewing(cancel);
        while (!cancel.IsCancellationRequested)
        {
            var began = _time.GetTimestamp();
            var end = await Connect(gateways.Current, cancel);
            if (cancel.IsCancellationRequested) break;

            if (end.WasWelcome && _time.GetElapsedTime(began) >= Proven) _backoff.Reset();
            gateways.Advance();
            var wait = end.ReconnectAfter is { } asked ? asked * Backoff.Jitter(1, 1.5) : _backoff.Next();
            LogEnded(end.Why, gateways.Current, wait.TotalSeconds);
            health.Change(now => now with { Connected = false, Why = end.Why });
            await Task.Delay(wait, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await renewing;
    }

    private async Task<SessionEnd> Connect(string endpoint, CancellationToken cancel)
    {
        using var gateway = new GatewayConnection(endpoint, Trust.Tls(_identity.Authority, _identity.Certificate));
        var welcome = false;
        try
        {
            return await new AgentSession(services, options.Value.ReportEvery, options.Value.MeasureEvery).Run(gateway.Client, Hello(), Welcomed, cancel);
        }
        catch (RpcException failure)
        {
            // gRPC has no words of its own for a gateway that takes the connection and says nothing.
            return new($"{failure.StatusCode}: {(failure.Status.Detail is "" ? failure.Status.DebugException?.Message ?? "the gateway said nothing" : failure.Status.Detail)}", welcome);
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or TimeoutException or InvalidOperationException)
        {
            return new(failure.Message, welcome);
        }
        finally
        {
            current.Client = null;
        }

        void Welcomed(Welcome message)
        {
            welcome = true;
            LogConnected(endpoint, message.Epoch, message.LeaseSeconds);
            AgentTelemetry.Sessions.Add(1);
            gateways.Replace(message.Gateways);
            current.Client = gateway.Client;
            _connected.Set(); // a renewal may wait for that
            health.Change(now => now with { Connected = true, Gateway = endpoint, Epoch = message.Epoch, Why = "" });
            services.Reconciler.WakeAll(retry: true); // images can be fetched again
        }
    }

    private Hello Hello() => new()
    {
        HostId = _identity.HostId,
        BootId = life.BootId,
        AgentVersion = typeof(ConnectionLoop).Assembly.GetName().Version?.ToString(3) ?? "0",
        Name = options.Value.Name,
        HighestEpochSeen = services.Fence.Highest,
        Capabilities = new(services.Active.Capabilities) { Kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), PeerEndpoint = peers.Endpoint },
    };

    private async Task KeepRenewing(CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var left = _identity.RenewAt - _time.GetUtcNow();
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left < LongestSleep ? left : LongestSleep, _time, cancel);
                    continue;
                }
                if (!await Renew(cancel)) await _connected.Wait(RenewalRetry, _time, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    private async Task<bool> Renew(CancellationToken cancel)
    {
        if (current.Client is not { } client) return false;
        try
        {
            _identity = await enroller.Renew(_identity, client, cancel); // for the next dial; the present session keeps the old one
            identities.Value = _identity;
            return true;
        }
        catch (Exception failure) when (failure is RpcException or EnrolmentException or System.Security.Cryptography.CryptographicException && !cancel.IsCancellationRequested)
        {
            LogNotRenewed(_identity.Certificate.NotAfter, failure);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to {Gateway}: epoch {Epoch}, lease {LeaseSeconds} s")]
    private partial void LogConnected(string gateway, ulong epoch, uint leaseSeconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No session: {Why}. Trying {Gateway} in {Seconds:F1} s")]
    private partial void LogEnded(string why, string gateway, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The certificate could not be renewed; it ends {Until:u}")]
    private partial void LogNotRenewed(DateTime until, Exception failure);
}
