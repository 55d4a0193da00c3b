using System.Security.Cryptography;
using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Controller.Api.Tests;

/// <summary>Images that a silo fetches from a web server, and storages that are made from them.</summary>
[Collection("cloud")]
public sealed class ImageImportTests(ApiFixture api) : IAsyncLifetime
{
    private const string Json = "application/json";
    private const string StorageCategory = "Category: storage; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private static readonly byte[] Disk = RandomNumberGenerator.GetBytes(100_000);
    private static readonly string Sha256 = Convert.ToHexStringLower(SHA256.HashData(Disk));
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _server = null!;   // set by InitializeAsync
    private int _fetching, _mostFetching;

    private string Server => _server.Urls.First();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.MapGet("/disk.raw", () => Results.Bytes(Disk));
        _server.MapGet("/moved", () => Results.Redirect("/disk.raw"));
        _server.MapGet("/round", () => Results.Redirect("/round"));
        _server.MapGet("/backed.qcow2", () => Results.Bytes(Backed()));
        _server.MapGet("/slow.raw", async (HttpContext http) =>
        {
            InterlockedMax(Interlocked.Increment(ref _fetching));
            http.Response.ContentLength = 2 * Disk.Length;
            await http.Response.Body.WriteAsync(Disk);
            await http.Response.Body.FlushAsync();
            await _goOn.Task;
            Interlocked.Decrement(ref _fetching);   // before the client can have all of it
            await http.Response.Body.WriteAsync(Disk);
        });
        await _server.StartAsync();
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task An_image_is_fetched_checked_and_used_for_a_storage()
    {
        var term = await Import("disk.raw", Sha256, "raw");
        var image = await Settled(term);
        Assert.Equal(("ready", Sha256, Disk.Length, Server + "/disk.raw"), (Text(image, "state"), Text(image, "sha256"), image.GetProperty("sizeBytes").GetInt32(), Text(image, "origin")));
        Assert.False(image.TryGetProperty("import", out var import) && import.ValueKind != System.Text.Json.JsonValueKind.Null);
        Assert.Equal(Disk, await File.ReadAllBytesAsync(Path.Combine(api.Images, Sha256)));

        var path = (await Storage(0.25m, ("image", term))).Path;
        await api.Becomes(path, "occi.storage.state", "online");
        var copy = (await Storage(0.25m, ("source", path))).Path;
        await api.Becomes(copy, "occi.storage.state", "online");
        var refused = await Storage(0.25m, ("source", path), ("image", term));
        Assert.Equal(400, refused.Status);
        Assert.Equal(400, (await Storage(0.25m, ("image", "no-such-image"))).Status);
        foreach (var storage in new[] { copy, path })
            Assert.Equal(204, (await api.Send("DELETE", storage)).Status is var status && status is 200 or 204 ? 204 : 0);
    }

    [Fact]
    public async Task A_server_of_inside_is_fetched_from_but_does_not_send_us_on()
    {
        Assert.Contains("no public address", await Failed("moved", Sha256, "raw"), StringComparison.Ordinal);
        Assert.Contains("no public address", await Failed("round", null, "raw"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_what_was_wanted_is_no_template_and_says_why()
    {
        Assert.Contains($"{Disk.Length} bytes with {Sha256} came", await Failed("disk.raw", new('0', 64), "raw"), StringComparison.Ordinal);
        Assert.Contains("no qcow2", await Failed("disk.raw", null, "qcow2"), StringComparison.Ordinal);
        Assert.Contains("backing file", await Failed("backed.qcow2", null, "qcow2"), StringComparison.Ordinal);
        Assert.Contains("404", await Failed("nothing", null, "raw"), StringComparison.Ordinal);
        Assert.Equal(400, (await api.Send("PUT", "/admin/images/backed?format=qcow2", Convert.ToBase64String(Backed()), "admin", contentType: "application/octet-stream")).Status);
    }

    [Theory]
    [InlineData("""{"url": "ftp://example.org/x"}""")]
    [InlineData("""{"url": "/etc/passwd"}""")]
    [InlineData("""{"url": "http://me:secret@example.org/x"}""")]
    [InlineData("""{"url": "http://example.org/x", "sha256": "abc"}""")]
    [InlineData("""{"url": "http://example.org/x", "format": "vmdk"}""")]
    public async Task A_wish_that_cannot_be_is_refused_at_once(string wish) =>
        Assert.Equal(400, (await api.Send("POST", "/admin/images/never/import", wish, "admin", contentType: Json)).Status);

    [Fact]
    public async Task While_it_arrives_it_is_pending_and_cannot_be_used_and_only_admins_import()
    {
        var term = await Import("slow.raw", null, "raw");
        Assert.Equal("pending", Text(await Image(term), "state"));
        Assert.Equal(409, (await Storage(0.25m, ("image", term))).Status);
        _goOn.SetResult();
        Assert.Equal("ready", Text(await Settled(term), "state"));
        Assert.Equal(403, (await api.Send("POST", "/admin/images/x/import", """{"url": "http://example.org/x"}""", contentType: Json)).Status);
    }

    [Fact]
    public async Task Some_are_fetched_at_a_time_and_the_others_wait()
    {
        var most = new Silo.ImageOptions().ParallelImports;
        var terms = new List<string>();
        for (var wish = 0; wish < most + 2; wish++)
            terms.Add(await Import("slow.raw", null, "raw"));
        await Eventually.Is("as many as may be are fetched", () => Task.FromResult(_fetching >= most));
        _goOn.SetResult();
        foreach (var term in terms)
            Assert.Equal("ready", Text(await Settled(term), "state"));
        Assert.Equal(most, _mostFetching);
    }

    /// <summary>The header of a qcow2 of which the rest is in another file.</summary>
    private static byte[] Backed()
    {
        var header = new byte[1024];
        (header[0], header[1], header[2], header[3], header[7], header[15], header[31]) = ((byte)'Q', (byte)'F', (byte)'I', 0xfb, 2, 104, 1);
        return header;
    }

    private async Task<string> Import(string file, string? sha256, string format)
    {
        var term = "imported-" + Guid.NewGuid().ToString("N")[..8];
        var digest = sha256 is null ? "null" : $"\"{sha256}\"";
        var answer = await api.Send("POST", $"/admin/images/{term}/import", $$"""{"url": "{{Server}}/{{file}}", "sha256": {{digest}}, "format": "{{format}}"}""", "admin", contentType: Json);
        Assert.Equal(202, answer.Status);
        return term;
    }

    private async Task<string> Failed(string file, string? sha256, string format)
    {
        var image = await Settled(await Import(file, sha256, format));
        Assert.Equal("error", Text(image, "state"));
        return Text(image, "message")!;
    }

    private async Task<System.Text.Json.JsonElement> Settled(string term)
    {
        System.Text.Json.JsonElement image = default;
        await Eventually.Is($"the image {term} is there or not", async () => Text(image = await Image(term), "state") != "pending");
        return image;
    }

    private async Task<System.Text.Json.JsonElement> Image(string term) =>
        (await api.Send("GET", "/admin/images", caller: "admin")).Json.EnumerateArray().Single(i => Text(i, "term") == term);

    private Task<Answer> Storage(decimal size, params (string Name, string Value)[] content) => api.Send(
        "POST", "/storage/",
        StorageCategory + "\nCategory: source; scheme=\"http://controller.local/occi/storage#\"; class=\"mixin\"\n"
        + FormattableString.Invariant($"X-OCCI-Attribute: occi.storage.size={size}")
        + string.Concat(content.Select(c => $"\nX-OCCI-Attribute: local.controller.storage.{c.Name}=\"{c.Value}\"")));

    private void InterlockedMax(int seen)
    {
        for (var most = _mostFetching; seen > most; most = _mostFetching)
            Interlocked.CompareExchange(ref _mostFetching, seen, most);
    }

    private static string? Text(System.Text.Json.JsonElement image, string name) => image.TryGetProperty(name, out var value) ? value.GetString() : null;
}
