using Occi.Infrastructure;

namespace Occi.Tests;

/// <summary>
/// One compute in every rendering, side by side in Golden/. When the output changes on purpose, run the tests with GOLDEN=write and read the
/// difference.
/// </summary>
public sealed class GoldenFiles
{
    [Theory]
    [InlineData(Rendering.TextPlain, "compute.txt")]
    [InlineData(Rendering.TextOcci, "compute.headers")]
    [InlineData(Rendering.Json, "compute.json")]
    public void A_compute_looks_so(Rendering rendering, string file) => Matches(Samples.Writer.Entity(Samples.Worker, rendering), file);

    [Theory]
    [InlineData(Rendering.TextPlain, "listing.txt")]
    [InlineData(Rendering.TextOcci, "listing.headers")]
    [InlineData(Rendering.UriList, "listing.uris")]
    public void A_listing_looks_so(Rendering rendering, string file) =>
        Matches(Samples.Writer.Entities([Samples.Worker, Samples.Worker.Links[0]], rendering), file);

    [Theory]
    [InlineData(Rendering.TextPlain, "categories.txt")]
    [InlineData(Rendering.TextOcci, "categories.headers")]
    [InlineData(Rendering.Json, "categories.json")]
    public void Categories_look_so(Rendering rendering, string file) =>
        Matches(Samples.Writer.Categories([Core.CoreKinds.Entity, Storage.Kind, Samples.Jammy, ResourceTemplate.Small, Compute.Stop], rendering), file);

    [Theory]
    [InlineData(Rendering.TextPlain, "stop.txt")]
    [InlineData(Rendering.TextOcci, "stop.headers")]
    [InlineData(Rendering.Json, "stop.json")]
    public void An_invocation_looks_so(Rendering rendering, string file) =>
        Matches(Samples.Writer.Invocation(new Invocation(Compute.Stop.Id, Samples.Values((Compute.StopMethod, "acpioff"))), rendering), file);

    private static void Matches(Message message, string file)
    {
        var text = string.Concat(message.Fields.Select(f => $"{f.Key}: {f.Value}\n")) + (message.Fields.Count > 0 ? "\n" : "") + message.Body + "\n";
        if (Environment.GetEnvironmentVariable("GOLDEN") == "write")
            File.WriteAllText(Path.Combine(SourceDirectory(), "Golden", file), text);
        else
            Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", file)), text);
    }

    private static string SourceDirectory([System.Runtime.CompilerServices.CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
