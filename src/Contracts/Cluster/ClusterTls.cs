using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Contracts.Cluster;

/// <summary>Both ends of a connection between members of the cluster: each shows its certificate, and looks at the other's.</summary>
/// <param name="own">What this process shows, asked for each connection.</param>
/// <param name="trust">Whom it believes.</param>
public sealed class ClusterTls(Func<SslStreamCertificateContext> own, ClusterTrust trust)
{
    /// <summary>What this process shows now.</summary>
    public SslStreamCertificateContext Own => own();

    /// <summary>Whether the other end belongs to the cluster; see <see cref="ClusterTrust.Admit"/>.</summary>
    public bool Admit(X509Certificate2? shown, X509Chain? chain, SslPolicyErrors errors) => trust.Admit(shown, chain, errors);

    /// <summary>For a connection that somebody opened to this process; the argument is an <see cref="SslServerAuthenticationOptions"/>.</summary>
    public void Answer(object options)
    {
        var tls = (SslServerAuthenticationOptions)options;
        // A selector sends the leaf alone; the context has the whole chain.
        (tls.ServerCertificateSelectionCallback, tls.ServerCertificate, tls.ServerCertificateContext) = (null, null, Own);
        tls.ClientCertificateRequired = true;
        tls.CertificateChainPolicy = trust.PolicyFor(ClusterEnd.Client);
    }

    /// <summary>For a connection that this process opens; the argument is an <see cref="SslClientAuthenticationOptions"/>.</summary>
    public void Call(object options)
    {
        var tls = (SslClientAuthenticationOptions)options;
        (tls.LocalCertificateSelectionCallback, tls.ClientCertificates, tls.ClientCertificateContext) = (null, null, Own);
        tls.TargetHost = ClusterTlsOptions.Silo;
        tls.CertificateChainPolicy = trust.PolicyFor(ClusterEnd.Server);
    }
}
