using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Controller.Api.Http;

/// <summary>
/// The certificate that HTTPS clients see, from PEM files. Who renews it replaces the files: the next connection has the new one, and files that
/// can't be read (half written, say) leave the one before in use.
/// </summary>
internal sealed partial class ServerCertificate(IOptions<ApiOptions> options, ILogger<ServerCertificate> log)
{
    private readonly Lock _reading = new();
    private (DateTime Stamp, X509Certificate2 Certificate)? _current;

    /// <summary>The certificate as the files have it now.</summary>
    /// <exception cref="CryptographicException">There was never one that could be read.</exception>
    public X509Certificate2 Current
    {
        get
        {
            var (certificate, key) = (options.Value.Certificate!, options.Value.CertificateKey!);   // with a TlsUrl both are there: the options say so
            lock (_reading)
            {
                // A file that is not there has a time, too: long ago.
                var stamp = Later(File.GetLastWriteTimeUtc(certificate), File.GetLastWriteTimeUtc(key));
                if (_current is { } current && current.Stamp == stamp)
                    return current.Certificate;
                try
                {
                    _current = (stamp, X509Certificate2.CreateFromPemFile(certificate, key));
                    LogRead(certificate, _current.Value.Certificate.NotAfter);
                }
                catch (Exception e) when (_current is not null && e is CryptographicException or IOException or UnauthorizedAccessException)
                {
                    LogUnreadable(certificate, e.Message);
                }
                return _current!.Value.Certificate;   // it was thrown where there is none
            }
        }
    }

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;

    [LoggerMessage(LogLevel.Information, "The HTTPS certificate in {File} is good until {NotAfter}")]
    private partial void LogRead(string file, DateTime notAfter);

    [LoggerMessage(LogLevel.Warning, "The HTTPS certificate in {File} can't be read, the one before stays in use: {Why}")]
    private partial void LogUnreadable(string file, string why);
}
