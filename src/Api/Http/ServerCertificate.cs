using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Controller.Api.Http;

/// <summary>
/// The certificate that HTTPS clients see, with the intermediate ones that follow it in its PEM file. Who renews it replaces the files: the next connection has the new one,
/// and files that can't be read (half written, say) leave the one before in use.
/// </summary>
internal sealed partial class ServerCertificate(IOptions<ApiOptions> options, ILogger<ServerCertificate> log)
{
    private readonly Lock _reading = new();
    private SslStreamCertificateContext? _current;

    // Of the files when they were last read, whatever came of it.
    private (DateTime Certificate, DateTime Key)? _stamps;

    /// <summary>The certificate as the files have it now.</summary>
    /// <exception cref="CryptographicException">There was never one that could be read.</exception>
    public SslStreamCertificateContext Current
    {
        get
        {
            var (certificate, key) = (options.Value.Certificate!, options.Value.CertificateKey!);   // with a TlsUrl both are there: the options say so
            lock (_reading)
            {
                // A file that is not there has a time, too: long ago.
                var stamps = (File.GetLastWriteTimeUtc(certificate), File.GetLastWriteTimeUtc(key));
                if (_current is not null && _stamps == stamps)
                    return _current;
                try
                {
                    _current = Read(certificate, key);
                    LogRead(certificate, _current.TargetCertificate.NotAfter);
                }
                catch (Exception e) when (_current is not null && e is CryptographicException or IOException or UnauthorizedAccessException)
                {
                    LogUnreadable(certificate, e.Message);
                }
                _stamps = stamps;
                return _current!;   // it was thrown where there is none
            }
        }
    }

    private static SslStreamCertificateContext Read(string certificate, string key)
    {
        var leaf = X509Certificate2.CreateFromPemFile(certificate, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificate);
        // Offline: what is in the file is sent, and nothing is fetched from anywhere.
        return SslStreamCertificateContext.Create(leaf, [.. chain.Where(c => c.Thumbprint != leaf.Thumbprint)], offline: true);
    }

    [LoggerMessage(LogLevel.Information, "The HTTPS certificate in {File} is good until {NotAfter}")]
    private partial void LogRead(string file, DateTime notAfter);

    [LoggerMessage(LogLevel.Warning, "The HTTPS certificate in {File} can't be read, the one before stays in use: {Why}")]
    private partial void LogUnreadable(string file, string why);
}
