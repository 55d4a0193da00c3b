using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Controller.Agent.Enrolment;

/// <summary>Who this host is to the control plane: its certificate with the key, and the one authority that it trusts.</summary>
internal sealed record HostIdentity(X509Certificate2 Certificate, X509Certificate2 Authority)
{
    public string HostId { get; } = Certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);

    /// <summary>When to ask for the next certificate: two thirds into the life of this one.</summary>
    public DateTimeOffset RenewAt
    {
        get
        {
            var (from, to) = (new DateTimeOffset(Certificate.NotBefore), new DateTimeOffset(Certificate.NotAfter));
            return from + ((to - from) * 2 / 3);
        }
    }

    /// <exception cref="CryptographicException">The certificate is not of this key or not of this authority.</exception>
    public static HostIdentity From(ECDsa key, byte[] certificate, byte[] authority)
    {
        using var bare = X509CertificateLoader.LoadCertificate(certificate);
        return new(bare.CopyWithPrivateKey(key), X509CertificateLoader.LoadCertificate(authority));
    }
}

/// <summary>Keeps the identity in one file, so that key and certificate can never be of two generations.</summary>
internal sealed class IdentityStore(string stateDirectory)
{
    private readonly string _path = Path.Combine(stateDirectory, "identity.pem");

    public HostIdentity? Load()
    {
        if (!File.Exists(_path)) return null;
        var text = File.ReadAllText(_path);
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(text);
        if (certificates.Count != 2)
            throw new EnrolmentException($"{_path} was to hold the host's certificate and the authority's, and holds {certificates.Count} certificates. Remove it and join again with a new token.");
        using var key = ECDsa.Create();
        key.ImportFromPem(text);
        using var bare = certificates[0];
        return new HostIdentity(bare.CopyWithPrivateKey(key), certificates[1]);
    }

    public void Save(HostIdentity identity)
    {
        using var key = identity.Certificate.GetECDsaPrivateKey() ?? throw new InvalidOperationException("The identity has no ECDSA key.");
        var text = string.Join('\n', key.ExportPkcs8PrivateKeyPem(), identity.Certificate.ExportCertificatePem(), identity.Authority.ExportCertificatePem(), "");
        AtomicFile.CreateDirectory(stateDirectory);
        AtomicFile.Write(_path, Encoding.ASCII.GetBytes(text));
    }
}
