using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Contracts.Cluster;

/// <summary>
/// A certificate with its key in PEM files, and the intermediate ones that follow it there. Read again when they change; files that can't be read, half written
/// say, leave the one before in use.
/// </summary>
public sealed class PemCertificate
{
    private readonly Lock _reading = new();
    private readonly string _certificate, _key;
    private SslStreamCertificateContext _current;
    private (DateTime, DateTime) _stamps;

    /// <exception cref="InvalidOperationException">A file is missing or not what it should be.</exception>
    public PemCertificate(string certificate, string key)
    {
        (_certificate, _key, _stamps) = (certificate, key, Stamps(certificate, key));
        try
        {
            _current = Read();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw new InvalidOperationException($"A certificate and its key were wanted as PEM files, \"{certificate}\" and \"{key}\" are not: {e.Message}", e);
        }
    }

    /// <summary>As the files have it now.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_reading)
            {
                var stamps = Stamps(_certificate, _key);
                if (stamps == _stamps)
                    return _current;
                try
                {
                    _current = Read();
                }
                catch (Exception e) when (IsUnreadable(e))
                {
                    // Tried again when they change the next time.
                }
                _stamps = stamps;
                return _current;
            }
        }
    }

    private SslStreamCertificateContext Read()
    {
        var leaf = X509Certificate2.CreateFromPemFile(_certificate, _key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificate);
        // Offline: what is in the file is sent, and nothing is fetched from anywhere.
        return SslStreamCertificateContext.Create(leaf, [.. chain.Where(c => c.Thumbprint != leaf.Thumbprint)], offline: true);
    }

    private static bool IsUnreadable(Exception e) => e is CryptographicException or IOException or UnauthorizedAccessException;

    private static (DateTime, DateTime) Stamps(string certificate, string key) => (File.GetLastWriteTimeUtc(certificate), File.GetLastWriteTimeUtc(key));
}
