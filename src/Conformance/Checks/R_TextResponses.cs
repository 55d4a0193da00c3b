using System.Text.Json;
using System.Text.RegularExpressions;
using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>R. Text rendering: what is written.</summary>
internal static partial class TextResponses
{
    [Row("C-233", Should, C, "GET in text/occi", "comma-separated form")]
    public static async Task Headers_are_lists(Session s)
    {
        var network = await s.MakeNetwork(Compose.Text("occi.core.title", "one"), Compose.Text("occi.core.summary", "two"));
        await s.MakeNetwork();
        foreach (var (path, name) in new[] { (network, "X-OCCI-Attribute"), (s.Model.LocationOf(Network), "X-OCCI-Location") })
        {
            var response = Expect.Status(await s.Me.SendLines("GET", path, "Accept: text/occi"), 200);
            Expect.That(response.Headers.GetValueOrDefault(name) is [var one] && Commas.Split(one).Count > 1, $"several values in one {name} line, found {string.Join(" and ", response.Headers.GetValueOrDefault(name) ?? [])}");
        }
    }

    [Row("C-237", Must, C, "GET an entity in text: strings and enums", "quoted")]
    public static async Task Strings_are_quoted(Session s)
    {
        foreach (var (name, value, json) in await Attributes(s))
            Expect.That(json.ValueKind is not JsonValueKind.String || QuotedString().IsMatch(value), $"{name} quoted, found {value}");
    }

    [Row("C-238", Must, C, "GET an entity in text: numbers and booleans", "unquoted; float with .")]
    public static async Task Numbers_are_not_quoted(Session s)
    {
        foreach (var (name, value, json) in await Attributes(s))
        {
            Expect.That(json.ValueKind is not JsonValueKind.Number || Number().IsMatch(value), $"{name} a number without quotes or exponent, found {value}");
            Expect.That(json.ValueKind is not (JsonValueKind.True or JsonValueKind.False) || value is "true" or "false", $"{name} true or false, found {value}");
            Expect.That(name is not ("occi.compute.memory" or "occi.storage.size") || value.Contains('.', StringComparison.Ordinal), $"{name} with a decimal point, found {value}");
        }
    }

    [Row("C-243", Must, C, "GET a collection in text/uri-list", "RFC 2483: one absolute URI a line, # comments only")]
    public static async Task Uri_lists(Session s)
    {
        await s.MakeNetwork();
        var network = s.Url(await s.MakeNetwork());
        var listed = Expect.Type(Expect.Status(await s.Me.Get(s.Model.LocationOf(Network), UriList), 200), UriList);
        Expect.That(listed.Lines.All(l => l[0] == '#' || (Uri.TryCreate(l, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && !l.Any(char.IsWhiteSpace))), "absolute URIs, one a line", listed);
        Expect.That(listed.Lines.Contains(network), $"{network} on a line", listed);
    }

    [Row("C-244", Must, C, "GET a resource and a link in text", "occi.core.id, title, summary, source, target (.kind)")]
    public static async Task Core_attributes_have_their_names(Session s)
    {
        var compute = await s.MakeCompute(Compose.Text("occi.core.title", "a title"), Compose.Text("occi.core.summary", "a summary"));
        var network = await s.MakeNetwork();
        var link = await s.MakeLink(NetworkInterface, compute, network, Compose.Text("occi.core.title", "a link"));
        var (resource, shown) = (await s.ReadText(compute), await s.ReadText(link));
        string? Of(Response response, string name) => response.Attributes.TryGetValue("occi.core." + name, out var value) ? LinkValue.Unquote(value) : null;
        Expect.That(Of(resource, "id") == (await s.Read(compute)).GetProperty("id").GetString(), "the id that JSON has", resource);
        Expect.That((Of(resource, "title"), Of(resource, "summary")) == ("a title", "a summary"), "title and summary", resource);
        Expect.That(Of(shown, "title") == "a link" && Of(shown, "id") is not null, "id and title", shown);
        Expect.That(Of(shown, "source") is { } source && s.PathOf(source) == compute && Of(shown, "target") is { } target && s.PathOf(target) == network, "source and target", shown);
        Expect.That(Of(shown, "source.kind") is null or Compute && Of(shown, "target.kind") is null or Network, "the ends' kinds, if they are there", shown);
    }

    // The attributes of several entities in text/plain, each with its value in JSON.
    private static async Task<IReadOnlyList<(string Name, string Text, JsonElement Json)>> Attributes(Session s)
    {
        var compute = await s.ComputeThatIs(
            "inactive", Compose.Text("occi.compute.hostname", "quoted"), Compose.Attribute("occi.compute.cores", "1"), Compose.Attribute("occi.compute.memory", "1.0"));
        var found = new List<(string, string, JsonElement)>();
        foreach (var path in new[] { compute, await s.MakeStorage(), await s.MakeNetwork(Compose.Text("occi.network.label", "12"), Compose.Attribute("occi.network.vlan", "12")) })
        {
            var (text, json) = ((await s.ReadText(path)).Attributes, (await s.Read(path)).GetProperty("attributes"));
            found.AddRange(text.Where(a => json.TryGetProperty(a.Key, out _)).Select(a => (a.Key, a.Value, json.GetProperty(a.Key))));
        }
        foreach (var name in new[] { "occi.compute.hostname", "occi.compute.state", "occi.compute.cores", "occi.compute.memory", "occi.storage.size", "occi.network.label" })
            Expect.That(found.Any(f => f.Item1 == name), $"{name} in text and in JSON");
        return found;
    }

    [GeneratedRegex("""^"(\\.|[^"\\])*"$""")]
    private static partial Regex QuotedString();

    [GeneratedRegex(@"^-?[0-9]+(\.[0-9]+)?$")]
    private static partial Regex Number();
}
