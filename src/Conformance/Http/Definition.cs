using System.Text.Json;

namespace Controller.Conformance.Http;

/// <summary>A category as JSON defines it (GFD.226 §3.2); <see cref="Attributes"/> are the definitions by name.</summary>
public sealed record Definition(string Class, JsonElement Is)
{
    public string Id => Is.GetProperty("scheme").GetString() + Is.GetProperty("term").GetString();

    public string? Location => Text("location");

    public string? Parent => Text("parent");

    public IReadOnlyList<string> Depends => List("depends");

    /// <summary>What text has as <c>rel</c>: the parent, or the first dependency.</summary>
    public string? Rel => Parent ?? (Depends is [var first, ..] ? first : null);

    public IReadOnlyList<string> Applies => List("applies");

    public IReadOnlyList<string> Actions => List("actions");

    public IReadOnlyDictionary<string, JsonElement> Attributes =>
        Is.TryGetProperty("attributes", out var all) ? all.EnumerateObject().ToDictionary(a => a.Name, a => a.Value) : new Dictionary<string, JsonElement>();

    private string? Text(string name) => Is.TryGetProperty(name, out var value) ? value.GetString() : null;

    private string[] List(string name) => Is.TryGetProperty(name, out var all) ? [.. all.EnumerateArray().Select(i => i.GetString()!)] : [];
}

/// <summary>All that the query interface defines, in JSON: what text does not say is there, too.</summary>
public static class Definitions
{
    private static readonly string[] Classes = ["kind", "mixin", "action"];

    /// <exception cref="NotApplicableException">There is no JSON: OCCI 1.1 had none.</exception>
    public static async Task<IReadOnlyList<Definition>> Read(Caller caller)
    {
        var response = await caller.Get(Standard.QueryInterface, Standard.Json);
        return response.Status == 406 ? throw new NotApplicableException("JSON is not offered, and text does not say it") : Of(response);
    }

    public static IReadOnlyList<Definition> Of(Response response)
    {
        var json = Expect.Status(response, 200).Json;
        return [.. Classes.SelectMany(c => json.TryGetProperty(c + "s", out var all) ? all.EnumerateArray().Select(d => new Definition(c, d)) : [])];
    }
}
