using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Api.Tests;

[Collection("cloud")]
public sealed class TlsTests(ApiFixture api)
{
    [Fact]
    public async Task A_renewed_certificate_is_shown_to_the_next_connection_and_a_broken_one_is_not()
    {
        using var renewed = await api.RenewCertificate();
        Assert.Equal(renewed.Thumbprint, await Shown());
        using var again = await api.RenewCertificate();
        Assert.Equal(again.Thumbprint, await Shown());
        await api.BreakCertificate();
        Assert.Equal(again.Thumbprint, await Shown());
    }

    [Fact]
    public async Task Urls_have_the_scheme_that_they_were_asked_by()
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } };
        using var client = new HttpClient(handler);
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.SecretOf("member"));
        using var content = new StringContent("Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"");
        using var created = await client.PostAsync(new Uri(api.TlsUrl, "/network/"), content);
        Assert.StartsWith(api.TlsUrl.GetLeftPart(UriPartial.Authority) + "/network/", created.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_issuers_in_the_file_are_sent_along()
    {
        using var leaf = await api.RenewCertificate(issued: true);
        Assert.NotEqual(leaf.Subject, leaf.Issuer);
        string[] sent = [];
        await Connect((certificate, chain) => sent = [.. chain.ChainPolicy.ExtraStore.Select(c => c.Subject)]);
        Assert.Contains(leaf.Issuer, sent);
    }

    private async Task<string> Shown()
    {
        var shown = "";
        await Connect((certificate, _) => shown = certificate.Thumbprint);
        return shown;
    }

    private async Task Connect(Action<X509Certificate2, X509Chain> look)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(api.TlsUrl.Host, api.TlsUrl.Port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, certificate, chain, _) =>
        {
            if (certificate is X509Certificate2 shown && chain is not null)
                look(shown, chain);
            return certificate is not null;
        });
        await tls.AuthenticateAsClientAsync("localhost");
    }
}
