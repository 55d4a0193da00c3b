using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Api.Identity;
using Controller.Testing;

namespace Controller.Api.Tests.Cloud;

/// <summary>What a cloud stands on, before any of its processes: a database, a certificate authority, an image store and the first token.</summary>
internal sealed class Place : IAsyncDisposable
{
    private readonly PrivatePostgres _postgres;

    private Place(PrivatePostgres postgres, string connection, X509Certificate2 authority) =>
        (_postgres, Connection, Authority) = (postgres, connection, authority);

    public PrivatePostgres Postgres => _postgres;

    public string Connection { get; }

    public X509Certificate2 Authority { get; }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("controller-cloud-").FullName;

    public string Images => Path.Combine(Directory, "images");

    /// <summary>A token that is admin.</summary>
    public string AdminSecret { get; } = Credentials.NewSecret();

    /// <summary>Files of kinds and mixins, before any process has started.</summary>
    public async Task Declare(string name, string json)
    {
        System.IO.Directory.CreateDirectory(In("model"));
        await File.WriteAllTextAsync(Path.Combine(In("model"), name), json);
    }

    /// <param name="smallMiB">The size of the file system that the database is on; 0: no limit. Wants root.</param>
    public static async Task<Place> Make(int smallMiB = 0)
    {
        var postgres = await PrivatePostgres.Start(smallMiB);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test cloud", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        var place = new Place(postgres, await postgres.CreateDatabase(), request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1)));
        System.IO.Directory.CreateDirectory(place.Images);
        await File.WriteAllTextAsync(place.In("ca.crt"), place.Authority.ExportCertificatePem());
        await File.WriteAllTextAsync(place.In("ca.key"), key.ExportPkcs8PrivateKeyPem());
        await place.MakeServerCertificate(now);
        await File.WriteAllTextAsync(place.In("admin.token"), place.AdminSecret);
        return place;
    }

    public string[] SiloSettings()
    {
        var ports = Free.Ports(4);
        return
        [
            $"--ConnectionStrings:Controller={Connection}", $"--Silo:SiloPort={ports[0]}", $"--Silo:GatewayPort={ports[1]}", $"--Silo:HealthPort={ports[2]}",
            $"--AgentGateway:Port={ports[3]}", $"--Pki:CaCertificate={In("ca.crt")}", $"--Pki:CaKey={In("ca.key")}", $"--Images:Directory={Images}",
            $"--Identity:AdminTokenFile={In("admin.token")}", $"--Model:Directory={Model}", "--Logging:LogLevel:Default=Error",
        ];
    }

    public string[] ApiSettings(string url) =>
    [
        $"--Api:Url={url}", "--Api:TlsUrl=https://127.0.0.1:0", $"--Api:Certificate={In("api.crt")}", $"--Api:CertificateKey={In("api.key")}", $"--ConnectionStrings:Controller={Connection}", $"--Images:Directory={Images}", $"--Pki:CaCertificate={In("ca.crt")}",
        $"--Model:Directory={Model}", "--Logging:LogLevel:Default=Critical",
    ];

    public string[] AgentSettings(string name, string joinToken) =>
    [
        $"--Agent:Name={name}", $"--Agent:StateDirectory={In(name)}", $"--Agent:JoinToken={joinToken}", "--Agent:Driver=Simulated",
        "--Agent:MeasureEvery=00:00:01", "--Simulated:BootTime=00:00:00", "--Simulated:ShutdownTime=00:00:00", "--Simulated:PhysicalNetworks:0=public", "--Logging:LogLevel:Default=Error",
    ];

    public Task CrashDatabase(TimeSpan away) => _postgres.Crash(away);

    public ValueTask StopDatabase() => _postgres.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await StopDatabase();
        Authority.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>Makes, or makes anew, what HTTPS clients see.</summary>
    /// <param name="now">The present time.</param>
    /// <param name="issued">By an authority between it and the cluster's, which then stands behind it in the file; else it is signed by itself.</param>
    /// <param name="forLocalhost">With that name, for clients that look at it.</param>
    public async Task<X509Certificate2> MakeServerCertificate(DateTimeOffset now, bool issued = false, bool forLocalhost = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        if (forLocalhost)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
        }
        using var between = issued ? Between(now) : null;
        var certificate = between is null ? request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1)) : request.Create(between, now.AddMinutes(-1), now.AddDays(30), [1, 2, 3]);
        await File.WriteAllTextAsync(In("api.key"), key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(In("api.crt"), certificate.ExportCertificatePem() + (between is null ? "" : "\n" + between.ExportCertificatePem()));
        return certificate;
    }

    /// <summary>Files NAME.crt and NAME.key, of the cluster's authority, for one use.</summary>
    public void MakeMember(string file, string name, string use)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(use)], false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(Authority, now.AddMinutes(-1), now.AddDays(30), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(In(file + ".key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(In(file + ".crt"), certificate.ExportCertificatePem());
    }

    private X509Certificate2 Between(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=between", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var issued = request.Create(Authority, now.AddHours(-1), now.AddDays(60), [3, 2, 1]);
        return issued.CopyWithPrivateKey(key);
    }

    public Task BreakServerCertificate() => File.WriteAllTextAsync(In("api.crt"), "no certificate");

    private string Model => System.IO.Directory.Exists(In("model")) ? In("model") : "";

    public string In(string name) => Path.Combine(Directory, name);
}
