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
    /// <param name="files">Where.</param>
    /// <param name="names">Names and IP addresses that clients use for the API, beside this machine's own for itself.</param>
    /// <param name="time">What time it is.</param>
    public static string Ensure(KeyFiles files, IReadOnlyList<string> names, TimeProvider time)
    {
        var made = new List<string>();
        if (!File.Exists(files.CaCertificate) || !File.Exists(files.CaKey))
        {
            MakeAuthority(files, time.GetUtcNow());
            made.Add("certificate authority");
        }
        if (!File.Exists(files.ServerCertificate) || !File.Exists(files.ServerKey))
        {
            MakeServerCertificate(files, names, time.GetUtcNow());
            made.Add("HTTPS certificate");
        }
        if (!File.Exists(files.MemberCertificate) || !File.Exists(files.MemberKey))
        {
            MakeMemberCertificate(files, time.GetUtcNow());
            made.Add("an API's certificate for the silos");
        }
        if (!File.Exists(files.AdminToken))
        {
            SafeFile.Write(files.AdminToken, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes)) + "\n", SafeFile.Private);
            made.Add("administrator's token");
        }
        return made.Count == 0 ? "there already" : string.Join(", ", made);
    }

    /// <summary>
    /// Signed by itself and not by the authority: agents take whoever shows a server's certificate of the authority for a gateway, and an API is none.
    /// Who has a real one puts it in its place.
    /// </summary>
    private static void MakeServerCertificate(KeyFiles files, IReadOnlyList<string> given, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        foreach (var name in given)
        {
            if (IPAddress.TryParse(name, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(name);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], critical: false));   // serverAuth
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        SafeFile.Write(files.ServerKey, key.ExportPkcs8PrivateKeyPem() + "\n", SafeFile.Private);
        SafeFile.Write(files.ServerCertificate, certificate.ExportCertificatePem() + "\n");
    }

    /// <summary>Good for calling silos and for nothing else: with it nobody can play a silo or a gateway.</summary>
    private static void MakeMemberCertificate(KeyFiles files, DateTimeOffset now)
    {
        using var authority = X509Certificate2.CreateFromPemFile(files.CaCertificate, files.CaKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=controller-api", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.2")], critical: false));   // clientAuth
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        using var certificate = request.Create(authority, now.AddHours(-1), Earlier(now.AddYears(5), authority.NotAfter), serial);
        SafeFile.Write(files.MemberKey, key.ExportPkcs8PrivateKeyPem() + "\n", SafeFile.Private);
        SafeFile.Write(files.MemberCertificate, certificate.ExportCertificatePem() + "\n");
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static void MakeAuthority(KeyFiles files, DateTimeOffset now)
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
        SafeFile.Write(files.CaKey, key.ExportPkcs8PrivateKeyPem() + "\n", SafeFile.Private);
        SafeFile.Write(files.CaCertificate, certificate.ExportCertificatePem() + "\n");
    }
}
