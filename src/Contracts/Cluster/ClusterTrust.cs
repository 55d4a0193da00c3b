using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Contracts.Cluster;

/// <summary>What the other end of a connection is there for.</summary>
public enum ClusterEnd
{
    /// <summary>It was called: a silo.</summary>
    Server,

    /// <summary>It calls: a silo or an API.</summary>
    Client,
}

/// <summary>
/// Tells members of the cluster from others. A certificate of the right authority is not enough: hosts have such ones, too. It has to have a member's
/// common name, which no host's has (theirs is a host id), and be made for that end: an API's is not good for playing a silo.
/// </summary>
public sealed class ClusterTrust(X509Certificate2Collection authorities, IReadOnlyCollection<string> members, TimeProvider time)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Reads what the options name.</summary>
    public static ClusterTrust From(ClusterTlsOptions options, string authority, TimeProvider time)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(options.Authority.Length > 0 ? options.Authority : authority);
        return new(authorities, options.Members.Count > 0 ? [.. options.Members] : [ClusterTlsOptions.Silo, ClusterTlsOptions.Api], time);
    }

    /// <summary>How the other end's certificate is looked at, before <see cref="Admit"/>.</summary>
    public X509ChainPolicy PolicyFor(ClusterEnd end)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = time.GetUtcNow().UtcDateTime,
        };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ApplicationPolicy.Add(new(end == ClusterEnd.Server ? ServerUse : ClientUse));
        return policy;
    }

    /// <summary>True: it is a member.</summary>
    /// <exception cref="AuthenticationException">It is none; says why. Thrown, since it is logged then and a mere false would not be.</exception>
    public bool Admit(X509Certificate2? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is null)
            throw new AuthenticationException("The other end has shown no certificate.");
        var name = shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        if (!members.Contains(name))
            throw new AuthenticationException($"A certificate of {string.Join(" or ", members)} was wanted, one of \"{name}\" was shown.");
        // Silos are found at addresses that change: that one's name is not in its certificate means nothing.
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None)
            return true;
        var why = string.Join(' ', (chain?.ChainStatus ?? []).Select(s => s.StatusInformation.Trim()));
        throw new AuthenticationException($"The certificate of \"{name}\" is not good for this end of a connection in this cluster: {errors}. {why}");
    }
}
