using Occi.Declared;

namespace Occi.Tests;

/// <summary>Kinds and mixins of data files.</summary>
public sealed class DeclaredModels
{
    [Theory]
    [InlineData("platform")]
    [InlineData("sla")]
    public void A_shipped_extension_loads(string name) => Assert.Empty(Load((name, Shipped(name))).Problems);

    internal static string Shipped(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "extensions", name + ".json"));

    internal static LoadedModel Load(params (string Name, string Text)[] files) => ModelLoader.Load(files.Select(f => new ModelFile(f.Name, f.Text)));
}
