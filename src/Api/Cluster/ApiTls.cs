using Controller.Contracts.Cluster;
using Orleans.Connections.Security;

namespace Controller.Api.Cluster;

/// <summary>To the silos over mutual TLS, where <c>ClusterTls:Enabled</c> says so.</summary>
internal static class ApiTls
{
    /// <exception cref="InvalidOperationException">A setting is wrong: says which.</exception>
    public static void UseClusterTls(this IClientBuilder client, IConfiguration configuration)
    {
        var options = configuration.GetSection("ClusterTls").Get<ClusterTlsOptions>() ?? new();
        var authority = configuration.GetSection("Pki").Get<PkiOptions>()?.CaCertificate ?? "";
        if (options.Complaint(authority, issues: false) is { } complaint)
            throw new InvalidOperationException(complaint);
        if (!options.Enabled)
            return;
        var own = new PemCertificate(options.Certificate, options.Key);
        var cluster = new ClusterTls(() => own.Current, ClusterTrust.From(options, authority, TimeProvider.System));
        client.UseTls(tls =>
        {
            tls.LocalCertificate = cluster.Own.TargetCertificate;   // Orleans wants one to be there; what is shown is set for each connection
            tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.RemoteCertificateValidation = cluster.Admit;
            tls.OnAuthenticateAsClient = (_, end) => cluster.Call(end.SslClientAuthenticationOptions);
        });
    }
}
