using System.Text.Json;
using Controller.Conformance.Http;
using static Controller.Conformance.Standard;

namespace Controller.Conformance;

/// <summary>What one check works with. What it makes here is deleted afterwards, the newest first.</summary>
public sealed class Session(Caller me, Caller nobody, Caller? stranger, Caller? tls, Model model, RunOptions options, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly List<string> _made = [];
    private readonly List<string> _tags = [];

    /// <summary>The caller whose token was given.</summary>
    public Caller Me => me;

    /// <summary>Without credentials.</summary>
    public Caller Nobody => nobody;

    /// <summary>A caller who must not see what <see cref="Me"/> makes.</summary>
    /// <exception cref="NotApplicableException">None was given.</exception>
    public Caller Stranger => stranger ?? throw new NotApplicableException("a token of another tenant is needed (--other-token)");

    /// <summary>The same caller, over TLS.</summary>
    /// <exception cref="NotApplicableException">No such endpoint was named.</exception>
    public Caller Tls => tls ?? throw new NotApplicableException("no https URL is known (--tls URL)");

    /// <summary>The model as it was when the run began.</summary>
    public Model Model => model;

    /// <summary>Makes an entity; it goes again after the check.</summary>
    /// <param name="kind">The kind's identifier.</param>
    /// <param name="lines">More lines of the text rendering.</param>
    /// <returns>Its path.</returns>
    public async Task<string> Make(string kind, params string[] lines)
    {
        var response = await Me.Post(Model.LocationOf(kind), Compose.Lines([Compose.Kind(kind), .. lines]));
        return Made(response);
    }

    public Task<string> MakeCompute(params string[] lines) => Make(Compute, lines);

    public Task<string> MakeNetwork(params string[] lines) => Make(Network, lines);

    /// <summary>One of 1 GiB unless a size is given.</summary>
    public Task<string> MakeStorage(params string[] lines) =>
        Make(Storage, [.. lines.Any(l => l.Contains("occi.storage.size", StringComparison.Ordinal)) ? (string[])[] : [Compose.Attribute("occi.storage.size", "1.0")], .. lines]);

    /// <summary>A link of that kind from one resource to another.</summary>
    public Task<string> MakeLink(string kind, string source, string target, params string[] lines) =>
        Make(kind, [Compose.Text("occi.core.source", source), Compose.Text("occi.core.target", target), .. lines]);

    /// <summary>Takes note of what an answer says was created, and returns its path; fails where it says of nothing.</summary>
    public string Made(Response response)
    {
        Expect.Status(response, 201, 200);
        var url = response["Location"] ?? (response.Locations is [var first, ..] ? first : null) ?? throw new CheckFailedException($"A Location of what was created was wanted: {response}");
        return Made(url);
    }

    /// <summary>Takes note of an entity by URL or path, and returns its path.</summary>
    public string Made(string url)
    {
        var path = PathOf(url);
        _made.Add(path);
        return path;
    }

    /// <summary>The absolute URL of a path.</summary>
    public string Url(string path) => Me.Authority + path;

    /// <summary>Makes a user mixin with a location of its own; it goes again after the check.</summary>
    /// <returns>Its identifier and location.</returns>
    public async Task<(string Id, string Location)> MakeTag(string? suffix = null)
    {
        var name = "conformance_" + (suffix ?? Guid.NewGuid().ToString("N")[..8]);
        var (id, location) = ($"http://example.com/occi/{name}#{name}", $"/{name}/");
        Expect.Status(await Me.Post(QueryInterface, TagDefinition(id, location)), 200);
        _tags.Add(id);
        return (id, location);
    }

    /// <summary>Takes note of a user mixin that was made otherwise.</summary>
    public void MadeTag(string id) => _tags.Add(id);

    public static string TagDefinition(string id, string location) => $"{Compose.Mixin(id)}; location=\"{location}\"";

    /// <summary>The entity in JSON.</summary>
    public async Task<JsonElement> Read(string path) => Expect.Status(await Me.Get(path, Json), 200).Json;

    /// <summary>The entity in text/plain.</summary>
    public async Task<Response> ReadText(string path) => Expect.Type(Expect.Status(await Me.Get(path, TextPlain), 200), TextPlain);

    /// <summary>An attribute's value, as JSON text without quotes; null where there is none.</summary>
    public async Task<string?> Attribute(string path, string name) => AttributeOf(await Read(path), name);

    public static string? AttributeOf(JsonElement entity, string name) =>
        entity.TryGetProperty("attributes", out var attributes) && attributes.TryGetProperty(name, out var value) ? value.ToString() : null;

    /// <summary>The URLs of a collection.</summary>
    public async Task<IReadOnlyList<string>> List(string location, params (string Name, string Value)[] filter) =>
        Expect.Status(await Me.Get(location, TextPlain, [.. filter.Length > 0 ? [("Content-Type", TextOcci)] : Array.Empty<(string, string)>(), .. filter]), 200).Locations;

    /// <summary>The same as paths.</summary>
    public async Task<IReadOnlyList<string>> ListPaths(string location, params (string Name, string Value)[] filter) => [.. (await List(location, filter)).Select(PathOf)];

    /// <summary>The path of a URL; fails where there is none.</summary>
    public string PathOf(string? url) => new Uri(Me.Endpoint, (url ?? throw new CheckFailedException("A URL was wanted where there was none.")).Trim()).AbsolutePath;

    /// <summary>Sends what must be answered with one of the statuses and leave what is at these paths, entities or collections, as it was.</summary>
    public async Task<Response> NoEffect(Func<Task<Response>> send, int[] statuses, params string[] paths)
    {
        var before = await Task.WhenAll(paths.Select(ReadText));
        var response = await send();
        if (response.Status == 201 && response["Location"] is { } url)
            Made(url);
        Expect.Status(response, statuses);
        foreach (var (path, was) in paths.Zip(before))
            Expect.Same(Settled(was), Settled(await ReadText(path)), $"{path} as it was before {response.Request}");
        return response;
    }

    // Networks and storage come to be in their own time; computes were brought to a state first.
    private static IEnumerable<string> Settled(Response shown) => shown.Categories.Any(c => c.Id == Compute)
        ? shown.Lines
        : shown.Lines.Where(l => !l.Contains(".state", StringComparison.Ordinal) && !l.Contains("?action=", StringComparison.Ordinal));

    /// <summary>Waits until an attribute has one of the values; fails after <see cref="RunOptions.Patience"/>.</summary>
    public async Task<string> Becomes(string path, string name, params string[] values)
    {
        string? found = null;
        async Task<bool> IsOneOfThem()
        {
            found = await Attribute(path, name);
            return values.Contains(found);
        }
        await Until($"{name} of {path} is {string.Join(" or ", values)}", IsOneOfThem, () => $"it is {found}");
        return found!;
    }

    /// <summary>Waits until it is so; fails after <see cref="RunOptions.Patience"/>.</summary>
    public async Task Until(string wanted, Func<Task<bool>> holds, Func<string>? found = null)
    {
        for (var since = time.GetTimestamp(); !await holds(); await Task.Delay(Step, time))
        {
            if (time.GetElapsedTime(since) > options.Patience)
                throw new CheckFailedException($"After {options.Patience.TotalSeconds:0} seconds it is not so that {wanted}; {found?.Invoke()}");
        }
    }

    /// <summary>An invocation of an action, in text/plain.</summary>
    public Task<Response> Act(string path, string action, params string[] lines) =>
        Me.Post($"{path}?action={action[(action.IndexOf('#', StringComparison.Ordinal) + 1)..]}", Compose.Lines([Compose.Action(action), .. lines]));

    /// <summary>A compute that rests in a state: made, and brought there.</summary>
    public async Task<string> ComputeThatIs(string state, params string[] lines)
    {
        var path = await MakeCompute(lines);
        await Bring(path, state);
        return path;
    }

    /// <summary>Brings a compute to a state, wherever it is: clouds differ in whether they start what was made.</summary>
    public async Task Bring(string compute, string state)
    {
        // Let it come to rest first: some start what was made by themselves.
        await Until($"{compute} is at rest", async () => !(await Read(compute)).TryGetProperty("actions", out var actions)
            || actions.EnumerateArray().Any(a => a.GetString() is var id && (id!.EndsWith("#start", StringComparison.Ordinal) || id.EndsWith("#suspend", StringComparison.Ordinal))));
        var present = await Attribute(compute, "occi.compute.state");
        if (present == state)
            return;
        if (state is "suspended" && present != "active")
            await Bring(compute, "active");
        var action = state switch { "active" => "start", "suspended" => "suspend", _ => "stop" };
        Expect.Status(await Act(compute, ComputeAction + action), 200);
        await Becomes(compute, "occi.compute.state", state);
    }

    /// <summary>Makes sure that a whole collection may be changed: it holds nothing but what this check made, or the run allows it.</summary>
    /// <exception cref="NotApplicableException">There is somebody's else in it.</exception>
    public async Task MayEmpty(string location)
    {
        if (options.MayDeleteAll)
            return;
        var others = (await ListPaths(location)).Except(_made).Count();
        if (others > 0)
            throw new NotApplicableException($"{location} holds {others} entities that are not the suite's (--delete-all would sacrifice them)");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var path in Enumerable.Reverse(_made))
            await Me.Delete(path);
        foreach (var tag in _tags)
            await Me.Delete(QueryInterface, Compose.Mixin(tag));
    }
}
