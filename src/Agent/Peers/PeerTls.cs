using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Agent.Enrolment;

namespace Controller.Agent.Peers;

/// <summary>TLS between two hosts of one cluster: both show the certificates that its authority gave them.</summary>
internal static class PeerTls
{
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    public static SslServerAuthenticationOptions Server(HostIdentity identity) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, null, offline: true),
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (_, presented, _, _) => HostOf(presented, identity.Authority) is not null,
    };

    public static SslClientAuthenticationOptions Client(HostIdentity identity, string host) => new()
    {
        TargetHost = host,
        ClientCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, null, offline: true),
        RemoteCertificateValidationCallback = (_, presented, _, _) => HostOf(presented, identity.Authority) == host,
    };

    /// <summary>Whose it is; null where it is no host of the authority's. Hosts have certificates for clients; a gateway's is none.</summary>
    public static string? HostOf(X509Certificate? presented, X509Certificate2 authority)
    {
        if (presented is null) return null;
        using var certificate = X509CertificateLoader.LoadCertificate(presented.GetRawCertData());
        var purposes = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(usage => usage.EnhancedKeyUsages.Cast<Oid>());
        if (!purposes.Any(purpose => purpose.Value == ClientAuthentication.Value)) return null;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;   // a removed host has no migration: the control plane names both ends of each
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate) ? certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) : null;
    }
}

/// <summary>Who this host is now; a renewal changes it.</summary>
internal sealed class CurrentIdentity
{
    private volatile HostIdentity? _value;

    public HostIdentity? Value
    {
        get => _value;
        set => _value = value;
    }
}
