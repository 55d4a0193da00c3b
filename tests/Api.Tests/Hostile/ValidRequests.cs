namespace Controller.Api.Tests.Hostile;

/// <summary>Requests as clients send them: every method, sort of URL and rendering. What the same random numbers make is the same.</summary>
internal sealed class ValidRequests(Random random, string member, string admin)
{
    private const string Kinds = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Templates = "http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#";
    private const int Entities = 12;
    private const int Tags = 4;

    private static readonly string[] Resources = ["compute", "network", "storage"];
    private static readonly string[] Links = ["networkinterface", "storagelink"];
    private static readonly string[] Accepts = ["text/plain", "text/occi", "application/occi+json", "application/json", "text/uri-list", "*/*", "text/occi, text/plain;q=0.5"];
    private static readonly string[] Mixins = ["resource_tpl", "resource_tpl/small", "os_tpl", "ipnetwork", "ipnetworkinterface", "user_data", "ssh_key"];

    private static readonly Dictionary<string, string[]> Actions = new()
    {
        ["compute"] = ["start", "stop", "restart", "suspend", "save"],
        ["network"] = ["up", "down"],
        ["storage"] = ["online", "offline", "resize", "backup"],
        ["networkinterface"] = ["up"],
        ["storagelink"] = ["online"],
    };

    /// <summary>Any of them, with a token and an Accept.</summary>
    public RawRequest Any()
    {
        var request = random.Next(20) switch
        {
            < 4 => Read(),
            < 9 => Create(),
            9 => Put(),
            < 12 => Update(),
            < 14 => Act(),
            < 16 => Tag(),
            < 18 => Delete(),
            18 => Query(),
            _ => Operate(),
        };
        var secret = request.Target.StartsWith("/admin", StringComparison.Ordinal) && random.Next(2) == 0 ? admin : member;
        request = random.Next(10) == 0 ? request.With("X-Auth-Token", secret) : request.With("Authorization", "Bearer " + secret);
        return random.Next(4) == 0 ? request : request.With("Accept", OneOf(Accepts));
    }

    private T OneOf<T>(params T[] items) => items[random.Next(items.Length)];

    // Few, so that requests meet each other's entities. The kind is in the id: one id is never of two kinds by chance.
    private string Id(string term) => $"00000000-0000-4000-8{Array.IndexOf([.. Resources, .. Links], term):d3}-{random.Next(1, Entities):d12}";

    private string Path(string term) => $"/{term}/{Id(term)}";

    private string AnyTerm() => OneOf([.. Resources, .. Links]);

    private RawRequest Read() => new(OneOf("GET", "GET", "GET", "HEAD", "OPTIONS"), random.Next(8) switch
    {
        0 => "/",
        1 => "/-/",
        2 => $"/{AnyTerm()}/",
        3 => $"/{AnyTerm()}/?page={random.Next(1, 4)}&number={random.Next(1, 50)}",
        4 => $"/mixin/{OneOf(Mixins)}/",
        5 => $"/{AnyTerm()}",
        _ => Path(AnyTerm()),
    });

    private RawRequest Create()
    {
        var term = random.Next(4) == 0 ? OneOf(Links) : OneOf(Resources);
        var request = Send(new("POST", random.Next(12) == 0 ? "/" : $"/{term}/"), term, random.Next(3) == 0 ? null : Id(term));
        return random.Next(6) == 0 ? request.With("Idempotency-Key", $"key-{random.Next(40)}") : request;
    }

    private RawRequest Put()
    {
        var term = AnyTerm();
        var request = Send(new("PUT", Path(term)), term, null);
        return random.Next(3) == 0 ? request.With("If-Match", OneOf("*", "\"1.0-TextPlain\"", "\"2\"")) : request;
    }

    private RawRequest Update()
    {
        var term = AnyTerm();
        return Send(new("POST", Path(term)), random.Next(2) == 0 ? term : null, null, $"{random.Next(100)}");
    }

    private RawRequest Act()
    {
        var term = OneOf([.. Actions.Keys]);
        var action = OneOf(Actions[term]);
        var request = new RawRequest("POST", (random.Next(5) == 0 ? $"/{term}/" : Path(term)) + "?action=" + action);
        var scheme = $"http://schemas.ogf.org/occi/infrastructure/{term}/action#";
        (string Name, string Value)[] attributes = action == "resize" ? [("size", "2.0")] : action == "stop" ? [("method", "\"poweroff\"")] : [];
        return Rendered(request, [$"{action}; scheme=\"{scheme}\"; class=\"action\""], attributes, [],
            $$"""{"action":"{{scheme}}{{action}}","attributes":{{Object(attributes)}}}""");
    }

    private RawRequest Tag() => Named(new(OneOf("POST", "PUT", "DELETE"), random.Next(3) == 0 ? $"/my_stuff{random.Next(Tags)}/" : $"/mixin/{OneOf(Mixins)}/"));

    private RawRequest Delete() => random.Next(6) switch
    {
        0 => Named(new("DELETE", $"/{AnyTerm()}/")),
        1 when random.Next(10) == 0 => new("DELETE", $"/{AnyTerm()}/"),
        _ => new("DELETE", Path(AnyTerm())),
    };

    private RawRequest Query()
    {
        var tag = $"my_stuff{random.Next(Tags)}";
        return Rendered(new(OneOf("GET", "POST", "POST", "DELETE"), OneOf("/-/", "/.well-known/org/ogf/occi/-/")),
            [
                random.Next(4) == 0 ? $"compute; scheme=\"{Kinds}\"; class=\"kind\""
                    : $"{tag}; scheme=\"http://example.com/occi/my_stuff#\"; class=\"mixin\"; rel=\"http:/example.com/occi/something_else#mixin\"; location=\"/{tag}/\"",
            ],
            [], [], $$"""{"mixins":[{"term":"{{tag}}","scheme":"http://example.com/occi/my_stuff#","location":"/{{tag}}/"}]}""");
    }

    private RawRequest Operate() => random.Next(9) switch
    {
        0 => new("GET", "/admin/" + OneOf("hosts", "images", "projects", "tokens")),
        1 => Json(new("POST", "/admin/projects"), $"{{\"name\":\"p{random.Next(5)}\",\"quota\":{{\"computes\":1}}}}"),
        2 => Json(new("POST", "/admin/tokens"), """{"name":"t","project":"storm","role":"reader","expiresInSeconds":60}"""),
        3 => Json(new("POST", "/admin/hosts/join-tokens"), """{"ttlSeconds":60}"""),
        4 => new("PUT", $"/admin/images/i{random.Next(3)}?format=raw&title=An+image", new string('i', 512)),
        5 => new("DELETE", OneOf($"/admin/images/i{random.Next(3)}", $"/admin/tokens/{Id("compute")}", $"/admin/hosts/{Id("compute")}")),
        6 => new("GET", $"/console/{Id("compute")}?offset=0&wait=0&max=100"),
        _ => new("GET", OneOf("/health/live", "/health/ready")),
    };

    private RawRequest Send(RawRequest request, string? term, string? id, string title = "a title")
    {
        List<string> categories = term is null ? [] : [$"{term}; scheme=\"{Kinds}\"; class=\"kind\""];
        List<(string Name, string Value)> attributes = [("occi.core.title", $"\"{title}\"")];
        List<string> links = [];
        if (id is not null)
            attributes.Add(("occi.core.id", $"\"urn:uuid:{id}\""));
        switch (term)
        {
            case "compute":
                attributes.AddRange([("occi.compute.cores", "1"), ("occi.compute.memory", "0.5"), ("occi.compute.hostname", "\"host-1\"")]);
                if (random.Next(3) == 0)
                    categories.Add($"small; scheme=\"{Templates}\"; class=\"mixin\"");
                if (random.Next(4) == 0)
                    links.Add(Path("network"));
                break;
            case "storage":
                attributes.Add(("occi.storage.size", "0.1"));
                break;
            case "network":
                attributes.Add(("occi.network.vlan", $"{random.Next(100)}"));
                break;
            case "networkinterface" or "storagelink":
                attributes.AddRange([("occi.core.source", $"\"{Path("compute")}\""), ("occi.core.target", $"\"{Path(term == "storagelink" ? "storage" : "network")}\"")]);
                break;
        }
        var mixins = categories.Skip(1).Select(_ => $"\"{Templates}small\"");
        string[] parts =
        [
            .. term is null ? [] : (string[])["\"kind\":\"" + Kinds + term + "\""],
            $"\"mixins\":[{string.Join(',', mixins)}]",
            $"\"attributes\":{Object(attributes)}",
            .. links.Count == 0 ? [] : (string[])[$"\"links\":[{{\"kind\":\"{Kinds}networkinterface\",\"target\":{{\"location\":\"{links[0]}\"}}}}]"],
        ];
        return Rendered(request, categories, attributes, links.ConvertAll(l => $"<{l}>; rel=\"{Kinds}network\"; category=\"{Kinds}networkinterface\""), "{" + string.Join(',', parts) + "}");
    }

    private static string Object(IEnumerable<(string Name, string Value)> attributes) =>
        "{" + string.Join(',', attributes.Select(a => $"\"{a.Name}\":{a.Value}")) + "}";

    private RawRequest Named(RawRequest request)
    {
        string[] paths = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(3) == 0 ? "urn:uuid:" + Id(AnyTerm()) : Path(AnyTerm()))];
        return random.Next(3) switch
        {
            0 => request.With("Content-Type", "text/occi").With("X-OCCI-Location", string.Join(", ", paths)),
            1 => (request with { Body = string.Join("\r\n", paths) }).With("Content-Type", "text/uri-list"),
            _ => Json(request, "[" + string.Join(',', paths.Select(p => $"\"{p}\"")) + "]"),
        };
    }

    private RawRequest Rendered(
        RawRequest request, IReadOnlyList<string> categories, IReadOnlyList<(string Name, string Value)> attributes, IReadOnlyList<string> links, string json)
    {
        (string, string)[] fields =
        [
            .. categories.Select(c => ("Category", c)), .. links.Select(l => ("Link", l)), .. attributes.Select(a => ("X-OCCI-Attribute", $"{a.Name}={a.Value}")),
        ];
        return random.Next(3) switch
        {
            0 => request.With("Content-Type", "text/occi") is var occi ? occi with { Headers = [.. occi.Headers, .. fields] } : occi,
            1 => (request with { Body = string.Join("\n", fields.Select(f => $"{f.Item1}: {f.Item2}")) }).With("Content-Type", OneOf("text/plain", "text/plain; charset=utf-8")),
            _ => Json(request, json),
        };
    }

    private RawRequest Json(RawRequest request, string json) =>
        (request with { Body = RawRequest.Utf8(json) }).With("Content-Type", request.Target.StartsWith("/admin", StringComparison.Ordinal) ? "application/json" : OneOf("application/occi+json", "application/json"));
}
