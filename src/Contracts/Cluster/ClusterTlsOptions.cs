namespace Controller.Contracts.Cluster;

/// <summary>Section <c>ClusterTls</c> of silos and APIs: what they say to each other is encrypted, and both ends show who they are.</summary>
public sealed class ClusterTlsOptions
{
    /// <summary>Common names of those who belong to the cluster, where <see cref="Members"/> names nobody.</summary>
    public const string Silo = "controller-silo", Api = "controller-api";

    /// <summary>The same on all silos and APIs: who has it on does not talk to who has it off. Default: off.</summary>
    public bool Enabled { get; set; }

    /// <summary>PEM file of this process's certificate, with its chain; read again when it changes. Default: a silo issues its own by <c>Pki:CaKey</c>; an API needs one.</summary>
    public string Certificate { get; set; } = "";

    /// <summary>PEM file of its private key.</summary>
    public string Key { get; set; } = "";

    /// <summary>PEM file with the authority, or several, that members' certificates are of. Default: <c>Pki:CaCertificate</c>.</summary>
    public string Authority { get; set; } = "";

    /// <summary>Common names that members' certificates have. Default: <c>controller-silo</c> and <c>controller-api</c>.</summary>
    public IList<string> Members { get; } = [];

    /// <summary>What is wrong with it; null: nothing.</summary>
    /// <param name="authority">What <see cref="Authority"/> is where it is empty.</param>
    /// <param name="issues">Whether this process can do without <see cref="Certificate"/>.</param>
    public string? Complaint(string authority, bool issues)
    {
        if (!Enabled)
            return null;
        if (Certificate.Length > 0 != Key.Length > 0)
            return "ClusterTls: Certificate and Key belong together, and one of them is missing.";
        if (Certificate.Length == 0 && !issues)
            return "ClusterTls:Certificate: a PEM file of this process's certificate was wanted, nothing was given.";
        var files = new[] { ("Certificate", Certificate), ("Key", Key), ("Authority", Authority.Length > 0 ? Authority : authority) };
        foreach (var (name, file) in files.Where(f => f.Item1 == "Authority" || f.Item2.Length > 0))
        {
            if (!File.Exists(file))
                return $"ClusterTls:{name}: a PEM file was wanted, \"{file}\" is not there.";
        }
        return null;
    }
}
