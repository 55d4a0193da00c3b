using Controller.Contracts.Cluster;
using Microsoft.Extensions.Options;
using Orleans.Connections.Security;

namespace Controller.Api.Cluster;

/// <summary>To the silos over mutual TLS, where <c>ClusterTls:Enabled</c> says so.</summary>
internal static class ApiTls
{
    /// <exception cref="OptionsValidationException">A setting is wrong: says which.</exception>
    public static void UseClusterTls(this IClientBuilder client, IConfiguration configuration)
    {
        var options = configuration.GetSection("ClusterTls").Get<ClusterTlsOptions>() ?? new();
        var authority = configuration.GetSection("Pki").Get<PkiOptions>()?.CaCertificate ?? "";
        if (options.Complaint(authority, issues: false) is { } complaint)
            throw Wrong(complaint);
        if (!options.Enabled)
            return;
        var cluster = Read(options, authority);
        client.UseTls(tls =>
        {
            tls.LocalCertificate = cluster.Own.TargetCertificate;   // Orleans wants one to be there; what is shown is set for each connection
            tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.RemoteCertificateValidation = cluster.Admit;
            tls.OnAuthenticateAsClient = (_, end) => cluster.Call(end.SslClientAuthenticationOptions);
        });
    }

    private static ClusterTls Read(ClusterTlsOptions options, string authority)
    {
        try
        {
            var own = new PemCertificate(options.Certificate, options.Key);
            return new(() => own.Current, ClusterTrust.From(options, authority, TimeProvider.System));
        }
        catch (InvalidOperationException unreadable)
        {
            throw Wrong(unreadable.Message);
        }
    }

    private static OptionsValidationException Wrong(string what) => new("ClusterTls", typeof(ClusterTlsOptions), [what]);
}
