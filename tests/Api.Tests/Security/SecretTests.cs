using System.Net.WebSockets;
using System.Text;
using Controller.Api.Tests.Cloud;
using Controller.Api.Tests.Telemetry;
using Controller.Testing;

namespace Controller.Api.Tests.Security;

/// <summary>
/// Secrets go where they have to and nowhere else. A cloud is used with recognisable ones, its logs say all that they can, its telemetry is gathered, and then every output is searched for them.
/// </summary>
public sealed class SecretTests
{
    private const string Json = "application/json";
    private const string Compute = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string UserData = "Category: user_data; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute#\"; class=\"mixin\"";
    private const string Key = "Category: ssh_key; scheme=\"http://schemas.ogf.org/occi/infrastructure/credentials#\"; class=\"mixin\"";

    private const string InUserData = "planted-user-data-password", InKey = "AAAAC3NzaC1lZDI1NTE5AAAAIPlantedPublicKeyOfSomebody", InConnection = "planted-database-password";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Nothing_that_is_said_anywhere_has_a_secret_in_it()
    {
        await using var place = await Place.Make();
        await using var collector = await Collector.Start();
        var environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_BSP_SCHEDULE_DELAY"] = "100", ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
        };
        // The later of two settings is the one. The runtime's own chatter about requests is another matter: docs/security.md.
        string[] talkative = ["--Logging:LogLevel:Default=Trace", $"--ConnectionStrings:Controller={place.Connection};Password={InConnection}"];
        var url = new Uri($"http://127.0.0.1:{Free.Ports(1)[0]}");
        await using var silo = ChildProcess.Start("controller-silo.dll", [.. place.SiloSettings(), .. talkative], environment, lines: 200_000);
        await using var api = ChildProcess.Start("controller-api.dll", [.. place.ApiSettings(url.ToString().TrimEnd('/')), .. talkative], environment, lines: 200_000);
        var secrets = new Dictionary<string, string> { ["the admin's token"] = place.AdminSecret, ["user data"] = InUserData, ["an ssh key"] = InKey, ["the database's password"] = InConnection };
        var said = new List<(string Where, string Text)>();
        Task<Answer> Ask(string method, string path, string? body = null, string? secret = null, string? type = null, string? accept = null) =>
            RunningApi.Send(url, method, path, body, secret ?? place.AdminSecret, accept, type ?? (path.StartsWith("/admin", StringComparison.Ordinal) ? Json : null));

        Answer joining = null!;
        await Eventually.Is("there is a join token", async () => await Answers(url) && (joining = await Ask("POST", "/admin/hosts/join-tokens", "{}")).Status == 201, Patience, () => api.Story + silo.Story);
        var token = joining.Json.GetProperty("token").GetString()!;
        secrets["the join token"] = token["cjt1.".Length..];
        secrets["the join token's secret"] = Agent.Enrolment.JoinToken.Parse(token).Secret;
        await using var agent = ChildProcess.Start("controller-agent.dll", [.. place.AgentSettings("host-1", token), "--Logging:LogLevel:Default=Trace"], environment, lines: 200_000);
        await Eventually.Is("the host is up", async () => (await Ask("GET", "/admin/hosts")).Body.Contains("\"up\"", StringComparison.Ordinal), Patience, () => agent.Story);
        secrets["the host's private key"] = (await File.ReadAllLinesAsync(Path.Combine(place.In("host-1"), "identity.pem")))[1];
        secrets["the authority's private key"] = (await File.ReadAllLinesAsync(place.In("ca.key")))[1];
        var member = (await Ask("POST", "/admin/tokens", """{"name":"somebody","project":"default","role":"member"}""")).Json.GetProperty("token").GetString()!;
        secrets["a member's token"] = member;

        // What tenants keep secret, in a machine that runs; and what is refused, with secrets in it.
        var script = Convert.ToBase64String(Encoding.UTF8.GetBytes($"#cloud-config\npassword: {InUserData}\n"));
        secrets["user data, encoded"] = script[24..];
        var made = await Ask("POST", "/compute/", $"{Compute}\n{UserData}\nX-OCCI-Attribute: occi.compute.userdata=\"{script}\"", member);
        Assert.True(made.Status == 201, made.Body);
        var withKey = await Ask("POST", "/compute/", $"{Compute}\n{Key}\nX-OCCI-Attribute: occi.credentials.ssh.publickey=\"ssh-ed25519 {InKey}\"", member);
        Assert.True(withKey.Status == 201, withKey.Body);
        foreach (var path in (string[])[made.Path, withKey.Path])
            await Eventually.Is("it runs", async () => (await Ask("GET", path, secret: member)).Body.Contains("occi.compute.state=\"active\"", StringComparison.Ordinal), Patience, () => silo.Story);
        await Refused("text/plain", $"{Compute}\n{UserData}\nX-OCCI-Attribute: occi.compute.userdata=\"{script}\", occi.compute.cores=\"many\"");
        await Refused("application/occi+json", $$"""{"kind":"http://schemas.ogf.org/occi/infrastructure#compute","attributes":{"occi.compute.cores":"many","occi.compute.userdata":"{{script}}"} }""");
        said.Add(("a refused token", (await Ask("GET", "/compute/", secret: member + "x")).Body));
        said.Add(("a refused join token", (await Ask("POST", "/admin/hosts/join-tokens", $$"""{"ttlSeconds":"{{member}}"}""")).Body.Replace(member, "", StringComparison.Ordinal)));

        // A console with its ticket; and a webhook with its secret.
        var ticket = await Ask("POST", $"/console/{made.Path["/compute/".Length..]}/tickets", """{"type":"serial"}""", member, Json);
        secrets["a console's ticket"] = ticket.Json.GetProperty("ticket").GetString()!;
        using (var console = new ClientWebSocket())
            await console.ConnectAsync(new Uri($"ws://{url.Authority}{ticket.Json.GetProperty("path").GetString()}{(ticket.Json.GetProperty("path").GetString()!.Contains("ticket=", StringComparison.Ordinal) ? "" : "?ticket=" + secrets["a console's ticket"])}"), CancellationToken.None);
        var hook = await Ask("POST", "/admin/webhooks", """{"url":"https://example.invalid/hook"}""", member);
        secrets["a webhook's secret"] = hook.Json.GetProperty("secret").GetString()!["whsec_".Length..];

        // All that operators read.
        foreach (var path in (string[])
            [
                "/admin/audit/export", "/admin/audit?limit=1000", "/events?after=first&limit=1000", "/admin/doctor?deep=true", "/admin/operations", "/admin/hosts", "/admin/hosts/join-tokens", "/admin/tokens",
                "/admin/webhooks", "/admin/images", "/admin/explain/compute/" + made.Path["/compute/".Length..], "/admin/explain/compute/" + withKey.Path["/compute/".Length..], "/metrics", "/admin/projects",
            ])
        {
            var answer = await Ask("GET", path);
            Assert.True(answer.Status == 200, $"{path}: {answer.Body}");
            said.Add((path, answer.Body));
        }
        await Eventually.Is("telemetry of all sorts arrives", () => Task.FromResult(collector.Signals.Count >= 3 && collector.Spans.Any(s => s.Name.Contains("console", StringComparison.Ordinal))), Patience,
            () => string.Join(' ', collector.Spans.Select(s => s.Name).Distinct()));
        said.AddRange(((ChildProcess[])[silo, api, agent]).Select((p, at) => (new[] { "the silo's log", "the API's log", "the agent's log" }[at], string.Join('\n', p.Output))));
        said.Add(("telemetry", string.Join('\n', collector.Bodies.Select(Encoding.UTF8.GetString))));

        Assert.All(said.Where(s => s.Where.EndsWith("log", StringComparison.Ordinal)), s => Assert.True(s.Text.Length > 200, $"{s.Where} says something: {s.Text}"));
        // What is no secret is found where it is to be, so the search finds what is there.
        foreach (var where in (string[])["the API's log", "the silo's log", "the agent's log", "telemetry", "/admin/audit/export", "/events?after=first&limit=1000"])
            Assert.True(said.Single(s => s.Where == where).Text.Contains(made.Path["/compute/".Length..], StringComparison.Ordinal), $"{where} tells of the compute: {said.Single(s => s.Where == where).Text}");
        var found = (from one in said from secret in secrets where one.Text.Contains(secret.Value, StringComparison.Ordinal) select $"{secret.Key} is in {one.Where}: {Around(one.Text, secret.Value)}").ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));

        async Task Refused(string type, string body)
        {
            var answer = await Ask("POST", "/compute/", body, member, type);
            Assert.Equal(400, answer.Status);
            said.Add(("a refusal", answer.Body));
        }
    }

    private static string Around(string text, string secret)
    {
        var at = text.IndexOf(secret, StringComparison.Ordinal);
        return text[Math.Max(0, at - 200)..Math.Min(text.Length, at + secret.Length + 50)];
    }

    private static async Task<bool> Answers(Uri url)
    {
        try
        {
            return await RunningApi.IsReady(url);
        }
        catch (HttpRequestException)
        {
            return false;   // it does not listen yet
        }
    }
}
