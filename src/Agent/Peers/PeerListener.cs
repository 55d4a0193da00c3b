using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Controller.Agent.Drivers;
using Controller.Agent.Images;
using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;
using Controller.Agent.Reconciling;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Peers;

/// <summary>Lets other hosts' agents in that the control plane has announced: for one machine, with the secret of its migration.</summary>
internal sealed partial class PeerListener(
    CurrentIdentity identity, HostLedger ledger, Dependencies dependencies, ImageStore images, Reconciler reconciler, ActiveDriver active, IOptions<AgentOptions> options,
    TimeProvider time, ILogger<PeerListener> log)
{
    private static readonly TimeSpan GreetsWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly TaskSet _serving = new();

    /// <summary>host:port for others; empty while nobody is let in.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>Listens, where that is configured. <see cref="Endpoint"/> is known when it returns; the task in it ends with <paramref name="cancel"/>.</summary>
    public Task Start(CancellationToken cancel)
    {
        if (options.Value.PeerListen.Length == 0) return Task.Delay(Timeout.Infinite, cancel);
        var listener = new TcpListener(IPEndPoint.Parse(options.Value.PeerListen));
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var wildcard = ((IPEndPoint)listener.LocalEndpoint).Address is var address && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        Endpoint = options.Value.PeerAdvertise is { Length: > 0 } advertised ? advertised : wildcard ? $"{Dns.GetHostName()}:{port}" : new IPEndPoint(address!, port).ToString();
        LogListening(listener.LocalEndpoint.ToString()!, Endpoint);
        return Accept(listener, cancel);
    }

    private async Task Accept(TcpListener listener, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(cancel);
                socket.NoDelay = true;
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                _serving.Add(Serve(socket, cancel));
            }
        }
        finally
        {
            listener.Stop();
            await _serving.Ended();
        }
    }

    private async Task Serve(Socket socket, CancellationToken cancel)
    {
        await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            using var greeting = new CancellationTokenSource(GreetsWithin, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(greeting.Token, cancel);
            if (identity.Value is not { } mine) return;
            await tls.AuthenticateAsServerAsync(PeerTls.Server(mine), either.Token);
            if (await PeerMessages.Read(tls, PeerHello.Parser, either.Token) is not { } hello) return;
            var from = PeerTls.HostOf(tls.RemoteCertificate, mine.Authority);
            if (Find(hello, from) is not { } what)
            {
                LogRefused(from, hello.MachineId, hello.MigrationId);
                await PeerMessages.Write(tls, Failed("no-such-migration", $"No migration of machine {hello.MachineId} from host {from} to here is announced.", retryable: true), either.Token);
                return;
            }
            await Serve(tls, hello, from!, what, cancel);
        }
        catch (Exception broken) when (broken is IOException or SocketException or AuthenticationException or OperationCanceledException or InvalidDataException or Google.Protobuf.InvalidProtocolBufferException)
        {
            LogBroken(broken.Message);
        }
    }

    private async Task Serve(SslStream tls, PeerHello hello, string from, Arrival what, CancellationToken cancel)
    {
        if (hello.Channel != Channel.Control)
        {
            Stream end;
            try
            {
                end = await active.Driver.Reach(what, hello.Channel, cancel);
            }
            catch (Exception absent) when (absent is DriverException or SocketException or IOException)
            {
                await PeerMessages.Write(tls, Failed("no-such-channel", absent.Message, retryable: false), cancel);
                return;
            }
            await PeerMessages.Write(tls, new PeerAnswer(), cancel);
            await Carry(tls, end, () => Find(hello, from) is not null, cancel);
            return;
        }
        LogComing(what.Id, what.Incarnation, from);
        await PeerMessages.Write(tls, new PeerAnswer(), cancel);
        while (await PeerMessages.Read(tls, PeerRequest.Parser, cancel) is { } request)
        {
            // It may have been called off since the connection was made.
            var answer = Find(hello, from) is { } still
                ? await Answer(still, request, cancel)
                : Failed("no-such-migration", $"The migration of machine {what.Id} to here was called off.", retryable: false);
            if (Find(hello, from) is null) ClearAway(what);
            await PeerMessages.Write(tls, answer, cancel);
            if (request.WhatCase is not (PeerRequest.WhatOneofCase.Disk or PeerRequest.WhatOneofCase.Volume or PeerRequest.WhatOneofCase.Variables or PeerRequest.WhatOneofCase.Console)) reconciler.Tell(what.Id, worker => worker.Wake());
        }
    }

    /// <summary>
    /// Carries what the hypervisors say to each other for as long as the migration lasts. It is over for this host once it is told what becomes of the machine, which is after the
    /// source's libvirtd has confirmed, or when nobody wants that any more.
    /// </summary>
    private async Task Carry(SslStream tls, Stream end, Func<bool> lasts, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var relay = Relay.Run(tls, end, over.Token);
        while (lasts() && !cancel.IsCancellationRequested)
        {
            if (await Task.WhenAny(relay, Task.Delay(LookEvery, time, CancellationToken.None)) == relay) break;
        }
        await over.CancelAsync();
        await relay;
    }

    /// <summary>
    /// The migration was called off while something was made for it: whoever removed the rest may have been there before. A machine that has become this host's meanwhile is left alone.
    /// </summary>
    private void ClearAway(Arrival what)
    {
        var machine = new ObjectKey(what.Id, what.Incarnation);
        if (ledger.Find(machine) is { Desired.Absent: false }) return;
        RemoveAgain(machine, ObjectKind.ObjectMachine);
        foreach (var volume in what.Spec.Incoming.Volumes) RemoveAgain(new(volume.VolumeId, volume.TargetIncarnation), ObjectKind.ObjectVolume);
    }

    private void RemoveAgain(ObjectKey key, ObjectKind kind)
    {
        if (ledger.Find(key) is { } known)
            ledger.Update(key, known.Desired.Generation, entry => entry.Removed = false);
        else   // done, reported and forgotten
            ledger.Store(new() { Id = key.Id, Incarnation = key.Incarnation, Kind = kind, Generation = long.MaxValue, Absent = true });
        reconciler.Tell(key.Id, worker => worker.Retry());
    }

    private async Task<PeerAnswer> Answer(Arrival what, PeerRequest request, CancellationToken cancel)
    {
        try
        {
            if (request.WhatCase == PeerRequest.WhatOneofCase.Prepare)
            {
                if (request.Prepare.Driver != active.Capabilities.Driver)
                    return Failed("other-driver", $"A machine of driver {request.Prepare.Driver} cannot come to one of {active.Capabilities.Driver}.", retryable: false);
                if (dependencies.MissingFor(what.Spec, what.Generation) is { } missing) return new PeerAnswer { Failure = missing };
                if (what.Spec.Image is { } image) await images.Ensure(image, cancel);
            }
            return await active.Driver.Receive(what, request, cancel);
        }
        catch (DriverException expected)
        {
            return Failed(expected.Code, expected.Message, expected.Retryable);
        }
    }

    private Arrival? Find(PeerHello hello, string? from)
    {
        var entry = ledger.For(hello.MachineId).FirstOrDefault(known => known.Desired is { Absent: false, Machine.Incoming: not null } && known.Desired.Incarnation == hello.Incarnation);
        return entry?.Desired.Machine.Incoming is { } incoming && incoming.MigrationId == hello.MigrationId && incoming.SourceHost == from
            && incoming.Secret.Length > 0 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(incoming.Secret), Encoding.UTF8.GetBytes(hello.Secret))
            ? new(entry.Desired.Id, entry.Desired.Incarnation, entry.Desired.Generation, entry.Desired.Machine)
            : null;
    }

    private static PeerAnswer Failed(string code, string message, bool retryable) => new() { Failure = new Failure { Code = code, Message = message, Retryable = retryable } };

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening for other hosts' agents on {Address}, for them {Endpoint}")]
    private partial void LogListening(string address, string endpoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host} wants to bring machine {Machine} in migration {Migration}, which nobody has announced with that secret")]
    private partial void LogRefused(string? host, string machine, string migration);

    [LoggerMessage(Level = LogLevel.Information, Message = "Machine {Machine} is coming as incarnation {Incarnation} from host {Host}")]
    private partial void LogComing(string machine, string incarnation, string host);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A peer's connection ended: {Why}")]
    private partial void LogBroken(string why);
}
