using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Cli;

/// <summary>The PEM files of a <see cref="ClientTls"/>; null: not given.</summary>
internal sealed record TlsFiles(string? Certificate, string? Key, string? Authorities)
{
    /// <summary>The same, wherever one stands.</summary>
    public TlsFiles Anywhere() => new(Whole(Certificate), Whole(Key), Whole(Authorities));

    /// <summary>These, and what is not given from there: a certificate with its key.</summary>
    public TlsFiles Or(TlsFiles? kept) => kept is null ? this : (this with { Authorities = Authorities ?? kept.Authorities }) is var mine && (Certificate ?? Key) is not null ? mine
        : mine with { Certificate = kept.Certificate, Key = kept.Key };

    private static string? Whole(string? file) => file is null ? null : Path.GetFullPath(file);
}

/// <summary>What is shown to an https endpoint, and whom it is taken from.</summary>
/// <param name="Certificate">The client certificate, with its key; null: none.</param>
/// <param name="Authorities">The only authorities that the endpoint's certificate may be of; null: those that the system trusts.</param>
internal sealed record ClientTls(X509Certificate2? Certificate, X509Certificate2Collection? Authorities)
{
    /// <summary>Reads PEM files.</summary>
    /// <exception cref="CliException">One of them is not what was wanted: says which.</exception>
    public static ClientTls Read(TlsFiles files)
    {
        var (certificate, key, authorities) = files;
        if (key is not null && certificate is null)
            throw new CliException("--cert-key is the key of --cert, and that is missing", ExitCode.Usage);
        return new(
            certificate is null ? null : From(key ?? certificate, "a certificate and its private key in PEM (--cert, --cert-key)", () => X509Certificate2.CreateFromPemFile(certificate, key)),
            authorities is null ? null : From(authorities, "certificates of authorities in PEM (--ca)", () =>
            {
                var all = new X509Certificate2Collection();
                all.ImportFromPemFile(authorities);
                return all.Count > 0 ? all : throw new CryptographicException("there is no certificate in it");
            }));
    }

    /// <summary>The same for a connection.</summary>
    public SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions();
        if (Certificate is { } own)
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        if (Authorities is { } trusted)
        {
            options.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
        }
        return options;
    }

    private static T From<T>(string file, string wanted, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{wanted} was wanted, and {file} is none: {e.Message}");
        }
    }
}
