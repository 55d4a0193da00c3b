using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;

namespace Controller.Cli.Conformance;

/// <summary>Two projects of the local cluster for the suite alone, so that it can empty collections and meet a stranger.</summary>
internal static class ScratchTenants
{
    private static readonly string[] Names = ["conformance", "conformance-other"];

    public static async Task<(Uri Endpoint, string Token, string Other)> Make(ParseResult parse, CancellationToken cancel)
    {
        using var api = Connection.Api(parse);
        var there = (await api.Json(HttpMethod.Get, "/admin/projects", null, cancel) as JsonArray ?? []).Select(p => p?["name"]?.ToString()).ToHashSet();
        var tokens = new List<string>();
        foreach (var name in Names)
        {
            if (!there.Contains(name))
                await api.Json(HttpMethod.Post, "/admin/projects", new JsonObject { ["name"] = name, ["quota"] = new JsonObject() }, cancel);
            var made = await api.Json(
                HttpMethod.Post, "/admin/tokens",
                new JsonObject { ["name"] = name, ["project"] = name, ["role"] = "member", ["expiresInSeconds"] = 7200 }, cancel);
            tokens.Add(made?["token"]?.ToString() ?? throw new CliException("the server made a token and did not say which"));
        }
        return (api.Endpoint, tokens[0], tokens[1]);
    }
}
