using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Controller.Api.Identity;
using Controller.Api.Tests.StandIn;
using Controller.Contracts;
using Controller.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Controller.Api.Tests;

/// <summary>A cloud to speak HTTP with: PostgreSQL, a silo and the API, as they are started in production, all of them for these tests alone.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private PrivatePostgres _postgres = null!;   // set by InitializeAsync, as the others
    private NpgsqlDataSource _database = null!;
    private IHost _silo = null!;
    private WebApplication _api = null!;

    public static readonly Guid OtherProject = Guid.NewGuid();

    /// <summary>Whether there is a silo from the beginning.</summary>
    public bool WithSilo { get; init; } = true;

    public Uri Url { get; private set; } = null!;

    public string Images { get; } = Directory.CreateTempSubdirectory("controller-images-").FullName;

    public X509Certificate2 Certificate { get; } = NewCertificate();

    private string CaFile => Images + ".ca.pem";

    public async Task InitializeAsync()
    {
        _postgres = await PrivatePostgres.Start();
        var connection = await _postgres.CreateDatabase();
        _database = NpgsqlDataSource.Create(connection);
        await StartSilo();
        await AddToken("admin", WellKnown.DefaultProject, Role.Admin);
        await AddToken("member", WellKnown.DefaultProject, Role.Member);
        await AddToken("reader", WellKnown.DefaultProject, Role.Reader);
        await AddToken("stranger", OtherProject, Role.Member);
        await AddToken("expired", WellKnown.DefaultProject, Role.Member, expires: DateTimeOffset.UnixEpoch);
        await File.WriteAllTextAsync(CaFile, Certificate.ExportCertificatePem());
        _api = ApiHost.Build([$"--Pki:CaCertificate={CaFile}", "--Api:Url=http://127.0.0.1:0", $"--ConnectionStrings:Controller={connection}", $"--Images:Directory={Images}"]);
        await _api.StartAsync();
        Url = new Uri(_api.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        if (WithSilo)
            await Eventually.Is("the API is ready", async () => (await Send("GET", "/health/ready", caller: null)).Status == 200);
    }

    public async Task DisposeAsync()
    {
        await _api.StopAsync();
        await _api.DisposeAsync();
        await StopSilo();
        _silo.Dispose();
        await StopDatabase();
        File.Delete(CaFile);
        Certificate.Dispose();
        Directory.Delete(Images, recursive: true);
    }

    public Task StopSilo() => WithSilo ? _silo.StopAsync() : Task.CompletedTask;

    public async Task StopDatabase()
    {
        await _database.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>Sends a request as one of the callers (null: nobody).</summary>
    public async Task<Answer> Send(
        string method, string path, string? body = null, string? caller = "member", string? accept = null, string? contentType = null, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Url, path));
        if (caller is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", caller);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null || contentType is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body ?? ""));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType ?? "text/plain");
        }
        // A refused body is not read to its end, which would break the connection under a client that is still sending.
        request.Headers.ExpectContinue = body?.Length > 1_000_000;
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request);
        return new Answer(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers)
                .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    private async Task StartSilo()
    {
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        await using (var command = _database.CreateCommand(Schema.Sql(gatewayPort)))
            await command.ExecuteNonQueryAsync();
        _silo = Host.CreateDefaultBuilder()
            .UseOrleans(silo => silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: "controller", clusterId: "controller"))
            .ConfigureServices(s => s.AddSingleton(_database).AddSingleton<RowWriter>())
            .ConfigureLogging(l => l.ClearProviders())
            .Build();
        if (WithSilo)
            await _silo.StartAsync();
    }

    private async Task AddToken(string secret, Guid project, Role role, DateTimeOffset? expires = null)
    {
        var view = new TokenView(Guid.NewGuid(), secret, project, role, DateTimeOffset.UnixEpoch, expires, null);
        await new RowWriter(_database).Put(
            "token/" + Credentials.HashOf(secret), JsonSerializer.SerializeToUtf8Bytes(new Row<TokenView>(view), ContractsJson.Default.RowTokenView), null);
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A response, read whole.</summary>
public sealed record Answer(int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>Path of what was created.</summary>
    public string Path => new Uri(this["Location"] ?? throw new InvalidOperationException($"No Location in {this}")).AbsolutePath;
}
