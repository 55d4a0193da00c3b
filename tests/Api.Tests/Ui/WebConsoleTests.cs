using Controller.Testing;

namespace Controller.Api.Tests.Ui;

/// <summary>The web console's files below /ui/, and what was made for it.</summary>
[Collection("cloud")]
public sealed class WebConsoleTests(ApiFixture api) : IDisposable
{
    private readonly string _directory = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "console")).FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Build()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "assets"));
        File.WriteAllText(Path.Combine(_directory, "index.html"), "<title>the console</title>");
        File.WriteAllText(Path.Combine(_directory, "assets", "index-a1B2_c3D.js"), "export default 1;");
        File.WriteAllText(Path.Combine(_directory, "assets", "index-a1B2_c3D.js.gz"), "compressed");
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "outside.txt"), "a secret");
    }

    [Theory]
    [InlineData("/ui/", "no-cache")]
    [InlineData("/ui/machines/new", "no-cache")]
    [InlineData("/ui/index.html", "no-cache")]
    public async Task A_page_of_the_console_is_its_index_and_asked_for_anew_each_time(string path, string caching)
    {
        Build();
        var answer = await api.Send("GET", path, caller: null);
        Assert.Equal(200, answer.Status);
        Assert.Contains("the console", answer.Body, StringComparison.Ordinal);
        Assert.StartsWith("text/html", answer["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(caching, answer["Cache-Control"]);
        Assert.Contains("default-src 'none'; script-src 'self';", answer["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-eval", answer["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
    }

    [Fact]
    public async Task What_has_a_hash_in_its_name_is_kept_for_ever()
    {
        Build();
        var plain = await api.Send("GET", "/ui/assets/index-a1B2_c3D.js", caller: null);
        Assert.Equal((200, "export default 1;", "public, max-age=31536000, immutable"), (plain.Status, plain.Body, plain["Cache-Control"]));
        Assert.Equal("Accept-Encoding", plain["Vary"]);
        var compressed = await api.Send("GET", "/ui/assets/index-a1B2_c3D.js", caller: null, headers: [("Accept-Encoding", "gzip")]);
        Assert.Equal((200, "compressed", "gzip"), (compressed.Status, compressed.Body, compressed["Content-Encoding"]));
    }

    [Theory]
    [InlineData("/ui/assets/gone-a1B2_c3D.js")]
    [InlineData("/ui/favicon.ico")]
    [InlineData("/ui/..%2Foutside.txt")]
    [InlineData("/ui/assets/..%2F..%2Foutside.txt")]
    [InlineData("/ui/%2Fetc%2Fhostname.x")]
    public async Task A_file_that_is_not_there_or_not_inside_is_not_found(string path)
    {
        Build();
        Assert.Equal(404, (await api.Send("GET", path, caller: null)).Status);
    }

    [Fact]
    public async Task Where_it_is_not_built_it_says_what_to_do()
    {
        var answer = await api.Send("GET", "/ui/", caller: null);
        Assert.Equal(404, answer.Status);
        Assert.Contains("./controller up", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_root_leads_there_without_a_slash_too_and_nothing_can_be_sent_there()
    {
        Build();
        var answer = await api.Send("GET", "/ui", caller: null);
        Assert.Equal((200, "<title>the console</title>"), (answer.Status, answer.Body));   // by way of /ui/
        Assert.NotEqual(200, (await api.Send("POST", "/ui/", "{}", caller: "member", contentType: "application/json")).Status);
    }

    [Fact]
    public async Task A_summary_counts_what_the_caller_can_list()
    {
        var project = await api.Send("POST", "/admin/projects", $$"""{"name":"counted-{{Guid.NewGuid():N}}"}""", "admin", contentType: "application/json");
        var token = await api.Send("POST", "/admin/tokens", $$"""{"name":"counting","project":"{{project.Json.GetProperty("id").GetString()}}","role":"member"}""", "admin", contentType: "application/json");
        var member = token.Json.GetProperty("token").GetString()!;
        Assert.Equal(0, (await api.Send("GET", "/admin/summary", caller: member)).Json.GetProperty("kinds").GetArrayLength());
        foreach (var title in (string[])["a", "b"])
        {
            Assert.Equal(201, (await api.Send("POST", "/securitygroup/",
                $$"""{"kind":"http://controller.local/occi/infrastructure#securitygroup","title":"{{title}}"}""", member, contentType: "application/occi+json")).Status);
        }
        await Eventually.Is("the groups are counted", async () =>
        {
            var kinds = (await api.Send("GET", "/admin/summary", caller: member)).Json.GetProperty("kinds");
            return kinds.GetArrayLength() == 1 && kinds[0].GetProperty("kind").GetString() == "securitygroup" && kinds[0].GetProperty("total").GetInt64() == 2
                && kinds[0].GetProperty("states").EnumerateObject().Sum(s => s.Value.GetInt64()) == 2;
        });
    }
}
