using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity.Certificates;

/// <summary>Who signs users' certificates. The file is read again when it changes; one that can't be read leaves what was in it before in use.</summary>
internal sealed partial class ClientAuthority(IOptions<ApiOptions> options, ILogger<ClientAuthority> log)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly Lock _reading = new();
    private X509Certificate2Collection? _current;
    private DateTime? _stamp;

    /// <summary>Whether anybody signs any.</summary>
    public bool IsThere => options.Value.ClientAuthority is not null;

    /// <summary>The authorities as the file has them now: the same object as long as it is the same file.</summary>
    /// <exception cref="CryptographicException">There was never one that could be read.</exception>
    public X509Certificate2Collection Current
    {
        get
        {
            var file = options.Value.ClientAuthority!;   // IsThere
            lock (_reading)
            {
                var stamp = File.GetLastWriteTimeUtc(file);
                if (_current is not null && _stamp == stamp)
                    return _current;
                try
                {
                    var read = new X509Certificate2Collection();
                    read.ImportFromPemFile(file);
                    if (read.Count == 0)
                        throw new CryptographicException("it has no certificate");
                    _current = read;
                }
                catch (Exception e) when (_current is not null && e is CryptographicException or IOException or UnauthorizedAccessException)
                {
                    LogUnreadable(file, e.Message);
                }
                _stamp = stamp;
                return _current!;   // it was thrown where there is none
            }
        }
    }

    /// <summary>
    /// Asks for a certificate in the handshake, and takes any, and none: whoever has another one for another server is to be answered, and told why his is not good. Nothing counts before
    /// <see cref="Complaint"/> has looked.
    /// </summary>
    public static void Ask(HttpsConnectionAdapterOptions https)
    {
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.ClientCertificateValidation = (_, _, _) => true;
    }

    /// <summary>Nothing is fetched from where a stranger's certificate says.</summary>
    public static void Offline(SslServerAuthenticationOptions tls) =>
        tls.CertificateChainPolicy = new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck, VerificationFlags = X509VerificationFlags.AllFlags };

    /// <summary>Why a certificate is not good at that time; null: it is of one of the authorities, for clients, valid, and on no list of theirs.</summary>
    public static string? Complaint(X509Certificate2 certificate, X509Certificate2Collection authorities, IReadOnlyList<RevocationList> lists, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new(ClientAuthentication));
        if (chain.Build(certificate))
            return chain.ChainElements.Zip(chain.ChainElements.Skip(1)).Select(by => ClientRevocations.Complaint(by.First.Certificate, by.Second.Certificate, lists, now)).FirstOrDefault(why => why is not null);
        var flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
        return flags.HasFlag(X509ChainStatusFlags.NotTimeValid) && (flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) == 0
                ? $"it is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}"
            : flags.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? "it is not for clients (extended key usage clientAuth)"
            : "no authority of Api:ClientAuthority has signed it";
    }

    /// <summary>Why a file can't say who signs users' certificates; null: it can.</summary>
    public static string? Wrong(ApiOptions api, PkiOptions pki)
    {
        if (api.ClientAuthority is not { } file)
            return null;
        if (api.TlsUrl is null)
            return "Api:ClientAuthority needs Api:TlsUrl: certificates are shown over TLS alone.";
        try
        {
            var (users, hosts) = (new X509Certificate2Collection(), new X509Certificate2Collection());
            users.ImportFromPemFile(file);
            if (users.Count == 0)
                return $"Api:ClientAuthority must name a PEM file with at least one certificate; {file} has none.";
            if (pki.CaCertificate is { } cluster && File.Exists(cluster))
                hosts.ImportFromPemFile(cluster);
            // With it, each host's agent could be anybody.
            return users.Any(u => hosts.Any(h => h.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(u.PublicKey.ExportSubjectPublicKeyInfo())))
                ? "Api:ClientAuthority must not have the cluster's own authority (Pki:CaCertificate), which signs hosts' certificates: users' have one of their own." : null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return $"Api:ClientAuthority must name a PEM file; {file} can't be read: {e.Message}";
        }
    }

    [LoggerMessage(LogLevel.Warning, "The authorities of users' certificates in {File} can't be read, those before stay in use: {Why}")]
    private partial void LogUnreadable(string file, string why);
}
