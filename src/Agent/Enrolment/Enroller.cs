using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Agent.Protocol;
using Controller.Agent.Session;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Enrolment;

/// <summary>Gets the host its identity: from the disk, or with the join token; and a new certificate in time.</summary>
internal sealed partial class Enroller(IOptions<AgentOptions> options, IdentityStore store, GatewayList gateways, TimeProvider time, ILogger<Enroller> log)
{
    private static readonly TimeSpan CallWithin = TimeSpan.FromSeconds(30);

    /// <exception cref="EnrolmentException">There is no identity and no way to one. An unreachable gateway is no such case: it is tried again.</exception>
    public async Task<HostIdentity> Identify(CancellationToken cancel)
    {
        if (store.Load() is { } known)
        {
            if (gateways.IsEmpty) throw new EnrolmentException($"Host {known.HostId} knows no gateway any more: Agent:Gateways must name one.");
            LogKnown(known.HostId, known.Certificate.NotAfter);
            return known;
        }
        var token = ReadToken();
        gateways.Replace(token.Endpoints);
        var backoff = new Backoff(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(15));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);   // the same at each attempt: by it the control plane knows whose token was used already
        while (true)
        {
            try
            {
                var identity = await Join(gateways.Current, token, key, cancel);
                store.Save(identity);
                LogJoined(identity.HostId, gateways.Current);
                return identity;
            }
            catch (RpcException refused) when (refused.StatusCode is StatusCode.PermissionDenied or StatusCode.InvalidArgument)
            {
                throw new EnrolmentException($"The control plane refused the join token: {refused.Status.Detail}. Ask an operator for a new one.", refused);
            }
            catch (RpcException away) when (!cancel.IsCancellationRequested)
            {
                var wait = backoff.Next();
                LogAway(gateways.Current, away.Status.Detail, wait.TotalSeconds);
                gateways.Advance();
                await Task.Delay(wait, time, cancel);
            }
        }
    }

    /// <summary>A new key and certificate for the same host, stored.</summary>
    public async Task<HostIdentity> Renew(HostIdentity identity, AgentGateway.AgentGatewayClient client, CancellationToken cancel)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await client.RenewAsync(new RenewRequest { Csr = ByteString.CopyFrom(Csr(key)) }, deadline: null, cancellationToken: cancel);
        // The authority stays the one that the operator vouched for, whatever the answer says.
        var renewed = HostIdentity.From(key, answer.Certificate.ToByteArray(), identity.Authority.RawData);
        if (renewed.HostId != identity.HostId)
            throw new EnrolmentException($"Renewal was to bring a certificate of host {identity.HostId} and brought one of {renewed.HostId}.");
        store.Save(renewed);
        LogRenewed(renewed.HostId, renewed.Certificate.NotAfter);
        return renewed;
    }

    private async Task<HostIdentity> Join(string endpoint, JoinToken token, ECDsa key, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(CallWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        byte[] authority;
        using (var anybody = new GatewayConnection(endpoint, Trust.Unverified()))
            authority = (await anybody.Client.AuthorityAsync(new AuthorityRequest(), cancellationToken: either.Token)).Ca.ToByteArray();
        if (!Trust.HasFingerprint(authority, token.Fingerprint))
        {
            throw new EnrolmentException($"{endpoint} belongs to another cluster than the join token, or somebody stands between: "
                + $"wanted a certificate authority with SHA-256 {token.Fingerprint}, found {Convert.ToHexStringLower(SHA256.HashData(authority))}. Nothing was sent to it.");
        }

        using var ca = X509CertificateLoader.LoadCertificate(authority);
        using var gateway = new GatewayConnection(endpoint, Trust.Tls(ca, client: null));
        var request = new JoinRequest { Secret = token.Secret, Csr = ByteString.CopyFrom(Csr(key)), Name = options.Value.Name };
        var answer = await gateway.Client.JoinAsync(request, cancellationToken: either.Token);
        var identity = HostIdentity.From(key, answer.Certificate.ToByteArray(), authority);
        if (identity.HostId != answer.HostId)
            throw new EnrolmentException($"The certificate was to name host {answer.HostId} and names {identity.HostId}.");
        return identity;
    }

    private static byte[] Csr(ECDsa key) => new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequest();

    private JoinToken ReadToken()
    {
        if (options.Value.JoinToken is { Length: > 0 } given) return JoinToken.Parse(given);
        if (options.Value.JoinTokenFile is not { Length: > 0 } file)
            throw new EnrolmentException($"This host has not joined yet: Agent:JoinTokenFile or {AgentOptions.TokenVariable} must give a join token.");
        if (!File.Exists(file)) throw new EnrolmentException($"This host has not joined yet, and there is no join token in {file}.");
        return JoinToken.Parse(File.ReadAllText(file));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This is host {HostId}; its certificate ends {Until:u}")]
    private partial void LogKnown(string hostId, DateTime until);

    [LoggerMessage(Level = LogLevel.Information, Message = "Joined as host {HostId} through {Gateway}")]
    private partial void LogJoined(string hostId, string gateway);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot join through {Gateway} now: {Why}. Trying again in {Seconds:F1} s")]
    private partial void LogAway(string gateway, string why, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate of host {HostId} was renewed and ends {Until:u}")]
    private partial void LogRenewed(string hostId, DateTime until);
}
