using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using Occi;

namespace Controller.Cli.Entities;

/// <summary>What a command over OCCI works with: the client, the server's model, and a finder.</summary>
internal sealed class Session : IDisposable
{
    /// <summary>Tables, the server's JSON, the same as YAML, or its text.</summary>
    public static Option<string> FormatOption() => OutputFormat.Option("text");

    private Session(OcciClient client, Model model) => (Client, Model, Finder) = (client, model, new(client, model));

    public OcciClient Client { get; }

    public Model Model { get; }

    public EntityFinder Finder { get; }

    public static async Task<Session> Open(ParseResult parse, CancellationToken cancel)
    {
        var client = new OcciClient(Connection.Api(parse));
        try
        {
            return new(client, await client.Model(cancel));
        }
        catch
        {
            client.Api.Dispose();
            throw;
        }
    }

    /// <summary>Kinds and mixins, by the names that people use.</summary>
    public (CategoryDefinition Kind, IReadOnlyList<CategoryDefinition> Mixins) Types(string kind, IEnumerable<string> mixins) =>
        (Model.Kind(kind), [.. mixins.Select(Model.Mixin)]);

    /// <summary>A representation of a kind with mixins and attributes as typed.</summary>
    public Representation Describe(CategoryDefinition kind, IReadOnlyList<CategoryDefinition> mixins, IEnumerable<Assignment> attributes) => new()
    {
        Kind = kind.Id,
        Mixins = [.. mixins.Select(m => m.Id)],
        Attributes = AttributeNames.Of(Model, kind, mixins).Resolve(attributes, name => MixinsWith(name)),
    };

    /// <summary>What is at a path: a table of what the server says, or its JSON or text as served, or that JSON as YAML. With a line end behind it.</summary>
    public async Task<string> Text(string path, string format, Func<bool, Task<string>> table, CancellationToken cancel)
    {
        if (format is OutputFormat.Table or OutputFormat.Wide)
            return await table(format == OutputFormat.Wide);
        var served = (await Client.Api.Text(HttpMethod.Get, path, null, format == "text" ? "text/plain" : ApiClient.OcciJson, cancel)).TrimEnd('\n');
        return format == OutputFormat.Yaml ? Yaml.Of(JsonNode.Parse(served)) : served + "\n";
    }

    public void Dispose() => Client.Api.Dispose();

    private string? MixinsWith(string attribute)
    {
        string[] terms = [.. Model.Categories.Where(c => c.Class == CategoryClass.Mixin && c.Attributes.Any(a => a.Name == attribute || a.Name.EndsWith("." + attribute, StringComparison.Ordinal))).Select(c => c.Id.Term)];
        return terms.Length == 0 ? null : $"mixins that have it: {string.Join(", ", terms)} (add -m)";
    }
}
