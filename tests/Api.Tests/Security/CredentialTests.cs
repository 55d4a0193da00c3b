using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Agent.Enrolment;
using Controller.Agent.Protocol;
using Controller.Agent.Session;
using Controller.Testing;
using Google.Protobuf;
using Grpc.Core;

namespace Controller.Api.Tests.Security;

/// <summary>Credentials end when they are taken back: join tokens, hosts' certificates, API tokens. Against the gateway and the API themselves.</summary>
[Collection("cloud")]
public sealed class CredentialTests(ApiFixture api)
{
    [Fact]
    public async Task A_join_token_is_listed_without_its_secret_and_opens_nothing_once_it_is_revoked()
    {
        var (token, id) = await NewToken();
        var listed = (await api.Send("GET", "/admin/hosts/join-tokens", caller: "operator")).Body;
        Assert.Contains(id, listed, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, listed, StringComparison.Ordinal);
        Assert.Equal("open", await State(id));
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/join-tokens/" + id, caller: "operator")).Status);
        Assert.Equal("revoked", await State(id));
        var refused = await Assert.ThrowsAsync<RpcException>(() => Join(token));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Contains("revoked", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(404, (await api.Send("DELETE", "/admin/hosts/join-tokens/" + Guid.NewGuid(), caller: "operator")).Status);
        Assert.Equal(403, (await api.Send("GET", "/admin/hosts/join-tokens", caller: "member")).Status);

        // A used one is not to be used again, and what it was used for is seen.
        var (another, itsId) = await NewToken();
        using var host = await Join(another);
        Assert.Equal("used", await State(itsId));
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => Join(another))).StatusCode);
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + host.Identity.HostId, caller: "admin")).Status);
    }

    [Fact]
    public async Task A_removed_hosts_certificate_is_refused_at_once_and_its_open_stream_ends()
    {
        var (token, _) = await NewToken();
        using var host = await Join(token);
        using var call = await Session(host, host.Identity);
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + host.Identity.HostId, caller: "admin")).Status);

        // The stream that is open says so and ends, and whatever is asked with the certificate is refused.
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            ;
        await IsRefused(host, host.Identity);
    }

    [Fact]
    public async Task A_join_is_answered_again_until_the_host_has_connected_and_never_once_it_was_removed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (token, _) = await NewToken();
        using var host = await Join(token, key);
        using var again = await Join(token, key);   // the answer was lost
        Assert.Equal(host.Identity.HostId, again.Identity.HostId);
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + host.Identity.HostId, caller: "admin")).Status);
        await IsRefusedToJoin(token, key);
        await IsRefused(host, host.Identity);

        var (used, _) = await NewToken();
        using var connected = await Join(used, key);
        using (await Session(connected, connected.Identity))
            await IsRefusedToJoin(used, key);
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + connected.Identity.HostId, caller: "admin")).Status);
        await IsRefusedToJoin(used, key);
        Assert.Equal(404, (await api.Send("GET", "/admin/hosts/" + connected.Identity.HostId, caller: "admin")).Status);
    }

    [Fact]
    public async Task A_replaced_certificate_is_good_until_the_new_one_was_used_and_never_again()
    {
        var (token, _) = await NewToken();
        using var host = await Join(token);
        var old = host.Identity;
        HostIdentity renewed = old;
        // Certificates know the second that they were issued in.
        await Eventually.Is("the new one is newer", async () => (renewed = await Renew(host, old)).Certificate.NotBefore > old.Certificate.NotBefore);
        // The answer might have been lost: the old one is good until then.
        using (await Session(host, old))
        {
        }
        using (await Session(host, renewed))
        {
        }
        await IsRefused(host, old);
        using (await Session(host, renewed))
        {
        }
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + old.HostId, caller: "admin")).Status);
    }

    [Fact]
    public async Task Certificates_of_another_authority_or_another_host_are_refused()
    {
        var (token, _) = await NewToken();
        using var host = await Join(token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host.Identity.HostId}", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var forged = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var gateway = new GatewayConnection(token.Endpoints[0], Trust.Tls(host.Identity.Authority, forged));
        await Assert.ThrowsAsync<RpcException>(() => gateway.Client.RenewAsync(new() { Csr = Csr(key) }).ResponseAsync);

        // A host speaks for itself alone.
        using var own = new GatewayConnection(token.Endpoints[0], Trust.Tls(host.Identity.Authority, host.Identity.Certificate));
        using var call = own.Client.Session();
        await call.RequestStream.WriteAsync(new() { Hello = new() { HostId = Guid.NewGuid().ToString(), Capabilities = new() } });
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + host.Identity.HostId, caller: "admin")).Status);
    }

    private sealed record Joined(string Endpoint, HostIdentity Identity) : IDisposable
    {
        public void Dispose() => Identity.Certificate.Dispose();
    }

    private async Task<(JoinToken Token, string Id)> NewToken()
    {
        var made = await api.Send("POST", "/admin/hosts/join-tokens", "{}", "operator", contentType: "application/json");
        Assert.Equal(201, made.Status);
        return (JoinToken.Parse(made.Json.GetProperty("token").GetString()!), made.Json.GetProperty("id").GetString()!);
    }

    private async Task<string?> State(string id) => (await api.Send("GET", "/admin/hosts/join-tokens", caller: "operator")).Json.EnumerateArray()
        .Single(t => t.GetProperty("id").GetString() == id).GetProperty("state").GetString();

    [Fact]
    public async Task A_host_that_lies_of_a_machine_that_is_to_be_adopted_gets_nothing_of_other_projects()
    {
        var (machine, incarnation) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        var network = await Made("/network/", "network", "");
        var storage = await Made("/storage/", "storage", ",\"attributes\":{\"occi\":{\"storage\":{\"size\":1}}}");
        var (token, _) = await NewToken();
        using var host = await Join(token);
        var (call, epoch) = await Open(host, host.Identity, "existing");
        using var ends = call;
        await call.RequestStream.WriteAsync(new()
        {
            Observed = new() { Epoch = epoch, Complete = true, Driver = new() { Healthy = true }, Machines = { new ObservedMachine { Id = machine, Incarnation = incarnation, Power = Power.Running, Sequence = 1 } } },
        });
        await Eventually.Is("it is listed", async () => (await api.Send("GET", "/admin/hosts/" + host.Identity.HostId, caller: "admin")).Body.Contains(machine, StringComparison.Ordinal));

        await IsRefused(d => d.Id = Guid.NewGuid().ToString(), "was asked for");
        await IsRefused(d => d.Incarnation = Guid.NewGuid().ToString(), "was asked for");
        await IsRefused(d => d.Machine.Cores = uint.MaxValue, "occi.compute.cores");
        await IsRefused(d => d.Machine.Cores = 100_000, "at most 4096 cores");
        await IsRefused(d => d.Machine.MemoryBytes = ulong.MaxValue, "its memory");
        await IsRefused(d => d.Machine.Image = new() { Sha256 = "../../etc/passwd", Format = "raw", SizeBytes = 1 }, "digest");
        await IsRefused(d => d.Machine.Hostname = "a b", "occi.compute.hostname");
        await IsRefused(d => d.Machine.Nics.Add(new Nic { LinkId = Guid.NewGuid().ToString(), NetworkId = network, Mac = "none" }), "occi.networkinterface.mac");
        await IsRefused(d => d.Machine.Nics.Add(new Nic { LinkId = Guid.NewGuid().ToString(), NetworkId = network, Mac = "52:54:00:00:00:01" }), "another project's");
        await IsRefused(d => d.Machine.Disks.Add(new Disk { LinkId = Guid.NewGuid().ToString(), VolumeId = storage }), "is there already", new DesiredObject
        {
            Id = storage, Incarnation = Guid.NewGuid().ToString(), Generation = 1, Kind = ObjectKind.ObjectVolume, Volume = new() { Name = "theirs", SizeBytes = 1 << 30 },
        });
        Assert.Equal(404, (await api.Send("GET", "/compute/" + machine, caller: "admin")).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/admin/hosts/" + host.Identity.HostId, caller: "admin")).Status);

        async Task IsRefused(Action<DesiredObject> lie, string why, params DesiredObject[] volumes)
        {
            var said = new DesiredObject
            {
                Id = machine, Incarnation = incarnation, Generation = 1, Kind = ObjectKind.ObjectMachine, Machine = new() { Name = "web", Cores = 1, MemoryBytes = 1 << 30, Architecture = "x64" },
            };
            lie(said);
            var asked = api.Send("POST", $"/admin/hosts/{host.Identity.HostId}/adopt", $$"""{"machine":"{{machine}}","project":"{{Default}}"}""", "admin", contentType: "application/json");
            do
                Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            while (call.ResponseStream.Current.Describe is null);
            await call.RequestStream.WriteAsync(new() { Described = new() { RequestId = call.ResponseStream.Current.Describe.RequestId, Objects = { said, volumes } } });
            var refused = await asked;
            Assert.Equal(409, refused.Status);
            Assert.Contains(why, refused.Body, StringComparison.Ordinal);
        }
    }

    private const string Default = "00000000-0000-4000-8000-000000000001";

    /// <summary>Its id; of another project than the default one.</summary>
    private async Task<string> Made(string at, string term, string more)
    {
        var made = await api.Send("POST", at, $"{{\"kind\":\"http://schemas.ogf.org/occi/infrastructure#{term}\"{more}}}", "stranger", contentType: "application/occi+json");
        Assert.True(made.Status == 201, made.Body);
        return made.Path[(made.Path.LastIndexOf('/') + 1)..];
    }

    private static async Task IsRefusedToJoin(JoinToken token, ECDsa key)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => Join(token, key));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Contains("used already", refused.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<Joined> Join(JoinToken token)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return await Join(token, key);
    }

    private static async Task<Joined> Join(JoinToken token, ECDsa key)
    {
        using var anybody = new GatewayConnection(token.Endpoints[0], Trust.Unverified());
        using var authority = X509CertificateLoader.LoadCertificate((await anybody.Client.AuthorityAsync(new())).Ca.ToByteArray());
        Assert.True(Trust.HasFingerprint(authority.RawData, token.Fingerprint));
        using var gateway = new GatewayConnection(token.Endpoints[0], Trust.Tls(authority, client: null));
        var answer = await gateway.Client.JoinAsync(new() { Secret = token.Secret, Csr = Csr(key), Name = "a host of the test" });
        return new(token.Endpoints[0], HostIdentity.From(key, answer.Certificate.ToByteArray(), authority.RawData));
    }

    private static async Task<HostIdentity> Renew(Joined host, HostIdentity by)
    {
        using var gateway = new GatewayConnection(host.Endpoint, Trust.Tls(by.Authority, by.Certificate));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await gateway.Client.RenewAsync(new() { Csr = Csr(key) });
        return HostIdentity.From(key, answer.Certificate.ToByteArray(), by.Authority.RawData);
    }

    /// <summary>A session that is welcome.</summary>
    private static async Task<AsyncDuplexStreamingCall<FromAgent, ToAgent>> Session(Joined host, HostIdentity by) => (await Open(host, by)).Call;

    private static async Task<(AsyncDuplexStreamingCall<FromAgent, ToAgent> Call, ulong Epoch)> Open(Joined host, HostIdentity by, params string[] features)
    {
        var gateway = new GatewayConnection(host.Endpoint, Trust.Tls(by.Authority, by.Certificate));
        var call = gateway.Client.Session();
        await call.RequestStream.WriteAsync(new() { Hello = new() { HostId = by.HostId, BootId = "boot", Name = "a host of the test", Capabilities = new() { Driver = "simulated", Features = { features } } } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.NotNull(call.ResponseStream.Current.Welcome);
        return (call, call.ResponseStream.Current.Welcome.Epoch);
    }

    private static async Task IsRefused(Joined host, HostIdentity by)
    {
        using var gateway = new GatewayConnection(host.Endpoint, Trust.Tls(by.Authority, by.Certificate));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Func<Task>[] calls =
        [
            async () => await gateway.Client.RenewAsync(new() { Csr = Csr(key) }),
            async () => await gateway.Client.FetchImage(new() { Sha256 = new string('0', 64) }).ResponseStream.MoveNext(CancellationToken.None),
            async () => await gateway.Client.Session().ResponseStream.MoveNext(CancellationToken.None),
            async () => await gateway.Client.Tunnel().ResponseStream.MoveNext(CancellationToken.None),
            async () => await gateway.Client.StoreImage().ResponseAsync,
        ];
        foreach (var call in calls)
            Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
    }

    private static ByteString Csr(ECDsa key) => ByteString.CopyFrom(new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequest());
}
