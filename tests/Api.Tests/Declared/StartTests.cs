using Controller.Api.Tests.Cloud;
using Controller.Silo;
using Occi.Declared;

namespace Controller.Api.Tests.Declared;

/// <summary>Files of kinds are read at start, by each process for itself.</summary>
[Collection("extended cloud")]
public sealed class StartTests(ExtendedCloud cloud) : IDisposable
{
    private const string Late =
        """{"kinds":[{"term":"late","scheme":"http://example.com/late#","title":"Late","parent":"http://schemas.ogf.org/occi/core#resource","location":"/late/"}]}""";

    private readonly string _directory = Directory.CreateTempSubdirectory("controller-model-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void No_process_starts_with_a_file_that_is_wrong()
    {
        File.WriteAllText(Path.Combine(_directory, "one.json"), "{");
        File.WriteAllText(Path.Combine(_directory, "two.json"), Late.Replace("/late/", "/admin/", StringComparison.Ordinal));
        string[] settings = [$"--Model:Directory={_directory}", "--ConnectionStrings:Controller=Host=127.0.0.1;Port=1"];
        foreach (var start in new[] { () => (object)ApiHost.Build(settings), () => SiloHost.Build(settings) })
        {
            var why = Assert.Throws<InvalidModelException>(start).Message;
            Assert.Contains("\n  one.json, $: not JSON", why, StringComparison.Ordinal);
            Assert.Contains("\n  two.json, $.kinds[0].location: expected a path outside of /admin/, found \"/admin/\"", why, StringComparison.Ordinal);
        }
        Assert.Contains(
            "Model:Directory: an existing directory was wanted",
            Assert.Throws<InvalidModelException>(() => ApiHost.Build([$"--Model:Directory={_directory}/none", settings[1]])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kind_that_the_silo_does_not_know_is_unavailable()
    {
        await cloud.Api.Declare("late.json", Late);
        await using var api = await cloud.Api.AnotherApi();
        const string Category = "Category: late; scheme=\"http://example.com/late#\"; class=\"kind\"";
        var made = await cloud.Api.SendTo(api.Url, "POST", "/late/", Category);
        Assert.Equal(503, made.Status);
        Assert.Contains("does not know the kind http://example.com/late#late", made.Body, StringComparison.Ordinal);
        Assert.Equal("", (await cloud.Api.SendTo(api.Url, "GET", "/late/", accept: "text/uri-list")).Body);
        Assert.Equal(404, (await cloud.Api.Send("GET", "/late/")).Status);   // nor does the other API
        Assert.Equal(400, (await cloud.Api.Send("POST", "/", Category)).Status);
    }
}
