using System.Diagnostics;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Crash.Tests.Harness;

/// <summary>Where a silo is to die.</summary>
/// <param name="Moment">Before or After.</param>
/// <param name="Step">Its name.</param>
/// <param name="Nth">Which one of those with that name.</param>
/// <param name="Twice">The one that goes on with it dies there too.</param>
internal sealed record Kill(string Moment, string Step, int Nth = 1, bool Twice = false)
{
    public override string ToString() => $"{Moment.ToLowerInvariant()} {Step}{(Nth > 1 ? $" #{Nth}" : "")}{(Twice ? ", twice" : "")}";
}

/// <summary>
/// One run of a scenario: what a client does, whatever dies meanwhile. It repeats what was not answered; what was answered has to be so.
/// </summary>
internal sealed class Run(CrashCloud cloud, Kill? kill)
{
    private const string Kinds = "http://schemas.ogf.org/occi/infrastructure#";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    /// <summary>So long an API waits for a silo.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private readonly List<string> _made = [];
    private bool _armed;

    public CrashCloud Cloud => cloud;

    /// <summary>The steps that a run without a kill told of.</summary>
    public string[] Steps { get; private set; } = [];

    /// <summary>How often the silo died.</summary>
    public int Deaths { get; private set; }

    /// <summary>From a silo's death until all was in order.</summary>
    public TimeSpan Convergence { get; private set; }

    /// <summary>Of entities that are there or not there together: every one, or none.</summary>
    public List<string[]> Together { get; } = [];

    /// <summary>A host of the scenario is away: not everything can come in order until it is back.</summary>
    public bool HostIsAway { get; set; }

    // ---------------------------------------------------------------- the scenario

    /// <summary>What follows is what is looked at: steps are told of, or one of them kills.</summary>
    public async Task Begin()
    {
        await Order.Comes(cloud);
        _armed = true;
        if (kill is null)
            await cloud.Record();
        else
            await cloud.Arm($"{kill.Moment.ToLowerInvariant()} {kill.Nth} {kill.Step}", kill.Twice);
    }

    /// <summary>It is done: all is in order, and the silo died where it was meant to.</summary>
    public async Task End()
    {
        await InOrder();
        _armed = false;
        if (kill is null)
        {
            Steps = await cloud.Recorded();
            return;
        }
        await cloud.Disarm();
        Deaths = cloud.Deaths.Count;
        Assert.All(cloud.Deaths, where => Assert.Equal($"{kill.Moment} {kill.Step}", where));
    }

    /// <summary>Takes away everything that was made; and then there is nothing.</summary>
    public async Task Clean()
    {
        foreach (var path in _made.AsEnumerable().Reverse())
            await Ask("DELETE", path, null, 404);
        foreach (var image in await cloud.Texts("select substr(id, 7) from entity where state_name = 'image' and id <> 'image/base'"))
            await Ask("DELETE", "/admin/images/" + image, null, 404);
        await Order.IsEmpty(cloud);
    }

    /// <summary>Whether that silo's death was met.</summary>
    public bool Met => kill is null || Deaths > 0;

    // ---------------------------------------------------------------- what a client does

    /// <summary>Asks until it is answered: 2xx, or one of the others that will do.</summary>
    public Task<Answer> Ask(string method, string path, string? body = null, params int[] fine) => Ask(method, path, body, default, fine);

    /// <summary>The same with a header.</summary>
    public async Task<Answer> Ask(string method, string path, string? body, (string Name, string Value) header, params int[] fine)
    {
        for (var patience = Stopwatch.StartNew(); ; )
        {
            var (deaths, asked) = (cloud.Deaths.Count, Stopwatch.StartNew());
            Answer? answer = null;
            try
            {
                answer = await cloud.Send(method, path, body?.Replace("K#", Kinds, StringComparison.Ordinal), header.Name is null ? [] : [header]);
            }
            catch (HttpRequestException)
            {
                // As good as no answer.
            }
            if (answer is { Status: < 300 } || (answer is not null && fine.Contains(answer.Status)))
                return answer;
            // A machine that runs tests may be too busy for a silo to answer in time.
            var excused = answer is null or { Status: 503 } && (!_armed || asked.Elapsed >= Timeout || (kill is not null && (deaths < cloud.Deaths.Count || cloud.IsDown)));
            Assert.True(excused && patience.Elapsed < Patience, $"{method} {path}: {answer?.Status} {answer?.Body}");
            // Nobody was promised anything. It is whole, or nothing.
            if (_armed && !HostIsAway)
                await InOrder();
            foreach (var together in Together)
                Assert.Contains(await cloud.Number("select count(*) from entity where id = any($1)", (object)together), new[] { 0L, together.Length });
        }
    }

    /// <summary>Creates something, by a POST that may be repeated.</summary>
    public async Task<string> Make(string term, string attributes = "", string more = "", Guid? id = null)
    {
        var made = id ?? Guid.NewGuid();
        var path = $"/{term}/{made}";
        _made.Add(path);
        await Ask("POST", $"/{term}/", $$"""{"kind":"K#{{term}}","id":"urn:uuid:{{made}}","attributes":{{{attributes}}}{{more}}}""");
        return path;
    }

    /// <summary>A machine that runs, with what there is to be of it.</summary>
    public async Task<string> Machine(string attributes = "", string more = "", Guid? id = null)
    {
        var path = await Make("compute", attributes, more, id);
        await Becomes(path, "occi.compute.state", "active");
        return path;
    }

    public async Task<string> Storage(string more = "")
    {
        var path = await Make("storage", "\"occi.storage.size\":0.01", more);
        await Becomes(path, "occi.storage.state", "online");
        return path;
    }

    /// <summary>A network that gives addresses.</summary>
    public Task<string> Network() => Make("network", "\"occi.network.label\":\"l\"", ",\"mixins\":[\"http://schemas.ogf.org/occi/infrastructure/network#ipnetwork\"]");

    /// <summary>The JSON of a link, within a compute or on its own.</summary>
    public static string Link(string term, Guid id, string target, string? source = null) =>
        $$"""{"kind":"K#{{term}}","id":"urn:uuid:{{id}}","target":{"location":"{{target}}"}{{(source is null ? "" : $$""","source":{"location":"{{source}}"}""")}}}""";

    public async Task<string> Attach(string term, string source, string target)
    {
        var id = Guid.NewGuid();
        var path = $"/{term}/{id}";
        _made.Add(path);
        await Ask("POST", $"/{term}/", Link(term, id, target, source));
        await Becomes(path, $"occi.{term}.state", "active");
        return path;
    }

    /// <summary>An OCCI action; 409: it is being done already.</summary>
    public Task<Answer> Act(string path, string action, string attributes = "") => Ask("POST", $"{path}?action={action}", ActionJson(path, action, attributes), 409);

    /// <summary>Asks once; null: there was no answer.</summary>
    public async Task<Answer?> Try(string method, string path, string body)
    {
        try
        {
            return await cloud.Send(method, path, body.Replace("K#", Kinds, StringComparison.Ordinal));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public Task<Answer?> TryAct(string path, string action) => Try("POST", $"{path}?action={action}", ActionJson(path, action, ""));

    public Task<Answer?> TryMake(string term, Guid id)
    {
        _made.Add($"/{term}/{id}");
        return Try("POST", $"/{term}/", $$"""{"kind":"K#{{term}}","id":"urn:uuid:{{id}}"}""");
    }

    private static string ActionJson(string path, string action, string attributes) =>
        $$$"""{"action":"K#{{{path.Split('/')[1]}}}/action#{{{action}}}","attributes":{{{{attributes}}}}}""".Replace("K#", Kinds[..^1] + "/", StringComparison.Ordinal);

    /// <summary>Changes attributes.</summary>
    public Task<Answer> Change(string path, string attributes) => Ask("POST", path, $$$"""{"kind":"K#{{{path.Split('/')[1]}}}","attributes":{{{{attributes}}}}}""");

    /// <summary>These will have been made, and are to be cleaned up.</summary>
    public void Made(params string[] paths) => _made.AddRange(paths);

    public Task Until(string what, Func<Task<bool>> condition) => Eventually.Is(what, condition, Patience);

    public Task Delete(string path) => Ask("DELETE", path, null, 404);

    /// <summary>Waits until an attribute has that value.</summary>
    public async Task Becomes(string path, string attribute, string value)
    {
        var last = "";
        await Eventually.Is(
            $"{attribute} of {path} is {value}",
            async () => (last = (await cloud.Send("GET", path)).Body).Contains($"\"{attribute}\":\"{value}\"", StringComparison.Ordinal), Patience, () => last);
    }

    /// <summary>Waits until something is gone for those who ask, and for the database.</summary>
    public Task Goes(string path) =>
        Eventually.Is($"{path} is gone", async () => await cloud.Number("select count(*) from entity where id = $1", path.TrimStart('/')) == 0, Patience);

    /// <summary>Whether something is there for those who ask.</summary>
    public async Task<bool> Is(string path) => (await cloud.Send("GET", path)).Status == 200;

    private async Task InOrder()
    {
        await Order.Comes(cloud);
        if (cloud.Down is not null)
            Convergence = TimeSpan.FromTicks(Math.Max(Convergence.Ticks, cloud.Recovered().Ticks));
    }
}
