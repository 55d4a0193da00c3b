using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Api.Tests.Cloud;
using Controller.Contracts.Cluster;
using Controller.Testing;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Controller.Api.Tests;

/// <summary>Two silos and an API that speak with each other over mutual TLS, and who may not take part.</summary>
public sealed class ClusterTlsTests
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    [Fact]
    public async Task Silos_and_an_API_work_over_mutual_TLS_and_others_are_shut_out()
    {
        await using var place = await Place.Make();
        place.MakeMember("cluster-api", ClusterTlsOptions.Api, ClientUse);
        place.MakeMember("host", Guid.NewGuid().ToString("D"), ClientUse);
        var ports = Free.Ports(2);
        await using var first = StartSilo(place, $"--Silo:GatewayPort={ports[0]}", $"--Silo:SiloPort={ports[1]}");
        await Eventually.Is("the first silo is active", async () => await ActiveSilos(place) == 1, TimeSpan.FromSeconds(90), () => first.Story);
        // It becomes active only once both have reached each other.
        await using var second = StartSilo(place, "--Silo:Name=silo-2");
        await Eventually.Is("both silos are active", async () => await ActiveSilos(place) == 2, TimeSpan.FromSeconds(90), () => second.Story);
        await using var api = await RunningApi.Start(place, "--ClusterTls:Enabled=true", $"--ClusterTls:Certificate={place.In("cluster-api.crt")}", $"--ClusterTls:Key={place.In("cluster-api.key")}");
        await Eventually.Is("the API is ready", api.IsReady);
        // Enough of them to be on either silo.
        for (var i = 0; i < 8; i++)
            Assert.Equal(201, (await RunningApi.Send(api.Url, "POST", "/network/", Network, place.AdminSecret)).Status);

        await using var plain = await RunningApi.Start(place);
        Assert.Equal(503, (await RunningApi.Send(plain.Url, "GET", "/network/", secret: place.AdminSecret)).Status);
        foreach (var port in ports)
        {
            Assert.True(await IsShutOut(port, certificate: null), $"port {port} lets in who shows no certificate");
            using var host = X509Certificate2.CreateFromPemFile(place.In("host.crt"), place.In("host.key"));
            Assert.True(await IsShutOut(port, host), $"port {port} lets in a host");
        }
        Assert.False(await plain.IsReady());
    }

    [Theory]
    [InlineData("controller-api", ClientUse, ClusterEnd.Client, null)]
    [InlineData("controller-api", ClientUse, ClusterEnd.Server, "not good for this end")]
    [InlineData("controller-silo", ServerUse, ClusterEnd.Server, null)]
    [InlineData("0e28f1a5-8b0a-4d5e-a5a4-8f3a4c1b8f11", ClientUse, ClusterEnd.Client, "was wanted, one of \"0e28f1a5")]
    public async Task A_member_has_a_members_name_and_its_certificate_is_for_that_end(string name, string use, ClusterEnd end, string? why)
    {
        await using var place = await Place.Make();
        place.MakeMember("member", name, use);
        var trust = new ClusterTrust([place.Authority], [ClusterTlsOptions.Silo, ClusterTlsOptions.Api], TimeProvider.System);
        using var certificate = X509Certificate2.CreateFromPemFile(place.In("member.crt"), place.In("member.key"));
        using var chain = new X509Chain { ChainPolicy = trust.PolicyFor(end) };
        var errors = chain.Build(certificate) ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateChainErrors;
        if (why is null)
            Assert.True(trust.Admit(certificate, chain, errors));
        else
            Assert.Contains(why, Assert.Throws<AuthenticationException>(() => trust.Admit(certificate, chain, errors)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "nothing was given")]
    [InlineData("ca.crt", "", "belong together")]
    [InlineData("nowhere.crt", "ca.key", "is not there")]
    [InlineData("ca.crt", "admin.token", "were wanted as PEM files")]
    public async Task A_wrong_setting_is_refused_at_start(string certificate, string key, string why)
    {
        await using var place = await Place.Make();
        string Setting(string name, string file) => $"--ClusterTls:{name}={(file.Length > 0 ? place.In(file) : "")}";
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningApi.Start(place, "--ClusterTls:Enabled=true", Setting("Certificate", certificate), Setting("Key", key)));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kubernetes_outside_of_Kubernetes_is_refused_at_start()
    {
        await using var place = await Place.Make();
        Assert.Contains("Silo:Kubernetes", Assert.Throws<InvalidOperationException>(() => Controller.Silo.SiloHost.Build([.. place.SiloSettings(), "--Silo:Kubernetes=true"])).Message, StringComparison.Ordinal);
    }

    private static ChildProcess StartSilo(Place place, params string[] settings) =>
        ChildProcess.Start("controller-silo.dll", [.. place.SiloSettings(), "--ClusterTls:Enabled=true", .. settings], new Dictionary<string, string>());

    private static async Task<long> ActiveSilos(Place place)
    {
        await using var database = NpgsqlDataSource.Create(place.Connection);
        await using var command = database.CreateCommand("SELECT count(*) FROM OrleansMembershipTable WHERE status = 3");
        try
        {
            return (long)(await command.ExecuteScalarAsync())!;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return 0;
        }
    }

    // In TLS 1.3 the caller has shaken hands before its certificate was looked at: the connection ends after that. A silo says nothing until it was spoken to.
    private static async Task<bool> IsShutOut(int port, X509Certificate2? certificate)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, shown, _, _) => shown is not null);
        // SslStream wants a key that it can find again.
        using var shown = certificate is null ? null : X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "silo", ClientCertificates = shown is null ? null : [shown] });
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            return await tls.ReadAsync(new byte[1], patience.Token) == 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or AuthenticationException or CryptographicException)
        {
            return true;
        }
    }
}
