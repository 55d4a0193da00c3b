using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Controller.Agent.Protocol;
using Controller.Contracts;
using Controller.Silo.Images;
using Controller.Silo.Postgres;
using Controller.Silo.Statistics;
using Google.Protobuf;
using Grpc.Core;

namespace Controller.Silo.Gateway;

/// <summary>What agents dial. Everything but Authority and Join wants a client certificate of the cluster's authority and an enrolled host.</summary>
internal sealed partial class AgentGatewayService(
    IGrainFactory grains, CertificateAuthority authority, ImageStore images, WantedImages wanted, GatewayDirectory gateways, MachineSamples samples, HostsSeen seen, Grains.Restoring.Restoration restoration, TimeProvider time,
    IHostApplicationLifetime lifetime, ILogger<AgentGatewayService> logger)
    : AgentGateway.AgentGatewayBase
{
    public override Task<AuthorityResponse> Authority(AuthorityRequest request, ServerCallContext context) =>
        Task.FromResult(new AuthorityResponse { Ca = ByteString.CopyFrom(authority.Certificate.RawData) });

    public override async Task<JoinResponse> Join(JoinRequest request, ServerCallContext context)
    {
        var key = "join/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.Secret)));
        var asking = KeyIn(request.Csr);   // before the token is used up: it may not be readable
        var redeemed = await grains.At<IJoinTokenGrain>(GrainId.Create("join", key)).RedeemFor(asking);
        if (redeemed.Host is not { } host)
        {
            LogRefused(context.Peer, redeemed.Why);
            throw new RpcException(new(StatusCode.PermissionDenied, redeemed.Why ?? "The join token is not valid."));
        }
        using var certificate = Sign(request.Csr, host);
        if (await Host(host).AdmitBy(request.Name, certificate.SerialNumber, redeemed.Admission, key) is { } why)
        {
            LogRefused(context.Peer, why);
            throw new RpcException(new(StatusCode.PermissionDenied, why));
        }
        await seen.Certificate(host, certificate);
        return Answer(host, certificate);
    }

    public override async Task<JoinResponse> Renew(RenewRequest request, ServerCallContext context)
    {
        var host = await Enrolled(context);
        using var certificate = Sign(request.Csr, host);
        await Host(host).Renewed(certificate.SerialNumber);
        await seen.Certificate(host, certificate);
        return Answer(host, certificate);
    }

    public override async Task Session(IAsyncStreamReader<FromAgent> requestStream, IServerStreamWriter<ToAgent> responseStream, ServerCallContext context)
    {
        var host = await Enrolled(context);
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Hello is not { } hello)
            throw new RpcException(new(StatusCode.InvalidArgument, "The first message must be Hello."));
        if (hello.HostId != host.ToString("D"))
            throw new RpcException(new(StatusCode.PermissionDenied, $"Hello says host {hello.HostId}, the certificate is of host {host}."));
        if (hello.Capabilities is null)
            throw new RpcException(new(StatusCode.InvalidArgument, "Hello says nothing of capabilities."));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var statistics = new StatisticsIntake(host, samples, seen, logger);
        using var connection = new AgentConnection(requestStream, responseStream, Host(host), statistics, restoration, time, logger);
        var self = grains.CreateObjectReference<IAgentStream>(connection);
        GatewayTelemetry.Sessions.Add(1);
        await seen.Certificate(host, context.GetHttpContext().Connection.ClientCertificate!);   // it is what authenticated the host
        try
        {
            await connection.Run(hello, self, await gateways.Endpoints(), () => gateways.Known, stop.Token);
        }
        finally
        {
            GatewayTelemetry.Sessions.Add(-1);
            grains.DeleteObjectReference<IAgentStream>(self);
        }
    }

    public override async Task FetchImage(FetchImageRequest request, IServerStreamWriter<ImageChunk> responseStream, ServerCallContext context)
    {
        var host = await Enrolled(context);
        await using var file = (await wanted.On(host, request.Sha256) ? images.Open(request.Sha256) : null)
            ?? throw new RpcException(new(StatusCode.NotFound, $"There is no image with the digest {request.Sha256} that anything on this host is made from."));
        var buffer = new byte[256 * 1024];
        int read;
        while ((read = await file.ReadAsync(buffer, context.CancellationToken)) > 0)
            await responseStream.WriteAsync(new() { Data = ByteString.CopyFrom(buffer, 0, read) }, context.CancellationToken);
    }

    public override async Task<StoreImageResponse> StoreImage(IAsyncStreamReader<StoreImageChunk> requestStream, ServerCallContext context)
    {
        var host = await Enrolled(context);
        var stored = await images.Receive(requestStream, begin => IsOrdered(host, begin), context.CancellationToken);
        LogStored(host, stored.Sha256, stored.SizeBytes);
        return new();
    }

    private async Task<bool> IsOrdered(Guid host, ImageBegin begin) =>
        Guid.TryParse(begin.MachineId, out var machine) && Guid.TryParse(begin.OperationId, out var operation)
        && await grains.At<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", machine))).IsSavedBy(host, operation);

    /// <summary>The host whose certificate the caller has; asked of its record each time, so one that was removed is refused at once.</summary>
    private async Task<Guid> Enrolled(ServerCallContext context)
    {
        var certificate = context.GetHttpContext().Connection.ClientCertificate;
        if (certificate is null || !authority.Issued(certificate) || CertificateAuthority.HostOf(certificate) is not { } host)
            throw new RpcException(new(StatusCode.Unauthenticated, "A client certificate of this cluster is needed: join first."));
        return await Host(host).Presents(new DateTimeOffset(certificate.NotBefore.ToUniversalTime()))
            ? host
            : throw new RpcException(new(StatusCode.Unauthenticated, "The host is not enrolled (any more), or has used a newer certificate than this one."));
    }

    private IHostGrain Host(Guid id) => grains.At<IHostGrain>(GrainId.Create("host", GrainKeys.Of("host", id)));

    private JoinResponse Answer(Guid host, X509Certificate2 certificate) => new()
    {
        HostId = host.ToString("D"),
        Certificate = ByteString.CopyFrom(certificate.RawData),
        Ca = ByteString.CopyFrom(authority.Certificate.RawData),
    };

    /// <summary>SHA-256 of the public key that a certificate is asked for.</summary>
    private string KeyIn(ByteString csr)
    {
        using var signed = Sign(csr, Guid.Empty);
        return Convert.ToHexStringLower(SHA256.HashData(signed.PublicKey.ExportSubjectPublicKeyInfo()));
    }

    private X509Certificate2 Sign(ByteString csr, Guid host)
    {
        try
        {
            return authority.SignAgent(csr.ToByteArray(), host);
        }
        catch (CryptographicException e)
        {
            throw new RpcException(new(StatusCode.InvalidArgument, $"The certificate signing request cannot be read: {e.Message}"));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} stored image {Sha256}, {Bytes} bytes")]
    private partial void LogStored(Guid host, string sha256, ulong bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A join from {Peer} was refused: {Why}")]
    private partial void LogRefused(string peer, string? why);
}
