namespace Controller.Cli.Local;

/// <summary>Where the keys of a control plane lie: in one directory, which is all that has to be kept safe and copied to its other machines.</summary>
internal sealed record KeyFiles(string Directory, string AdminToken)
{
    public string CaCertificate => Path.Combine(Directory, "ca.crt");

    /// <summary>For silos alone: whoever has it can make hosts and silos.</summary>
    public string CaKey => Path.Combine(Directory, "ca.key");

    /// <summary>What HTTPS clients see; trust it with <c>curl --cacert</c>.</summary>
    public string ServerCertificate => Path.Combine(Directory, "api.crt");

    public string ServerKey => Path.Combine(Directory, "api.key");

    /// <summary>By what an API shows the silos that it belongs to them (ClusterTls).</summary>
    public string MemberCertificate => Path.Combine(Directory, "cluster-api.crt");

    public string MemberKey => Path.Combine(Directory, "cluster-api.key");
}
