using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;
using Controller.Agent.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Controller.Bench.Stand;

/// <summary>
/// Simulated hosts, all in this process: each joins as a host does, has a connection and a certificate of its own, keeps its lease and its heartbeat as the shipped agent does, and does at once
/// whatever is wanted of it. What they cost here is not counted; what they cost the control plane is.
/// </summary>
internal sealed class Fleet : IAsyncDisposable
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan RenewAtMost = TimeSpan.FromSeconds(5);
    private readonly Cloud _cloud;
    private readonly CancellationTokenSource _stop;
    private readonly List<Host> _hosts = [];
    private readonly List<Task> _running = [];
    private int _connected;
    private long _sessions;

    private Fleet(Cloud cloud, CancellationToken cancel) => (_cloud, _stop) = (cloud, CancellationTokenSource.CreateLinkedTokenSource(cancel));

    /// <summary>Hosts that have a session now.</summary>
    public int Connected => Volatile.Read(ref _connected);

    /// <summary>Sessions that were ever opened.</summary>
    public long Sessions => Interlocked.Read(ref _sessions);

    /// <summary>Why hosts could not connect, or lost their session, by the words.</summary>
    public ConcurrentDictionary<string, int> Trouble { get; } = new();

    /// <summary>Joins so many hosts and waits until all are connected.</summary>
    public static async Task<Fleet> Start(Cloud cloud, Bench bench, int count)
    {
        var fleet = new Fleet(cloud, bench.Cancel);
        try
        {
            await fleet.Add(count, bench.Cancel);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public async Task Add(int count, CancellationToken cancel)
    {
        using var anybody = Channel(_cloud.Gateways[0], null);
        var joining = new AgentGateway.AgentGatewayClient(anybody);
        await Parallel.ForAsync(_hosts.Count, _hosts.Count + count, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel }, async (number, c) =>
        {
            var host = await Join(joining, Bench.Text($"host-{number:00000}"), c);
            lock (_hosts)
            {
                _hosts.Add(host);
                _running.Add(Task.Run(() => Live(host, number, _stop.Token), CancellationToken.None));
            }
        });
        await _cloud.Until("all simulated hosts are connected", () => Task.FromResult(Connected == _hosts.Count), TimeSpan.FromMinutes(5));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var host in _hosts)
            host.Certificate.Dispose();
        _stop.Dispose();
    }

    private async Task<Host> Join(AgentGateway.AgentGatewayClient joining, string name, CancellationToken cancel)
    {
        var answer = await Token(cancel);
        var token = answer.GetProperty("token").GetString()!;   // 201 has one
        using var parts = JsonDocument.Parse(Base64Url.DecodeFromChars(token.AsSpan(token.IndexOf('.', StringComparison.Ordinal) + 1)));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var joined = await joining.JoinAsync(new JoinRequest { Secret = parts.RootElement.GetProperty("s").GetString(), Csr = ByteString.CopyFrom(csr), Name = name }, cancellationToken: cancel);
        using var bare = X509CertificateLoader.LoadCertificate(joined.Certificate.ToByteArray());
        return new(joined.HostId, name, bare.CopyWithPrivateKey(key));
    }

    /// <summary>A busy machine refuses some at first, as it would operators who ask for thousands at once.</summary>
    private async Task<JsonElement> Token(CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _cloud.Post("/admin/hosts/join-tokens", """{"ttlSeconds":3600}""");
            }
            catch (InvalidOperationException) when (attempt < 20)
            {
                await Task.Delay(TimeSpan.FromSeconds(Random.Shared.NextDouble() * 2), cancel);
            }
        }
    }

    private GrpcChannel Channel(string endpoint, X509Certificate2? certificate)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        trust.CustomTrustStore.Add(_cloud.Authority);
        var handler = new SocketsHttpHandler
        {
            SslOptions = new()
            {
                CertificateChainPolicy = trust,
                ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
            },
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            UseProxy = false,
        };
        return GrpcChannel.ForAddress("https://" + endpoint, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private async Task Live(Host host, int number, CancellationToken cancel)
    {
        for (var attempt = 0; !cancel.IsCancellationRequested; attempt++)
        {
            var gateways = _cloud.Gateways;
            try
            {
                if (gateways.Count > 0)
                    await Session(host, gateways[(number + attempt) % gateways.Count], cancel);
            }
            catch (Exception e) when (e is RpcException or IOException or OperationCanceledException or HttpRequestException)
            {
                if (!cancel.IsCancellationRequested)
                    Trouble.AddOrUpdate(e is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : e.Message, 1, (_, n) => n + 1);
            }
            // As the shipped agent waits: jittered, longer each time, so that thousands do not come at one moment.
            var wait = Math.Min(15, 0.4 * Math.Pow(2, Math.Min(attempt, 6))) * (0.5 + Random.Shared.NextDouble());
            await Task.Delay(TimeSpan.FromSeconds(wait), cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Session(Host host, string gateway, CancellationToken cancel)
    {
        using var channel = Channel(gateway, host.Certificate);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var call = new AgentGateway.AgentGatewayClient(channel).Session(cancellationToken: stop.Token);
        await call.RequestStream.WriteAsync(new() { Hello = host.Hello() }, stop.Token);
        if (!await call.ResponseStream.MoveNext(stop.Token) || call.ResponseStream.Current.Welcome is not { } welcome)
            throw new IOException("The gateway's first message was to be Welcome.");
        host.Epoch = welcome.Epoch;
        var outbox = System.Threading.Channels.Channel.CreateUnbounded<FromAgent>(new() { SingleReader = true });
        outbox.Writer.TryWrite(new() { Observed = host.Everything() });
        Interlocked.Increment(ref _sessions);
        Interlocked.Increment(ref _connected);
        Task[] parts = [Read(host, call.ResponseStream, outbox.Writer, stop.Token), Write(outbox.Reader, call.RequestStream, stop.Token), Beat(host, welcome, outbox.Writer, stop.Token)];
        try
        {
            await await Task.WhenAny(parts);
        }
        finally
        {
            Interlocked.Decrement(ref _connected);
            await stop.CancelAsync();
            await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task Read(Host host, IAsyncStreamReader<ToAgent> from, ChannelWriter<FromAgent> to, CancellationToken cancel)
    {
        while (await from.MoveNext(cancel))
        {
            if (from.Current.Desired is { } desired)
                to.TryWrite(new() { Traceparent = from.Current.Traceparent, Observed = host.Apply(desired) });
            else if (from.Current.Goodbye is { } goodbye)
                throw new IOException("Goodbye: " + goodbye.Why);
        }
        throw new IOException("The gateway ended the stream.");
    }

    private static async Task Write(ChannelReader<FromAgent> from, IClientStreamWriter<FromAgent> to, CancellationToken cancel)
    {
        await foreach (var message in from.ReadAllAsync(cancel))
            await to.WriteAsync(message, cancel);
    }

    private static async Task Beat(Host host, Welcome welcome, ChannelWriter<FromAgent> to, CancellationToken cancel)
    {
        var beat = TimeSpan.FromSeconds(Math.Max(1, welcome.LeaseSeconds) / 3.0);
        var (sinceReport, sinceBeat) = (TimeSpan.Zero, beat);
        // Not all at the same moment.
        await Task.Delay(RenewAtMost * Random.Shared.NextDouble(), cancel);
        for (ulong number = 1; ; number++)
        {
            to.TryWrite(new() { LeaseRenewal = new() { Epoch = host.Epoch, Number = number, Guarded = true } });
            if (sinceBeat >= beat)
            {
                to.TryWrite(new() { Heartbeat = new() { Driver = new() { Healthy = true } } });
                sinceBeat = TimeSpan.Zero;
            }
            if (sinceReport >= ReportEvery)
            {
                to.TryWrite(new() { Observed = host.Everything() });
                sinceReport = TimeSpan.Zero;
            }
            var step = beat < RenewAtMost ? beat : RenewAtMost;
            await Task.Delay(step, cancel);
            (sinceReport, sinceBeat) = (sinceReport + step, sinceBeat + step);
        }
    }

    /// <summary>One host: what it has is what it was last told.</summary>
    private sealed class Host(string id, string name, X509Certificate2 certificate)
    {
        private static readonly string[] Features =
        [
            "hotplug-disk", "hotplug-nic", "suspend", "hibernate", "console-serial", "console-vnc", "hotplug-cpu", "hotplug-memory", "guest-agent", "security-groups", "floating-addresses", "existing",
            "machine-q35", "machine-pc", "firmware-uefi",
        ];

        private readonly Lock _lock = new();
        private readonly Dictionary<string, DesiredObject> _objects = [];
        private readonly string _boot = Guid.NewGuid().ToString("D");
        private ulong _sequence;

        public X509Certificate2 Certificate => certificate;

        public ulong Epoch { get; set; }

        public Hello Hello()
        {
            var capabilities = new Capabilities
            {
                Driver = "simulated", Hypervisor = "bench", Cores = 100_000, MemoryBytes = 1UL << 50, DiskBytes = 1UL << 55, Architecture = "x64", Leases = true, Kernel = "bench",
            };
            capabilities.Features.Add(Features);
            return new() { HostId = id, BootId = _boot, AgentVersion = "0.1.0", Name = name, HighestEpochSeen = Epoch, Capabilities = capabilities };
        }

        public Observed Apply(Desired desired)
        {
            var observed = NewReport();
            lock (_lock)
            {
                foreach (var wanted in desired.Objects)
                {
                    // Older news of the same incarnation is none.
                    if (_objects.TryGetValue(wanted.Id, out var known) && known.Incarnation == wanted.Incarnation && known.Generation > wanted.Generation)
                        continue;
                    if (wanted.Absent)
                        _objects.Remove(wanted.Id);
                    else
                        _objects[wanted.Id] = wanted;
                    See(observed, wanted);
                }
            }
            return observed;
        }

        public Observed Everything()
        {
            var observed = NewReport();
            observed.Complete = true;
            lock (_lock)
            {
                foreach (var known in _objects.Values)
                    See(observed, known);
            }
            return observed;
        }

        private Observed NewReport() => new() { Epoch = Epoch, Driver = new() { Healthy = true } };

        private void See(Observed observed, DesiredObject o)
        {
            var sequence = ++_sequence;
            switch (o.Kind)
            {
                case ObjectKind.ObjectMachine:
                    var machine = new ObservedMachine { Id = o.Id, Incarnation = o.Incarnation, Generation = o.Generation, Sequence = sequence, Power = o.Absent ? Power.Absent : o.Machine.Power };
                    if (!o.Absent)
                    {
                        machine.Attachments.Add(o.Machine.Disks.Select(d => new ObservedAttachment { LinkId = d.LinkId, Attached = true, Device = d.Device }));
                        machine.Attachments.Add(o.Machine.Nics.Select(n => new ObservedAttachment { LinkId = n.LinkId, Attached = true, Device = n.Device }));
                    }
                    observed.Machines.Add(machine);
                    break;
                case ObjectKind.ObjectVolume:
                    observed.Volumes.Add(new ObservedVolume { Id = o.Id, Incarnation = o.Incarnation, Generation = o.Generation, Sequence = sequence, Present = !o.Absent, SizeBytes = o.Volume?.SizeBytes ?? 0 });
                    break;
                case ObjectKind.ObjectNetwork:
                    observed.Networks.Add(new ObservedNetwork { Id = o.Id, Incarnation = o.Incarnation, Generation = o.Generation, Sequence = sequence, Present = !o.Absent, Active = !o.Absent && o.Network.Active });
                    break;
            }
        }
    }
}
