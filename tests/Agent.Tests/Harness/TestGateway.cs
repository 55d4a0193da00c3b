using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Agent.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Controller.Agent.Tests.Harness;

/// <summary>A gateway that speaks the real protocol over real TLS, and remembers what it heard.</summary>
internal sealed class TestGateway : AgentGateway.AgentGatewayBase, IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly WebApplication _app;
    private bool _isOver;
    private int _joins;
    private int _renewals;

    private TestGateway(TestCluster cluster, int port, X509Certificate2? shown)
    {
        _cluster = cluster;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = shown ?? cluster.NewServer();
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => IsOurs(certificate);
            });
        }));
        _app = builder.Build();
        _app.MapGrpcService<TestGateway>();
    }

    public string Endpoint { get; private set; } = "";

    public ConcurrentQueue<TestSession> Sessions { get; } = new();

    public ConcurrentQueue<TestTunnel> Tunnels { get; } = new();

    public int Joins => _joins;

    public int Renewals => _renewals;

    /// <param name="cluster">Whose.</param>
    /// <param name="port">0: any.</param>
    /// <param name="shown">A certificate that a gateway does not have.</param>
    public static async Task<TestGateway> Start(TestCluster cluster, int port = 0, X509Certificate2? shown = null)
    {
        var gateway = new TestGateway(cluster, port, shown);
        await gateway._app.StartAsync();
        gateway.Endpoint = new Uri(gateway._app.Urls.Single()).Authority;
        return gateway;
    }

    /// <summary>The n-th session, from 1 on, once there is one.</summary>
    public Task<TestSession> Session(int number = 1) =>
        Eventually.Some(() => Sessions.ElementAtOrDefault(number - 1), $"session {number} of {Endpoint}");

    public override Task<AuthorityResponse> Authority(AuthorityRequest request, ServerCallContext context) =>
        Task.FromResult(new AuthorityResponse { Ca = ByteString.CopyFrom(_cluster.Authority.RawData) });

    public override Task<JoinResponse> Join(JoinRequest request, ServerCallContext context)
    {
        Interlocked.Increment(ref _joins);
        if (!_cluster.Secrets.TryRemove(request.Secret, out _)) throw new RpcException(new Status(StatusCode.PermissionDenied, "the token was used before"));
        return Task.FromResult(Certify(request.Csr, Guid.NewGuid().ToString()));
    }

    public override Task<JoinResponse> Renew(RenewRequest request, ServerCallContext context)
    {
        Interlocked.Increment(ref _renewals);
        return Task.FromResult(Certify(request.Csr, HostOf(context)));
    }

    public override async Task Session(IAsyncStreamReader<FromAgent> requestStream, IServerStreamWriter<ToAgent> responseStream, ServerCallContext context)
    {
        var host = HostOf(context);
        if (!await requestStream.MoveNext()) return;
        var session = new TestSession(host, requestStream.Current.Hello, _cluster.MintEpoch(), responseStream);
        await session.Send(new ToAgent { Welcome = new Welcome { Epoch = session.Epoch, LeaseSeconds = _cluster.LeaseSeconds, Accepts = { "leases", _cluster.Accepts } } });
        Sessions.Enqueue(session);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, session.HangUp.Token);
            while (await requestStream.MoveNext(either.Token))
            {
                session.Hear(requestStream.Current);
                if (requestStream.Current.LeaseRenewal is { } renewal && _cluster.HostLease is { } lease) await session.Grant(renewal.Number, lease);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
        }
        finally
        {
            session.IsOver = true;
        }
    }

    public override async Task Tunnel(IAsyncStreamReader<TunnelFrame> requestStream, IServerStreamWriter<TunnelFrame> responseStream, ServerCallContext context)
    {
        HostOf(context);
        if (!await requestStream.MoveNext()) return;
        var tunnel = new TestTunnel(requestStream.Current.ConsoleId, responseStream);
        tunnel.Hear(requestStream.Current);
        Tunnels.Enqueue(tunnel);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, tunnel.Over.Token);
        try
        {
            // Awaited to its end: Kestrel uses a call's stream again, and a read that outlives the call spoils the next one.
            while (await requestStream.MoveNext(over.Token)) tunnel.Hear(requestStream.Current);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
        }
    }

    public Task<TestTunnel> TunnelOf(string console) => Eventually.Some(() => Tunnels.FirstOrDefault(tunnel => tunnel.Console == console), $"a tunnel for console {console}");

    public override async Task FetchImage(FetchImageRequest request, IServerStreamWriter<ImageChunk> responseStream, ServerCallContext context)
    {
        HostOf(context);
        if (!_cluster.Images.TryGetValue(request.Sha256, out var bytes)) throw new RpcException(new Status(StatusCode.NotFound, "no such image"));
        foreach (var chunk in bytes.Chunk(1000)) await responseStream.WriteAsync(new ImageChunk { Data = ByteString.CopyFrom(chunk) });
    }

    public override async Task<StoreImageResponse> StoreImage(IAsyncStreamReader<StoreImageChunk> requestStream, ServerCallContext context)
    {
        HostOf(context);
        using var bytes = new MemoryStream();
        while (await requestStream.MoveNext())
        {
            if (_cluster.StoreFailures.TryDequeue(out var failure)) throw new RpcException(new Status(failure, "by the test"));
            if (_cluster.StoreHangs.TryDequeue(out var begun))
            {
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
            if (requestStream.Current.Begin is { } begin)
            {
                Assert.True(bytes.Length == 0 && begin.OperationId.Length > 0 && Guid.TryParse(begin.MachineId, out _), "what it is of stands first");
                continue;
            }
            if (requestStream.Current.End is { } end)
            {
                Assert.Equal((Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())), (ulong)bytes.Length), (end.Sha256, end.SizeBytes));
                Assert.True(_cluster.Stored.TryAdd(end.Sha256, bytes.ToArray()), "stored twice");
                continue;
            }
            bytes.Write(requestStream.Current.Data.Span);
        }
        return new StoreImageResponse();
    }

    public async ValueTask DisposeAsync()
    {
        if (_isOver) return;
        _isOver = true;
        foreach (var session in Sessions) await session.HangUp.CancelAsync();
        using var hurry = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
    }

    private JoinResponse Certify(ByteString csr, string hostId)
    {
        var asked = CertificateRequest.LoadSigningRequest(csr.ToByteArray(), HashAlgorithmName.SHA256);
        var request = new CertificateRequest(new X500DistinguishedName($"CN={hostId}"), asked.PublicKey, HashAlgorithmName.SHA256);
        var (began, left) = _cluster.NextLife;
        _cluster.NextLife = (TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
        using var certificate = _cluster.Issue(request, TestCluster.ClientPurpose, began, left);
        return new JoinResponse { HostId = hostId, Certificate = ByteString.CopyFrom(certificate.RawData), Ca = ByteString.CopyFrom(_cluster.Authority.RawData) };
    }

    private static string HostOf(ServerCallContext context) =>
        context.GetHttpContext().Connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false)
        ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "a client certificate is needed"));

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_cluster.Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
