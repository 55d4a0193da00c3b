using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Cli.Local.Steps;

/// <summary>Makes the cluster's certificate authority, the certificate for HTTPS and the administrator's token, once.</summary>
internal static class Keys
{
    private const int TokenBytes = 32;

    /// <summary>Makes what is missing; says what.</summary>
    public static string Ensure(DataDirectory data, TimeProvider time)
    {
        var made = new List<string>();
        if (!File.Exists(data.CaCertificate) || !File.Exists(data.CaKey))
        {
            MakeAuthority(data, time.GetUtcNow());
            made.Add("certificate authority");
        }
        if (!File.Exists(data.ServerCertificate) || !File.Exists(data.ServerKey))
        {
            MakeServerCertificate(data, time.GetUtcNow());
            made.Add("HTTPS certificate");
        }
        if (!File.Exists(data.AdminToken))
        {
            SafeFile.Write(data.AdminToken, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes)) + "\n", SafeFile.Private);
            made.Add("administrator's token");
        }
        return made.Count == 0 ? "there already" : string.Join(", ", made);
    }

    /// <summary>
    /// Signed by itself and not by the authority: agents take whoever shows a server's certificate of the authority for a gateway, and an API is none.
    /// Who has a real one puts it in its place.
    /// </summary>
    private static void MakeServerCertificate(DataDirectory data, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], critical: false));   // serverAuth
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        SafeFile.Write(data.ServerKey, key.ExportPkcs8PrivateKeyPem() + "\n", SafeFile.Private);
        SafeFile.Write(data.ServerCertificate, certificate.ExportCertificatePem() + "\n");
    }

    private static void MakeAuthority(DataDirectory data, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Each cluster's name differs, so that a host with agents of two clusters can tell them apart.
        var name = new X500DistinguishedName($"CN=Controller CA {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        // A day back: the clocks of hosts differ.
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(20));
        SafeFile.Write(data.CaKey, key.ExportPkcs8PrivateKeyPem() + "\n", SafeFile.Private);
        SafeFile.Write(data.CaCertificate, certificate.ExportCertificatePem() + "\n");
    }
}
