using System.Net.Security;
using Controller.Contracts.Cluster;
using Controller.Silo.Gateway;
using Orleans.Connections.Security;

namespace Controller.Silo.Cluster;

/// <summary>Silo to silo and API to silo over mutual TLS, where <c>ClusterTls:Enabled</c> says so.</summary>
internal static class SiloTls
{
    public static void UseClusterTls(this ISiloBuilder silo, SiloSettings settings, CertificateAuthority authority, TimeProvider time)
    {
        var options = settings.ClusterTls;
        if (!options.Enabled)
            return;
        var cluster = new ClusterTls(Own(options, authority, time), ClusterTrust.From(options, settings.Pki.CaCertificate, time));
        silo.UseTls(tls =>
        {
            tls.LocalCertificate = cluster.Own.TargetCertificate;   // Orleans wants one to be there; what is shown is set for each connection
            tls.RemoteCertificateMode = tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.RemoteCertificateValidation = cluster.Admit;
            tls.OnAuthenticateAsServer = (_, end) => cluster.Answer(end.SslServerAuthenticationOptions);
            tls.OnAuthenticateAsClient = (_, end) => cluster.Call(end.SslClientAuthenticationOptions);
        });
    }

    private static Func<SslStreamCertificateContext> Own(ClusterTlsOptions options, CertificateAuthority authority, TimeProvider time)
    {
        if (options.Certificate.Length > 0)
        {
            var files = new PemCertificate(options.Certificate, options.Key);
            return () => files.Current;
        }
        var issued = new IssuedCertificate(authority, time);
        return () => issued.Current;
    }
}
