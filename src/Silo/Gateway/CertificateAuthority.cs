using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Silo.Gateway;

/// <summary>Where the cluster's certificate authority is. Section <c>Pki</c>.</summary>
public sealed class PkiOptions
{
    /// <summary>PEM file with the authority's certificate.</summary>
    public string CaCertificate { get; set; } = "";

    /// <summary>PEM file with its private key.</summary>
    public string CaKey { get; set; } = "";

    /// <summary>How long an agent's certificate lasts; it renews it after two thirds. Default: 30 days.</summary>
    public TimeSpan AgentCertificateLifetime { get; set; } = TimeSpan.FromDays(30);
}

/// <summary>Signs agents' certificates and the gateways' own, and tells its own from others.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    private readonly PkiOptions _options;
    private readonly TimeProvider _time;
    private readonly ECDsa _key;

    /// <exception cref="InvalidOperationException">A file is missing or not what it should be.</exception>
    public CertificateAuthority(PkiOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        Certificate = Load("Pki:CaCertificate", options.CaCertificate, pem => X509Certificate2.CreateFromPem(pem));
        _key = Load("Pki:CaKey", options.CaKey, pem =>
        {
            var key = ECDsa.Create();
            key.ImportFromPem(pem);
            return key;
        });
        Signer = Certificate.CopyWithPrivateKey(_key);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>Until when the last certificate of a gateway is good that was issued here; null: none was.</summary>
    public DateTimeOffset? ServerUntil { get; private set; }

    private X509Certificate2 Signer { get; }

    /// <summary>A client certificate for a host: its name is the host's id, whatever the request says.</summary>
    /// <exception cref="CryptographicException">The request is not a readable PKCS#10 request with a valid signature.</exception>
    public X509Certificate2 SignAgent(byte[] csr, Guid host)
    {
        var sent = CertificateRequest.LoadSigningRequest(csr, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default, RSASignaturePadding.Pkcs1);
        var request = new CertificateRequest(new X500DistinguishedName($"CN={host:D}"), sent.PublicKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.2")], false));
        return Sign(request, _options.AgentCertificateLifetime);
    }

    /// <summary>A certificate by which a silo shows other silos and APIs that it belongs to the cluster, whichever of them calls.</summary>
    public X509Certificate2 IssueMember(string name, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        return WithKey(request, key, lifetime);
    }

    /// <summary>A gateway's own certificate, for the names and addresses that agents reach it by.</summary>
    public X509Certificate2 IssueServer(IReadOnlyCollection<string> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=controller-silo", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names.Append("localhost").Append("127.0.0.1").Distinct())
        {
            if (IPAddress.TryParse(name, out var address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], false));
        var certificate = WithKey(request, key, TimeSpan.FromDays(365));
        ServerUntil = certificate.NotAfter;
        return certificate;
    }

    /// <summary>Whether this authority signed it and it is valid now.</summary>
    public bool Issued(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;   // removing the host revokes it: every session asks for its host's record
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }

    /// <summary>The host's id in a certificate's common name; null when it is not one of an agent.</summary>
    public static Guid? HostOf(X509Certificate2? certificate) =>
        Guid.TryParseExact(certificate?.GetNameInfo(X509NameType.SimpleName, false), "D", out var host) ? host : null;

    public void Dispose()
    {
        Signer.Dispose();
        Certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 WithKey(CertificateRequest request, ECDsa key, TimeSpan lifetime)
    {
        using var signed = Sign(request, lifetime);
        using var withKey = signed.CopyWithPrivateKey(key);
        // SslStream wants a key that it can find again.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    private X509Certificate2 Sign(CertificateRequest request, TimeSpan lifetime)
    {
        var now = _time.GetUtcNow();
        var until = now + lifetime;
        if (until > Certificate.NotAfter)
            until = Certificate.NotAfter;
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        return request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), now.AddMinutes(-5), until, serial);
    }

    private static T Load<T>(string key, string path, Func<string, T> read)
    {
        try
        {
            return read(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            throw new InvalidOperationException($"{key}: a PEM file was wanted, \"{path}\" is not one: {e.Message}", e);
        }
    }
}
