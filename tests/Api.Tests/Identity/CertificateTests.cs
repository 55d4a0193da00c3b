using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Controller.Api.Identity.Certificates;
using Controller.Api.Tests.Cloud;
using Controller.Testing;
using CsCheck;
using Microsoft.Extensions.Options;

namespace Controller.Api.Tests.Identity;

/// <summary>Users known by a client certificate's subject: real TLS, real certificates.</summary>
[Collection("cloud")]
public sealed class CertificateTests(ApiFixture api) : IAsyncLifetime
{
    private const string Json = "application/json";
    private const string ForClients = "1.3.6.1.5.5.7.3.2", ForServers = "1.3.6.1.5.5.7.3.1";
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    private readonly string _directory = Directory.CreateTempSubdirectory("controller-users-").FullName;
    private readonly X509Certificate2 _authority = Authority("CN=users");
    private readonly List<IDisposable> _made = [];
    private RunningApi _its = null!;   // set by InitializeAsync

    private string File => Path.Combine(_directory, "users.pem");

    public async Task InitializeAsync()
    {
        // Another test may have left a broken one.
        (await api.RenewCertificate()).Dispose();
        await System.IO.File.WriteAllTextAsync(File, _authority.ExportCertificatePem());
        _its = await api.AnotherApi($"--Api:ClientAuthority={File}");
    }

    public async Task DisposeAsync()
    {
        await _its.DisposeAsync();
        _made.ForEach(m => m.Dispose());
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_certificate_is_its_user_until_the_mapping_the_user_or_the_role_is_gone()
    {
        var project = await api.AddProject("certified");
        await User("cara", project, "member");
        var cara = Client(Certificate("CN=cara, O=Example"));
        var unknown = await Send(cara, "GET", "/network/");
        Assert.Equal(401, unknown.Status);
        Assert.Contains("The client certificate of CN=cara, O=Example belongs to nobody here", unknown.Body, StringComparison.Ordinal);

        // Written as people write it, it is the same subject.
        var mapped = await Map("cara", """{"subject":"CN=cara,O=Example"}""");
        Assert.Equal((201, "CN=cara, O=Example"), (mapped.Status, mapped.Json.GetProperty("subject").GetString()));
        Assert.Equal(201, (await Send(cara, "POST", "/network/", Network)).Status);
        var session = (await Send(cara, "GET", "/auth/session")).Json;
        Assert.Equal(("cara", "local", project), (session.GetProperty("user").GetProperty("name").GetString(), session.GetProperty("user").GetProperty("kind").GetString(), session.GetProperty("project").GetProperty("name").GetString()));
        Assert.Equal(403, (await Send(cara, "GET", "/admin/users")).Status);
        Assert.Equal(409, (await Map("cara", """{"subject":"CN=cara, O=Example"}""")).Status);
        await Eventually.Is("the audit log knows her", async () => (await api.Send("GET", "/admin/audit?user=cara", caller: "admin")).Json.GetProperty("entries").GetArrayLength() > 0);

        // On the connection that is open all the while.
        Assert.Equal(200, (await Admin("PUT", "/admin/users/cara/roles", $$"""{"project":"{{project}}","role":"reader"}""")).Status);
        Assert.Equal((403, 200), ((await Send(cara, "POST", "/network/", Network)).Status, (await Send(cara, "GET", "/network/")).Status));
        Assert.Equal(200, (await Admin("PATCH", "/admin/users/cara", """{"disabled":true}""")).Status);
        Assert.Equal(401, (await Send(cara, "GET", "/network/")).Status);
        Assert.Equal(200, (await Admin("PATCH", "/admin/users/cara", """{"disabled":false}""")).Status);
        Assert.Equal(200, (await Send(cara, "GET", "/network/")).Status);
        Assert.NotEqual(JsonValueKind.Null, (await Admin("GET", "/admin/users/cara/certificates")).Json[0].GetProperty("lastUsed").ValueKind);
        var id = mapped.Json.GetProperty("id").GetString();
        Assert.Equal(404, (await Admin("DELETE", $"/admin/users/cara/certificates/{Guid.NewGuid()}")).Status);
        Assert.Equal(200, (await Admin("DELETE", $"/admin/users/cara/certificates/{id}")).Status);
        Assert.Equal(401, (await Send(cara, "GET", "/network/")).Status);
        Assert.Equal(201, (await Map("cara", """{"subject":"CN=cara, O=Example"}""")).Status);
        Assert.Equal(200, (await Send(cara, "GET", "/network/")).Status);
        Assert.Equal(200, (await Admin("DELETE", "/admin/users/cara")).Status);
        Assert.Equal(401, (await Send(cara, "GET", "/network/")).Status);
    }

    [Fact]
    public async Task What_is_removed_through_one_api_opens_nothing_through_the_others_soon()
    {
        await User("carl", "default", "reader");
        var mapped = await Map("carl", """{"subject":"CN=carl"}""");
        var carl = Client(Certificate("CN=carl"));
        Assert.Equal(200, (await Send(carl, "GET", "/network/")).Status);
        Assert.Equal(200, (await api.Send("DELETE", $"/admin/users/carl/certificates/{mapped.Json.GetProperty("id").GetString()}", caller: "admin")).Status);
        await Eventually.Is("it opens nothing", async () => (await Send(carl, "GET", "/network/")).Status == 401, TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task Only_the_authority_for_users_is_taken_and_only_what_it_signed_for_clients_now()
    {
        await User("cleo-c", "default", "member");
        Assert.Equal(201, (await Map("cleo-c", """{"subject":"CN=cleo-c"}""")).Status);
        Assert.Equal(200, (await Send(Client(Certificate("CN=cleo-c")), "GET", "/network/")).Status);
        using var other = Authority("CN=users");
        using var between = Issue(other, "CN=between", null, isAuthority: true);
        var now = TimeProvider.System.GetUtcNow();
        (string Why, X509Certificate2 Certificate)[] bad =
        [
            ("no authority of Api:ClientAuthority has signed it", Keep(Issue(other, "CN=cleo-c", ForClients))),
            ("no authority of Api:ClientAuthority has signed it", Keep(SelfSigned("CN=cleo-c"))),
            ("it is not for clients", Certificate("CN=cleo-c", ForServers)),
            ("it is valid from", Certificate("CN=cleo-c", from: now.AddDays(-3), to: now.AddDays(-2))),
            ("it is valid from", Certificate("CN=cleo-c", from: now.AddHours(2), to: now.AddDays(2))),
            ("no authority of Api:ClientAuthority has signed it", Keep(Issue(between, "CN=cleo-c", ForClients))),
        ];
        foreach (var (why, certificate) in bad)
        {
            var client = Client(certificate);
            var refused = await Send(client, "GET", "/network/");
            Assert.Equal(401, refused.Status);
            Assert.Contains(why, refused.Body, StringComparison.Ordinal);
            // Whoever has a token needs no certificate that is good.
            Assert.Equal(200, (await Send(client, "GET", "/network/", headers: ("Authorization", "Bearer " + api.SecretOf("member")))).Status);
        }
        // Nor any: the listener asks for one, and does not insist.
        Assert.Equal(401, (await Send(Client(null), "GET", "/network/")).Status);
        Assert.Equal(200, (await Send(Client(null), "GET", "/network/", headers: ("Authorization", "Bearer " + api.SecretOf("member")))).Status);
        // A host is no user, whatever it is called: another authority signs hosts.
        Assert.Equal(401, (await Send(Client(Certificate("CN=cleo-c")), "GET", "/network/", headers: ("Authorization", "Bearer garbage"))).Status);
        // Where nobody asks for certificates they say nothing.
        Assert.Equal(401, (await Send(Client(Certificate("CN=cleo-c")), "GET", "/network/", at: api.TlsUrl)).Status);
        Assert.Equal(409, (await api.Send("POST", "/admin/users/cleo-c/certificates", """{"subject":"CN=x"}""", "admin", contentType: Json)).Status);
    }

    /// <summary>A key that was stolen: the subject goes on with another certificate.</summary>
    [Fact]
    public async Task A_pinned_certificate_is_the_only_one_of_its_subject()
    {
        Assert.Equal(201, (await Admin("POST", "/admin/users", """{"name":"cert-robot","kind":"service"}""")).Status);
        Assert.Equal(200, (await Admin("PUT", "/admin/users/cert-robot/roles", """{"project":"default","role":"member"}""")).Status);
        var (stolen, kept) = (Certificate("CN=robot, OU=ci"), Certificate("CN=robot, OU=ci"));
        var mapped = await Map("cert-robot", JsonSerializer.Serialize(new { certificate = kept.ExportCertificatePem(), pin = true }));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(kept.RawData)), mapped.Json.GetProperty("fingerprint").GetString());
        Assert.Equal((200, 401), ((await Send(Client(kept), "GET", "/network/")).Status, (await Send(Client(stolen), "GET", "/network/")).Status));
        foreach (var bad in (string[])["{}", """{"subject":"no name"}""", """{"subject":"CN=a","pin":true}""", """{"subject":"CN=a","certificate":"x"}""", """{"certificate":"x"}""", """{"subject":""}"""])
            Assert.Equal((bad, 400), (bad, (await Map("cert-robot", bad)).Status));
        Assert.Equal(404, (await Map("nobody-at-all", """{"subject":"CN=a"}""")).Status);
    }

    /// <summary>A browser shows its certificate with whatever it sends, whoever's page had it sent.</summary>
    [Fact]
    public async Task A_page_of_another_site_changes_nothing_with_the_browsers_certificate()
    {
        await User("coco", "default", "member");
        Assert.Equal(201, (await Map("coco", """{"subject":"CN=coco"}""")).Status);
        var coco = Client(Certificate("CN=coco"));
        var own = _its.TlsUrl.GetLeftPart(UriPartial.Authority);
        foreach (var (header, value, status) in ((string, string, int)[])[
            ("Origin", "https://evil.example", 403), ("Origin", "null", 403), ("Sec-Fetch-Site", "cross-site", 403), ("Sec-Fetch-Site", "same-site", 403), ("Origin", own, 201), ("Sec-Fetch-Site", "same-origin", 201), ("Accept", "text/plain", 201)])
            Assert.Equal((header, value, status), (header, value, (await Send(coco, "POST", "/network/", Network, headers: (header, value))).Status));
        Assert.Equal(200, (await Send(coco, "GET", "/network/", headers: ("Origin", "https://evil.example"))).Status);
    }

    /// <summary>The program itself, against a server whose certificate it is told to take.</summary>
    [Fact]
    public async Task The_command_line_shows_a_certificate()
    {
        await User("cori", "default", "member");
        var (certificate, pem) = (Certificate("CN=cori"), Path.Combine(_directory, "cori.pem"));
        await System.IO.File.WriteAllTextAsync(pem, certificate.ExportCertificatePem() + "\n" + certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        using var server = await api.RenewCertificate(forLocalhost: true);
        var ca = Path.Combine(_directory, "server.pem");
        await System.IO.File.WriteAllTextAsync(ca, server.ExportCertificatePem());
        using var line = new CommandLine();
        line["CONTROLLER_ENDPOINT"] = _its.Url.ToString();
        line["CONTROLLER_TOKEN"] = api.SecretOf("admin");
        var added = await line.Run("", "user", "certificate", "add", "cori", "--file", pem, "--pin");
        Assert.Matches("CN=cori +one only", added.Output);

        line["CONTROLLER_ENDPOINT"] = _its.TlsUrl.ToString().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        line["CONTROLLER_TOKEN"] = "";
        line["CONTROLLER_CERT"] = pem;
        var untrusted = await line.Try("", "whoami");
        Assert.Contains("next: give the file with the authority of its certificate with --ca", untrusted.Errors, StringComparison.Ordinal);
        Assert.Matches("NAME +cori", (await line.Run("", "whoami", "--ca", ca)).Output);
        await line.Run("", "occi", "create", "network", "--title", "by-cori", "--ca", ca);
        Assert.Contains("a certificate is shown over https alone", (await line.Try("", "whoami", "--endpoint", _its.Url.ToString())).Errors, StringComparison.Ordinal);
        Assert.Contains("a certificate and its private key in PEM", (await line.Try("", "whoami", "--cert", ca, "--ca", ca)).Errors, StringComparison.Ordinal);
        line["CONTROLLER_CERT"] = "";
        Assert.Contains("--cert-key is the key of --cert", (await line.Try("", "whoami", "--cert-key", pem)).Errors, StringComparison.Ordinal);

        // What "login" was given is remembered, wherever the command is given that needs it.
        line["CONTROLLER_ENDPOINT"] = "";
        var url = _its.TlsUrl.ToString().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        Assert.Contains("next: give the file with the authority of its certificate with --ca", (await line.Try("", "login", url, "--cert", pem)).Errors, StringComparison.Ordinal);
        Assert.Contains("a certificate is shown over https alone", (await line.Try("", "login", _its.Url.ToString(), "--cert", pem)).Errors, StringComparison.Ordinal);
        var stranger = Path.Combine(_directory, "stranger.pem");
        await System.IO.File.WriteAllTextAsync(stranger, Certificate("CN=stranger") is var other ? other.ExportCertificatePem() + "\n" + other.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() : "");
        Assert.Contains("The client certificate of CN=stranger belongs to nobody here", (await line.Try("", "login", url, "--cert", stranger, "--ca", ca)).Errors, StringComparison.Ordinal);
        var home = Path.GetRelativePath(line.Home, pem);
        Assert.Contains("as cori, kept as profile hers", (await line.Run("", "login", url, "--cert", home, "--ca", ca, "--as", "hers")).Errors, StringComparison.Ordinal);
        Assert.Matches("NAME +cori", (await line.Run("", "whoami")).Output);
        await line.Run("", "occi", "list", "network");
        Assert.Matches($@"\* +hers +https://localhost:\d+ +{pem} +{ca}\n", (await line.Run("", "profile", "list", "-o", "wide")).Output);
        // A certificate that is given instead is shown, with its own key; a token is the token's.
        Assert.Contains("CN=stranger", (await line.Try("", "occi", "list", "network", "--cert", stranger)).Errors, StringComparison.Ordinal);
        await line.Run(api.SecretOf("admin"), "login", url, "--with-token", "--ca", ca, "--as", "root");
        Assert.Contains("cori", (await line.Run("", "user", "list")).Output, StringComparison.Ordinal);
        Assert.Contains("CN=stranger", (await line.Try("", "user", "list", "--cert", stranger)).Errors, StringComparison.Ordinal);
        await line.Run("", "logout");
        System.IO.File.Move(pem, pem + ".away");
        Assert.Contains($"--cert-key) was wanted, and {pem} is none", (await line.Try("", "whoami", "--profile", "hers")).Errors, StringComparison.Ordinal);

        line["CONTROLLER_ENDPOINT"] = _its.Url.ToString();
        line["CONTROLLER_TOKEN"] = api.SecretOf("admin");
        var id = JsonDocument.Parse((await line.Run("", "user", "certificate", "list", "cori", "-o", "json")).Output).RootElement[0].GetProperty("id").GetString()!;
        await line.Run("", "user", "certificate", "remove", "cori", id);
        Assert.Equal("[]\n", (await line.Run("", "user", "certificate", "list", "cori", "-o", "yaml")).Output);
    }

    [Fact]
    public async Task Another_file_of_authorities_counts_at_once_and_a_broken_one_does_not()
    {
        await User("cyd", "default", "reader");
        Assert.Equal(201, (await Map("cyd", """{"subject":"CN=cyd"}""")).Status);
        var old = Client(Certificate("CN=cyd"));
        Assert.Equal(200, (await Send(old, "GET", "/network/")).Status);
        await System.IO.File.WriteAllTextAsync(File, "no certificate");
        System.IO.File.SetLastWriteTimeUtc(File, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1));
        Assert.Equal(200, (await Send(old, "GET", "/network/")).Status);
        using var newer = Authority("CN=users, O=newer");
        await System.IO.File.WriteAllTextAsync(File, newer.ExportCertificatePem());
        System.IO.File.SetLastWriteTimeUtc(File, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2));
        Assert.Equal((401, 200), ((await Send(old, "GET", "/network/")).Status, (await Send(Client(Keep(Issue(newer, "CN=cyd", ForClients))), "GET", "/network/")).Status));
    }

    /// <summary>By lists in PEM and in DER, which count as soon as they are there.</summary>
    [Fact]
    public async Task Who_is_revoked_is_told_so_and_when()
    {
        var now = TimeProvider.System.GetUtcNow();
        var revoked = now.AddMinutes(-1);
        var file = Path.Combine(_directory, "revoked.crl");
        using var other = Authority("CN=users, O=other");
        using var stranger = Authority("CN=users, O=stranger");
        await System.IO.File.WriteAllTextAsync(File, _authority.ExportCertificatePem() + "\n" + other.ExportCertificatePem());
        var step = 0;
        await Publish(List(_authority, now));
        await using var its = await api.AnotherApi($"--Api:ClientAuthority={File}", $"--Api:ClientRevocations={file}");
        await User("cass", "default", "reader");
        Assert.Equal(201, (await api.SendTo(its.Url, "POST", "/admin/users/cass/certificates", """{"subject":"CN=cass"}""", "admin", contentType: Json)).Status);
        var (certificate, again, others) = (Certificate("CN=cass"), Certificate("CN=cass"), Keep(Issue(other, "CN=cass", ForClients)));
        var (cass, anew, elsewhere) = (Client(certificate), Client(again), Client(others));
        foreach (var client in (HttpClient[])[cass, anew, elsewhere])
            Assert.Equal(200, (await Send(client, "GET", "/network/", at: its.TlsUrl)).Status);

        // On connections that are open all the while; of one authority's list nothing follows for another's certificate of that number.
        await Publish(List(_authority, now, certificate, others));
        await IsRefused(cass, $"of CN=cass is not taken: CN=cass was revoked at {revoked:u}.");
        foreach (var client in (HttpClient[])[anew, elsewhere])
            Assert.Equal(200, (await Send(client, "GET", "/network/", at: its.TlsUrl)).Status);
        Assert.Equal(200, (await Send(cass, "GET", "/network/", at: its.TlsUrl, headers: ("Authorization", "Bearer " + api.SecretOf("member")))).Status);

        // What can't be read, or says that it is no whole list, changes nothing; several lists in PEM count all.
        foreach (var bad in (byte[][])[[], Encoding.ASCII.GetBytes(_authority.ExportCertificatePem()), [0x30, 0x03, 1, 2], [.. List(_authority, now).AsSpan(0, 60)]])
        {
            await Publish(bad);
            await IsRefused(cass, "was revoked");
        }
        await Publish(Encoding.ASCII.GetBytes($"{Pem(List(_authority, now, again))}\n{Pem(List(other, now, others))}"));
        Assert.Equal(200, (await Send(cass, "GET", "/network/", at: its.TlsUrl)).Status);
        await IsRefused(anew, "was revoked");
        await IsRefused(elsewhere, "was revoked");

        // Not its authority's word: another's, of its own name, and one that only has that name.
        using var impostor = Authority("CN=users");
        foreach (var by in (X509Certificate2[])[stranger, impostor])
        {
            await Publish(List(by, now, certificate));
            Assert.Equal(200, (await Send(cass, "GET", "/network/", at: its.TlsUrl)).Status);
        }

        // One that has ended, or has not begun, says nothing of who was revoked since: nobody of that authority is taken then.
        await Publish(List(_authority, now.AddDays(-9)));
        await IsRefused(cass, $"the revocation list of CN=users is good from {now.AddDays(-9):u} to {now.AddDays(-2):u}: another one is needed");
        Assert.Equal(200, (await Send(elsewhere, "GET", "/network/", at: its.TlsUrl)).Status);
        await Publish(List(_authority, now.AddDays(1)));
        await IsRefused(cass, "another one is needed");

        byte[] List(X509Certificate2 by, DateTimeOffset from, params X509Certificate2[] bad)
        {
            var builder = new CertificateRevocationListBuilder();
            foreach (var one in bad)
                builder.AddEntry(one, revoked, X509RevocationReason.KeyCompromise);
            return builder.Build(by, ++step, from.AddDays(7), HashAlgorithmName.SHA256, thisUpdate: from);
        }

        static string Pem(byte[] list) => PemEncoding.WriteString("X509 CRL", list);

        async Task Publish(byte[] content)
        {
            await System.IO.File.WriteAllBytesAsync(file, content);
            System.IO.File.SetLastWriteTimeUtc(file, now.UtcDateTime.AddSeconds(++step));
        }

        async Task IsRefused(HttpClient client, string why)
        {
            var refused = await Send(client, "GET", "/network/", at: its.TlsUrl);
            Assert.Equal(401, refused.Status);
            Assert.Contains(why, refused.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Lists_that_say_nothing_of_users_are_refused_at_start()
    {
        using var stranger = Authority("CN=users, O=stranger");
        var now = TimeProvider.System.GetUtcNow();
        var (whole, part) = (new CertificateRevocationListBuilder(), new CertificateRevocationListBuilder());
        var lists = new (string Name, byte[] Content, string Why)[]
        {
            ("stranger", whole.Build(stranger, 1, now.AddDays(1), HashAlgorithmName.SHA256), "that of CN=users, O=stranger in"),
            ("empty", [], "it has no revocation list, neither in DER nor in PEM"), ("garbage", [0x30, 0x80, 1], "it has no revocation list in DER"),
            ("pem", Encoding.ASCII.GetBytes(_authority.ExportCertificatePem()), "only parts called X509 CRL were wanted, and there is a CERTIFICATE"),
        };
        foreach (var (name, content, why) in lists)
        {
            var file = Path.Combine(_directory, name);
            await System.IO.File.WriteAllBytesAsync(file, content);
            Assert.Contains(why, (await Assert.ThrowsAsync<OptionsValidationException>(() => api.AnotherApi($"--Api:ClientAuthority={File}", $"--Api:ClientRevocations={file}"))).Message, StringComparison.Ordinal);
        }
        Assert.Contains("can't be read", (await Assert.ThrowsAsync<OptionsValidationException>(() => api.AnotherApi($"--Api:ClientAuthority={File}", "--Api:ClientRevocations=nowhere"))).Message, StringComparison.Ordinal);
        Assert.Contains("needs Api:ClientAuthority", (await Assert.ThrowsAsync<OptionsValidationException>(() => api.AnotherApi($"--Api:ClientRevocations={File}"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_openssl_has_made_says_the_same()
    {
        using var authority = X509Certificate2.CreateFromPem(MadeByOpenssl.Authority);
        using var user = X509Certificate2.CreateFromPem(MadeByOpenssl.User);
        var list = RevocationList.Read(Encoding.ASCII.GetBytes(MadeByOpenssl.List)).Single();
        var made = new DateTimeOffset(2026, 11, 30, 15, 24, 52, TimeSpan.Zero);
        Assert.Equal((true, false, made, made.AddDays(30), "CN=users, O=Example"), (list.IsOf(authority), list.IsOf(_authority), list.From, list.Until, list.Issuer));
        Assert.Equal((made, null), (list.Revoked(user), list.Revoked(authority)));
    }

    /// <summary>Changes to a list, and lists of some certificates alone, name too few: such a one says so by a critical extension.</summary>
    [Fact]
    public void A_list_that_is_not_whole_is_not_taken()
    {
        var now = TimeProvider.System.GetUtcNow();
        var list = new CertificateRevocationListBuilder().Build(_authority, 1, now.AddDays(1), HashAlgorithmName.SHA256);
        Assert.True(RevocationList.Read(list)[0].IsOf(_authority));
        Assert.Contains("critical extension 2.5.29.27", Assert.Throws<CryptographicException>(() => RevocationList.Read(Critical())).Message, StringComparison.Ordinal);

        // A delta CRL, put together by hand.
        byte[] Critical()
        {
            var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
            void Algorithm()
            {
                using (writer.PushSequence())
                    writer.WriteObjectIdentifier("1.2.840.10045.4.3.2");
            }
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                {
                    writer.WriteInteger(1);
                    Algorithm();
                    writer.WriteEncodedValue(_authority.SubjectName.RawData);
                    writer.WriteUtcTime(now);
                    writer.WriteUtcTime(now.AddDays(1));
                    using (writer.PushSequence(new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 0)))
                    using (writer.PushSequence())
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier("2.5.29.27");
                        writer.WriteBoolean(true);
                        writer.WriteOctetString([2, 1, 1]);
                    }
                }
                Algorithm();
                writer.WriteBitString([1, 2, 3]);
            }
            return writer.Encode();
        }
    }

    [Fact]
    public async Task The_authority_of_hosts_is_not_that_of_users()
    {
        var (hosts, empty) = (Path.Combine(_directory, "hosts.pem"), Path.Combine(_directory, "empty.pem"));
        using var cluster = X509CertificateLoader.LoadCertificate(api.AuthorityCertificate);
        await System.IO.File.WriteAllTextAsync(hosts, _authority.ExportCertificatePem() + "\n" + cluster.ExportCertificatePem());
        await System.IO.File.WriteAllTextAsync(empty, "nothing");
        foreach (var (file, why) in ((string, string)[])[(hosts, "must not have the cluster's own authority"), (empty, "has none"), (Path.Combine(_directory, "nowhere"), "can't be read")])
            Assert.Contains(why, (await Assert.ThrowsAsync<OptionsValidationException>(() => api.AnotherApi($"--Api:ClientAuthority={file}"))).Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever stands in a subject's parts, it is no other subject's text; and the text names the subject again.</summary>
    [Fact]
    public void Other_subjects_have_other_texts()
    {
        var part = Gen.OneOf(Gen.Char["aB ,=+\"\\<>;#/\u00e9"].Array[1, 6].Select(c => new string(c)), Gen.OneOfConst("x, CN=admin", "admin", "admin\" , O=\"x", " admin", "admin ", "#0405"));
        Gen.Select(part, part, part, part).Sample((a, b, c, d) =>
        {
            var (one, other) = (Name(a, b), Name(c, d));
            Assert.Equal((a, b) == (c, d), one.Name == other.Name);
            Assert.True(CertificateSubject.TryParse(one.Name, out var again), one.Name);
            Assert.Equal(one.Name, again);
        }, iter: 20_000);

        static X500DistinguishedName Name(string organization, string common)
        {
            var builder = new X500DistinguishedNameBuilder();
            builder.AddCommonName(common);
            builder.AddOrganizationName(organization);
            return builder.Build();
        }
    }

    private async Task User(string name, string project, string role)
    {
        Assert.Equal(201, (await Admin("POST", "/admin/users", $$"""{"name":"{{name}}"}""")).Status);
        Assert.Equal(200, (await Admin("PUT", $"/admin/users/{name}/roles", $$"""{"project":"{{project}}","role":"{{role}}"}""")).Status);
    }

    private Task<Answer> Map(string user, string body) => Admin("POST", $"/admin/users/{user}/certificates", body);

    private Task<Answer> Admin(string method, string path, string? body = null) => api.SendTo(_its.Url, method, path, body, "admin", contentType: body is null ? null : Json);

    private async Task<Answer> Send(HttpClient client, string method, string path, string? body = null, Uri? at = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(at ?? _its.TlsUrl, path)) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "text/plain") };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await client.SendAsync(request);
        return new((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    private HttpClient Client(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null } };
        if (certificate is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        var client = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version11 };
        _made.Add(client);
        return client;
    }

    private X509Certificate2 Certificate(string subject, string use = ForClients, DateTimeOffset? from = null, DateTimeOffset? to = null) => Keep(Issue(_authority, subject, use, from, to));

    private T Keep<T>(T one)
        where T : IDisposable
    {
        _made.Add(one);
        return one;
    }

    private static X509Certificate2 Authority(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-10), TimeProvider.System.GetUtcNow().AddYears(1));
    }

    private static X509Certificate2 SelfSigned(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 by, string subject, string? use, DateTimeOffset? from = null, DateTimeOffset? to = null, bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (use is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(use)], false));
        if (isAuthority)
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(by, from ?? now.AddMinutes(-1), to ?? now.AddDays(30), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
