using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Agent.Enrolment;

namespace Controller.Agent.Tests.Harness;

/// <summary>What the gateways of one cluster share: authority, tokens, epochs, images.</summary>
internal sealed class TestCluster : IDisposable
{
    public const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    public const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _authority = NewAuthority();
    private long _epoch;

    public X509Certificate2 Authority => X509CertificateLoader.LoadCertificate(_authority.RawData);

    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(_authority.RawData));

    public ConcurrentDictionary<string, bool> Secrets { get; } = new();

    public ConcurrentDictionary<string, byte[]> Images { get; } = new();

    /// <summary>What hosts have stored, by digest.</summary>
    public ConcurrentDictionary<string, byte[]> Stored { get; } = new();

    /// <summary>The next stores end with these, half-way.</summary>
    public ConcurrentQueue<Grpc.Core.StatusCode> StoreFailures { get; } = new();

    /// <summary>Uploads that hang once they have begun, until they are cancelled.</summary>
    public ConcurrentQueue<TaskCompletionSource> StoreHangs { get; } = [];

    /// <summary>What the next session is told; otherwise one more than the last.</summary>
    public ulong? EpochToGive { get; set; }

    /// <summary>For how long hosts' leases are renewed; null: renewals are not answered.</summary>
    public TimeSpan? HostLease { get; set; }

    /// <summary>What its gateways take beside what every one does.</summary>
    public List<string> Accepts { get; } = [];

    public uint LeaseSeconds { get; set; } = 3;

    /// <summary>How long ago the next client certificate began, and when it ends.</summary>
    public (TimeSpan Began, TimeSpan Left) NextLife { get; set; } = (TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));

    public string NewSecret()
    {
        var secret = Guid.NewGuid().ToString("N");
        Secrets[secret] = true;
        return secret;
    }

    public string Token(params TestGateway[] gateways) => new JoinToken([.. gateways.Select(gateway => gateway.Endpoint)], Fingerprint, NewSecret()).Format();

    public ulong MintEpoch() => EpochToGive ?? (ulong)Interlocked.Increment(ref _epoch);

    public X509Certificate2 Issue(CertificateRequest request, string purpose, TimeSpan? began = null, TimeSpan? left = null)
    {
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(_authority, now - (began ?? TimeSpan.FromMinutes(1)), now + (left ?? TimeSpan.FromDays(1)), Guid.NewGuid().ToByteArray());
    }

    public X509Certificate2 NewServer(string purpose = ServerPurpose, string name = Trust.GatewayName)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = Issue(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256), purpose);
        return bare.CopyWithPrivateKey(key);
    }

    public void Dispose() => _authority.Dispose();

    private static X509Certificate2 NewAuthority()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test cluster", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
    }
}
