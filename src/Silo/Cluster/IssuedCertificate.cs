using System.Net.Security;
using Controller.Contracts.Cluster;
using Controller.Silo.Gateway;

namespace Controller.Silo.Cluster;

/// <summary>A silo's own certificate for the cluster, of the built-in authority, never written to disk; a new one after two thirds of its life.</summary>
internal sealed class IssuedCertificate(CertificateAuthority authority, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(90);
    private readonly Lock _issuing = new();
    private SslStreamCertificateContext? _current;
    private DateTimeOffset _renew;

    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_issuing)
            {
                if (_current is null || time.GetUtcNow() >= _renew)
                {
                    // The one before may still be in use by a handshake: not disposed.
                    _current = SslStreamCertificateContext.Create(authority.IssueMember(ClusterTlsOptions.Silo, Life), null, offline: true);
                    _renew = time.GetUtcNow() + (Life * 2 / 3);
                }
                return _current;
            }
        }
    }
}
