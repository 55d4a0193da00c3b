using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Agent.Protocol;
using Controller.Api.Tests.Cloud;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Controller.History.Tests.Cluster;

/// <summary>Stands before one silo's agent gateway, is to agents what the gateway is, and loses, doubles, delays and reorders single messages of their streams.</summary>
internal sealed class Relay : AgentGateway.AgentGatewayBase, IAsyncDisposable
{
    private const string Server = "1.3.6.1.5.5.7.3.1";
    private const string Client = "1.3.6.1.5.5.7.3.2";

    private readonly Place _place;
    private readonly string _behind;
    private readonly Func<Guid, Link> _link;
    private readonly Random _random;
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<Guid, GrpcChannel> _channels = new();

    private Relay(Place place, int port, string behind, Func<Guid, Link> link, int seed)
    {
        (_place, _behind, _link, _random) = (place, behind, link, new Random(seed));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc(o => o.MaxReceiveMessageSize = 16 * 1024 * 1024);
        builder.Services.AddSingleton(this);
        var certificate = Issue("controller-silo", Server);   // the name that agents ask for
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (_, _, _) => true;   // whoever it is: the gateway decides
            });
        }));
        _app = builder.Build();
        _app.MapGrpcService<Relay>();
    }

    public static async Task<Relay> Start(Place place, int port, string behind, Func<Guid, Link> link, int seed)
    {
        var relay = new Relay(place, port, behind, link, seed);
        await relay._app.StartAsync();
        return relay;
    }

    public override async Task<AuthorityResponse> Authority(AuthorityRequest request, ServerCallContext context) => await To(null).AuthorityAsync(request);

    public override async Task<JoinResponse> Join(JoinRequest request, ServerCallContext context) => await To(null).JoinAsync(request);

    public override async Task<JoinResponse> Renew(RenewRequest request, ServerCallContext context) => await To(HostOf(context)).RenewAsync(request);

    public override async Task FetchImage(FetchImageRequest request, IServerStreamWriter<ImageChunk> responseStream, ServerCallContext context)
    {
        using var cut = Connected(context, out var host);
        using var call = To(host).FetchImage(request, cancellationToken: cut.Token);
        await foreach (var chunk in call.ResponseStream.ReadAllAsync(cut.Token))
            await responseStream.WriteAsync(chunk, cut.Token);
    }

    public override async Task<StoreImageResponse> StoreImage(IAsyncStreamReader<StoreImageChunk> requestStream, ServerCallContext context)
    {
        using var cut = Connected(context, out var host);
        using var call = To(host).StoreImage(cancellationToken: cut.Token);
        await foreach (var chunk in requestStream.ReadAllAsync(cut.Token))
            await call.RequestStream.WriteAsync(chunk, cut.Token);
        await call.RequestStream.CompleteAsync();
        return await call;
    }

    public override async Task Session(IAsyncStreamReader<FromAgent> requestStream, IServerStreamWriter<ToAgent> responseStream, ServerCallContext context)
    {
        using var cut = Connected(context, out var host);
        using var call = To(host).Session(cancellationToken: cut.Token);
        var link = _link(host);
        // The first of each way is what makes it a session: whoever loses that has no connection.
        var up = Pump(requestStream, call.RequestStream.WriteAsync, link, cut.Token);
        var down = Pump(call.ResponseStream, responseStream.WriteAsync, link, cut.Token);
        try
        {
            await await Task.WhenAny(up, down);
        }
        catch (OperationCanceledException)
        {
            throw new RpcException(new(StatusCode.Unavailable, "The relay has cut the connection."));
        }
        finally
        {
            await cut.CancelAsync();
            await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (var channel in _channels.Values)
            channel.Dispose();
    }

    private async Task Pump<T>(IAsyncStreamReader<T> from, Func<T, CancellationToken, Task> write, Link link, CancellationToken cancel)
        where T : IMessage<T>
    {
        T? overtaken = default;
        var first = true;
        while (await from.MoveNext(cancel))
        {
            var message = from.Current;
            await link.Passable.WaitAsync(cancel);
            if (first)
            {
                first = false;
                await write(message, cancel);
                continue;
            }
            if (link.Delay > TimeSpan.Zero)
                await Task.Delay(link.Delay * Next(), cancel);
            if (Next() < link.Drop)
                continue;
            if (overtaken is null && Next() < link.Reorder)
            {
                overtaken = message;
                continue;
            }
            await write(message, cancel);
            if (Next() < link.Duplicate)
                await write(message.Clone(), cancel);
            if (overtaken is not null)
                await write(overtaken, cancel);
            overtaken = default;
        }
    }

    private double Next()
    {
        lock (_random)
            return _random.NextDouble();
    }

    private CancellationTokenSource Connected(ServerCallContext context, out Guid host)
    {
        host = HostOf(context);
        var link = _link(host);
        return link.IsCut ? throw new RpcException(new(StatusCode.Unavailable, "The relay is cut.")) : CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, link.Connections);
    }

    private static Guid HostOf(ServerCallContext context) =>
        Guid.TryParse(context.GetHttpContext().Connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, false), out var host)
            ? host : throw new RpcException(new(StatusCode.Unauthenticated, "A client certificate is needed."));

    /// <summary>As that host: it is the relay whom the gateway authenticates, so the relay has a certificate of the same name.</summary>
    private AgentGateway.AgentGatewayClient To(Guid? host) => new(_channels.GetOrAdd(host ?? Guid.Empty, _ => GrpcChannel.ForAddress($"https://{_behind}", new()
    {
        MaxReceiveMessageSize = 16 * 1024 * 1024,
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(2),
            SslOptions = new SslClientAuthenticationOptions
            {
#pragma warning disable CA5359 // It is the silo that this relay was made for.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
                ClientCertificates = host is { } id ? [Issue(id.ToString("D"), Client)] : [],
            },
        },
    })));

    private X509Certificate2 Issue(string name, string use)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(use)], false));
        // All since the same moment: a gateway takes an older one for one that was replaced.
        var since = _place.Authority.NotBefore;
        using var signed = request.Create(_place.Authority, since, since.AddDays(30), RandomNumberGenerator.GetBytes(8));
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }
}
