using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests.Hostile;

/// <summary>Another tenant, who works as it should be while the storm blows, and counts what is theirs.</summary>
internal sealed class Neighbour(HostileCloud cloud)
{
    private const string Kinds = "http://schemas.ogf.org/occi/infrastructure#";

    private readonly Dictionary<string, string> _titles = [];

    /// <summary>Is in all of this tenant's titles.</summary>
    public string Marker { get; } = Guid.NewGuid().ToString("N");

    /// <summary>One of each kind, and something between them.</summary>
    public async Task MoveIn()
    {
        var network = await Create("network", "");
        var storage = await Create("storage", "\nX-OCCI-Attribute: occi.storage.size=0.1");
        await Create("compute", $"\nLink: <{network}>; rel=\"{Kinds}network\"; category=\"{Kinds}networkinterface\"\nLink: <{storage}>; rel=\"{Kinds}storage\"; category=\"{Kinds}storagelink\"");
    }

    /// <summary>Creates, changes, reads and deletes until told to stop; each must work, and show what was done before.</summary>
    public async Task Live(CancellationToken stop)
    {
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            var path = await Create("network", "");
            _titles[path] = $"{Marker} {round}";
            Assert.Equal(200, (await Ask("POST", path, $"X-OCCI-Attribute: occi.core.title=\"{_titles[path]}\"")).Status);
            await Check();
            if (_titles.Count < 8)
                continue;
            var oldest = _titles.Keys.First(p => p.StartsWith("/network/", StringComparison.Ordinal) && _titles[p] != Marker);
            Assert.Equal(200, (await Ask("DELETE", oldest)).Status);
            _titles.Remove(oldest);
        }
    }

    /// <summary>All of it is there as it was left, and nothing else is.</summary>
    public async Task Check()
    {
        var listed = (await Ask("GET", "/", accept: "text/uri-list")).Lines.Select(l => new Uri(l).AbsolutePath).Where(p => !p.Contains("link/", StringComparison.Ordinal) && !p.Contains("interface/", StringComparison.Ordinal));
        Assert.Equal(_titles.Keys.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        foreach (var (path, title) in _titles)
        {
            var shown = await Ask("GET", path, accept: "application/occi+json");
            Assert.True(shown.Status == 200 && shown.Json.GetProperty("title").GetString() == title, $"{path} is {shown.Status} {shown.Body}, and should be {title}");
            if (path.StartsWith("/compute/", StringComparison.Ordinal))
                Assert.Equal(2, shown.Json.GetProperty("links").GetArrayLength());
        }
    }

    private async Task<string> Create(string term, string more)
    {
        var made = await Ask("POST", $"/{term}/", $"Category: {term}; scheme=\"{Kinds}\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.title=\"{Marker}\"{more}");
        Assert.True(made.Status == 201, $"{made.Status} {made.Body}");
        _titles[made.Path] = Marker;
        return made.Path;
    }

    private Task<Answer> Ask(string method, string path, string? body = null, string? accept = null) => cloud.Ask(method, path, body, cloud.Stranger, accept);
}
