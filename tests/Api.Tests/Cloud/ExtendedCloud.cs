using Controller.Testing;

namespace Controller.Api.Tests.Cloud;

/// <summary>A cloud with the shipped extensions and the example of docs/adding-a-kind.md.</summary>
public sealed class ExtendedCloud : IAsyncLifetime
{
    public ApiFixture Api { get; } = new()
    {
        Model = new Dictionary<string, string>
        {
            ["platform.json"] = Shipped("platform"),
            ["sla.json"] = Shipped("sla"),
            ["example.json"] = Example,
        },
    };

    /// <summary>The complete file in docs/adding-a-kind.md.</summary>
    public static string Example
    {
        get
        {
            var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "adding-a-kind.md"));
            var start = text.IndexOf("```json\n", StringComparison.Ordinal) + "```json\n".Length;
            return text[start..text.IndexOf("```", start, StringComparison.Ordinal)];
        }
    }

    public static string Shipped(string name) => File.ReadAllText(Path.Combine(Repository.Root, "deploy", "extensions", name + ".json"));

    public Task InitializeAsync() => Api.InitializeAsync();

    public Task DisposeAsync() => Api.DisposeAsync();
}

[CollectionDefinition("extended cloud")]
public sealed class ExtendedCollection : ICollectionFixture<ExtendedCloud>;
