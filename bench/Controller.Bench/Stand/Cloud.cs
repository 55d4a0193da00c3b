using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Controller.Bench.Measuring;

namespace Controller.Bench.Stand;

/// <summary>The product as it is run: PostgreSQL, silos and an API, each a process of its own, and nobody else's. Settings are the shipped ones but for addresses.</summary>
internal sealed class Cloud : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Bench _bench;
    private readonly string _root;
    private readonly List<Child> _silos = [];
    private readonly List<int[]> _ports = [];
    private Child? _api;

    private Cloud(Bench bench, string root, Postgres postgres)
    {
        (_bench, _root, Postgres) = (bench, root, postgres);
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        Authority = MakeAuthority(root);
        Directory.CreateDirectory(In("images"));
        Directory.CreateDirectory(In("model"));
        File.WriteAllText(In("admin.token"), Token + "\n");
        Url = new(Bench.Text($"http://127.0.0.1:{Postgres.FreePort()}"));
        Client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromMinutes(2) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public Postgres Postgres { get; }

    public Uri Url { get; }

    /// <summary>The administrator's.</summary>
    public string Token { get; }

    public X509Certificate2 Authority { get; }

    public HttpClient Client { get; }

    public int Api => _api!.Pid;   // Start starts one

    public IReadOnlyList<int> Silos => [.. _silos.Select(s => s.Pid)];

    /// <summary>host:port of all gateways.</summary>
    public IReadOnlyList<string> Gateways => [.. _ports.Take(Math.Max(1, _silos.Count)).Select(p => Bench.Text($"127.0.0.1:{p[3]}"))];

    /// <summary>All whose CPU is the product's: API, silos and PostgreSQL.</summary>
    public IReadOnlyCollection<int> Pids => [Api, .. Silos, Postgres.Pid];

    /// <summary>The CPU time of each sort of them until now.</summary>
    public IReadOnlyList<(string Name, TimeSpan Cpu)> Parts() => [("API", CpuTime.Of([Api])), ("silo", CpuTime.Of(Silos)), ("PostgreSQL", CpuTime.Of([Postgres.Pid]))];

    /// <summary>Starts one.</summary>
    /// <param name="bench">What for.</param>
    /// <param name="silos">How many; 0: one that is in the API's process.</param>
    public static async Task<Cloud> Start(Bench bench, int silos = 1)
    {
        var root = Directory.CreateTempSubdirectory("controller-bench-").FullName;
        File.SetUnixFileMode(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var cloud = new Cloud(bench, root, await Postgres.Start(root, bench.Options.Statements, bench.Cancel));
        try
        {
            if (silos == 0)
            {
                await cloud.StartNode();
                return cloud;
            }
            await cloud.StartSilos(silos);
            await cloud.StartApi();
            return cloud;
        }
        catch
        {
            await cloud.DisposeAsync();
            throw;
        }
    }

    public string In(string name) => Path.Combine(_root, name);

    /// <summary>Until so many silos run: the first alone, since it makes the tables, then the others together.</summary>
    public async Task StartSilos(int count)
    {
        while (_silos.Count < count)
        {
            var more = _silos.Count == 0 ? 1 : count - _silos.Count;
            var health = new List<(Child, int)>();
            for (var i = 0; i < more; i++)
            {
                var (name, ports) = (Bench.Text($"silo-{_silos.Count + 1}"), Ports(_silos.Count));
                var silo = Child.Start(Dotnet, [Program("Silo"), .. SiloSettings(name, ports)], In(name + ".log"));
                _silos.Add(silo);
                health.Add((silo, ports[2]));
            }
            foreach (var (silo, port) in health)
                await silo.Until("the silo is ready", () => Ready(Bench.Text($"http://127.0.0.1:{port}/health/ready")), Patience, _bench.Cancel);
        }
    }

    public async Task StopSilos()
    {
        await Task.WhenAll(_silos.Select(s => s.DisposeAsync().AsTask()));
        _silos.Clear();
    }

    /// <summary>Four for each silo, which it keeps when it is started again.</summary>
    private int[] Ports(int silo)
    {
        while (_ports.Count <= silo)
            _ports.Add([Postgres.FreePort(), Postgres.FreePort(), Postgres.FreePort(), Postgres.FreePort()]);
        return _ports[silo];
    }

    private string[] SiloSettings(string name, int[] ports) =>
    [
        .. Settings, "--Silo:Name=" + name, Bench.Text($"--Silo:SiloPort={ports[0]}"), Bench.Text($"--Silo:GatewayPort={ports[1]}"), Bench.Text($"--Silo:HealthPort={ports[2]}"),
        Bench.Text($"--AgentGateway:Port={ports[3]}"), Bench.Text($"--AgentGateway:AdvertisedEndpoint=127.0.0.1:{ports[3]}"), "--Pki:CaKey=" + In("ca.key"), "--Identity:AdminTokenFile=" + In("admin.token"),
    ];

    private string[] ApiSettings => [.. Settings, "--Api:Url=" + Url.GetLeftPart(UriPartial.Authority)];

    private string[] Settings =>
        ["--ConnectionStrings:Controller=" + Postgres.ConnectionString, "--Images:Directory=" + In("images"), "--Model:Directory=" + In("model"), "--Pki:CaCertificate=" + In("ca.crt")];

    public Task StartApi() => StartApi("Api", ApiSettings);

    private Task StartNode() => StartApi("Node", [.. SiloSettings("node", Ports(0)), .. ApiSettings]);

    private async Task StartApi(string program, string[] settings)
    {
        _api = Child.Start(Dotnet, [Program(program), .. settings], In(program.ToLowerInvariant() + ".log"));
        await _api.Until("the API is ready", () => Ready(Url + "health/ready"), Patience, _bench.Cancel);
    }

    /// <summary>Waits until what they do by themselves costs no less any more.</summary>
    public Task Settled() => Compared.Settled(
        async () =>
        {
            var before = CpuTime.Of(Pids);
            await Task.Delay(TimeSpan.FromSeconds(10), _bench.Cancel);
            return (CpuTime.Of(Pids) - before).TotalSeconds;
        },
        TimeSpan.FromMinutes(3));

    public async Task StopApi()
    {
        if (_api is not null)
            await _api.DisposeAsync();
        _api = null;
    }

    /// <summary>An answer's body, of a request that must succeed.</summary>
    public async Task<byte[]> Get(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(accept);
        using var answer = await Client.SendAsync(request, _bench.Cancel);
        var body = await answer.Content.ReadAsByteArrayAsync(_bench.Cancel);
        return answer.IsSuccessStatusCode ? body : throw new InvalidOperationException($"GET {path} was answered {(int)answer.StatusCode}: {System.Text.Encoding.UTF8.GetString(body)}");
    }

    /// <summary>Creates an entity of a text rendering; its path.</summary>
    public async Task<string> Create(string collection, string body)
    {
        using var content = new StringContent(body);
        using var answer = await Client.PostAsync(new Uri(collection, UriKind.Relative), content, _bench.Cancel);
        return answer.IsSuccessStatusCode
            ? answer.Headers.Location!.AbsolutePath   // 201 has one
            : throw new InvalidOperationException($"POST {collection} was answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(_bench.Cancel)}");
    }

    public async Task<JsonElement> Post(string path, string json)
    {
        using var content = new StringContent(json, new MediaTypeHeaderValue("application/json"));
        using var answer = await Client.PostAsync(new Uri(path, UriKind.Relative), content, _bench.Cancel);
        var body = await answer.Content.ReadAsStringAsync(_bench.Cancel);
        return answer.IsSuccessStatusCode ? JsonDocument.Parse(body).RootElement : throw new InvalidOperationException($"POST {path} was answered {(int)answer.StatusCode}: {body}");
    }

    /// <summary>One value of the database.</summary>
    public async Task<T> Value<T>(string sql)
    {
        await using var command = Postgres.Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(_bench.Cancel))!;   // the benchmarks' own SQL brings one
    }

    public async Task Execute(string sql)
    {
        await using var command = Postgres.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(_bench.Cancel);
    }

    /// <summary>Waits until it is so.</summary>
    public async Task<TimeSpan> Until(string what, Func<Task<bool>> isSo, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        while (!await isSo())
        {
            if (clock.Elapsed > patience)
                throw new InvalidOperationException($"{what}: not within {patience.TotalSeconds:0} s. Logs are in {_root}.");
            await Task.Delay(100, _bench.Cancel);
        }
        return clock.Elapsed;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_api is not null)
            await _api.DisposeAsync();
        await StopSilos();
        if (_bench.Options.Statements)
        {
            _bench.Say("what PostgreSQL spent its time on:");
            await foreach (var line in Postgres.Costly(25))
                _bench.Say(line);
        }
        await Postgres.DisposeAsync();
        Authority.Dispose();
        if (_bench.Options.Keep)
            await _bench.Output.WriteLineAsync("  logs and data: " + _root);
        else
            Directory.Delete(_root, recursive: true);
    }

    private static string Dotnet => Environment.GetEnvironmentVariable("CONTROLLER_DOTNET") is { Length: > 0 } dotnet ? dotnet : "dotnet";

    private string Program(string name) => Path.Combine(_bench.Options.Home, "src", name, "bin", "Release", "net10.0", $"controller-{name.ToLowerInvariant()}.dll");

    private async Task<bool> Ready(string url)
    {
        try
        {
            using var client = new HttpClient();
            using var answer = await client.GetAsync(url, _bench.Cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static X509Certificate2 MakeAuthority(string root)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Controller CA bench", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
        File.WriteAllText(Path.Combine(root, "ca.key"), key.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(Path.Combine(root, "ca.crt"), certificate.ExportCertificatePem() + "\n");
        return X509CertificateLoader.LoadCertificate(certificate.RawData);
    }
}
