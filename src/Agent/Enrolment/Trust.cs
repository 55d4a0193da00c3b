using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Agent.Enrolment;

/// <summary>Whether a peer is a gateway of this cluster.</summary>
internal static class Trust
{
    /// <summary>The common name of gateways' certificates.</summary>
    public const string GatewayName = "controller-silo";

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>
    /// A gateway's certificate was issued by the cluster's own authority, to a silo, for authenticating servers. Its address does not matter: gateways
    /// are found at addresses that change. Its purpose does, or any host's client certificate could play the gateway; and its name, or whatever else
    /// of the cluster's has a server's certificate could.
    /// </summary>
    public static bool IsGateway(X509Certificate? presented, X509Certificate2 authority)
    {
        if (presented is null) return false;
        using var certificate = X509CertificateLoader.LoadCertificate(presented.GetRawCertData());
        var purposes = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(usage => usage.EnhancedKeyUsages.Cast<Oid>());
        if (!purposes.Any(purpose => purpose.Value == ServerAuthentication.Value)) return false;
        if (certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) != GatewayName) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // removing a host, or a silo, is the control plane's affair
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    public static bool HasFingerprint(byte[] authority, string fingerprint) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(authority), Convert.FromHexString(fingerprint));

    /// <summary>TLS towards a gateway of the authority, as the host that has the certificate, or as nobody yet.</summary>
    public static SslClientAuthenticationOptions Tls(X509Certificate2 authority, X509Certificate2? client) => new()
    {
        RemoteCertificateValidationCallback = (_, presented, _, _) => IsGateway(presented, authority),
        ClientCertificateContext = client is null ? null : SslStreamCertificateContext.Create(client, null, offline: true),
    };

    /// <summary>TLS towards whoever answers: good for asking what everybody may know and for nothing else.</summary>
    public static SslClientAuthenticationOptions Unverified() => new()
    {
#pragma warning disable CA5359 // What is read over it is checked against the join token's fingerprint; nothing secret is sent.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
