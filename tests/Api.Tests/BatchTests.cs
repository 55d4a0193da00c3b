using System.Text.Json;
using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests;

/// <summary>Several entities in one message (decision D-48): they may name each other, and all are created or none.</summary>
[Collection("cloud")]
public sealed class BatchTests(ApiFixture api)
{
    private const string Kinds = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Json = "application/occi+json";

    private Task<Answer> Post(string path, string body, string caller = "member") =>
        api.Send("POST", path, body.Replace("K#", Kinds, StringComparison.Ordinal), caller, Json, Json);

    private static string IdOf(JsonElement entity) => entity.GetProperty("id").GetString()!["urn:uuid:".Length..];

    [Fact]
    public async Task Resources_and_links_of_one_message_find_each_other()
    {
        var (storage, network) = (Guid.NewGuid(), Guid.NewGuid());
        var made = await Post("/", $$$"""
            {"resources":[
              {"kind":"K#compute","id":"vm1","title":"vm","links":[{"kind":"K#networkinterface","target":{"location":"/network/{{{network}}}","kind":"K#network"}}]},
              {"kind":"K#storage","id":"urn:uuid:{{{storage}}}","attributes":{"occi.storage.size":1}},
              {"kind":"K#network","id":"{{{network}}}"}],
             "links":[{"kind":"K#storagelink","id":"l1","source":{"location":"vm1"},"target":{"location":"urn:uuid:{{{storage}}}"}}]}
            """);
        Assert.True(made.Status == 201, made.Body);
        Assert.Equal(3, made.Json.GetProperty("resources").GetArrayLength());
        var compute = made.Json.GetProperty("resources")[0];
        Assert.Equal("vm", compute.GetProperty("title").GetString());
        var link = Assert.Single(made.Json.GetProperty("links").EnumerateArray());
        Assert.Equal("/compute/" + IdOf(compute), link.GetProperty("source").GetProperty("location").GetString());
        Assert.Equal("/storage/" + storage, link.GetProperty("target").GetProperty("location").GetString());
        var read = await api.Send("GET", "/compute/" + IdOf(compute), accept: Json);
        Assert.Equal(["networkinterface", "storagelink"], read.Json.GetProperty("links").EnumerateArray().Select(l => l.GetProperty("kind").GetString()![Kinds.Length..]).Order());
        Assert.Equal(200, (await api.Send("GET", "/storagelink/" + IdOf(link))).Status);
    }

    [Fact]
    public async Task A_drafts_link_without_source_belongs_to_the_only_resource()
    {
        var network = (await api.Send("POST", "/network/", $"Category: network; scheme=\"{Kinds}\"")).Path;
        var made = await Post("/compute/", $$$$$"""
            {"resources":[{"kind":"K#compute","attributes":{"occi":{"compute":{"cores":2}}}}],"links":[{"kind":"K#networkinterface","target":"{{{{{network}}}}}","rel":"K#network"}]}
            """);
        Assert.True(made.Status == 201, made.Body);
        Assert.Equal(2, made.Json.GetProperty("attributes").GetProperty("occi.compute.cores").GetInt32());
        Assert.Single(made.Json.GetProperty("links").EnumerateArray());
    }

    [Fact]
    public async Task Links_are_created_in_bulk()
    {
        var network = (await api.Send("POST", "/network/", $"Category: network; scheme=\"{Kinds}\"")).Path;
        string[] computes = [await Compute(), await Compute()];
        string Link(string compute, string target) => $$$"""{"kind":"K#networkinterface","source":{"location":"{{{compute}}}"},"target":{"location":"{{{target}}}"}}""";
        var refused = await Post("/networkinterface/", $$"""{"links":[{{Link(computes[0], network)}},{{Link(computes[1], "/network/" + Guid.NewGuid())}}]}""");
        Assert.Equal(400, refused.Status);
        Assert.StartsWith("$.links[1]: There is no network", refused.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.False((await api.Send("GET", computes[0], accept: Json)).Json.TryGetProperty("links", out _));
        var made = await Post("/networkinterface/", $$"""{"links":[{{string.Join(',', computes.Select(c => Link(c, network)))}}]}""");
        Assert.True(made.Status == 201, made.Body);
        foreach (var compute in computes)
            Assert.Single((await api.Send("GET", compute, accept: Json)).Json.GetProperty("links").EnumerateArray());
    }

    [Theory]
    [InlineData("""{"kind":"K#compute","attributes":{"occi.compute.cores":"many"}}""", 400, "$.resources[1]: occi.compute.cores")]
    [InlineData("""{"kind":"K#storage"}""", 400, "$.resources[1]: ")]
    [InlineData("""{"kind":"K#nonsense"}""", 400, "$.resources[1]: ")]
    [InlineData("""{"kind":"K#compute","attributes":{"occi.compute.memory":4000}}""", 409, "$.resources[1]: ")]
    [InlineData("""{"kind":"K#compute","links":[{"kind":"K#networkinterface","target":{"location":"/network/00000000-0000-4000-8000-0000000000bb"}}]}""", 400, "$.resources[1]: ")]
    public async Task One_bad_member_and_nothing_is_created(string bad, int status, string message)
    {
        var title = Guid.NewGuid().ToString();
        var good = $$"""{"kind":"K#network","title":"{{title}}"}""";
        var refused = await Post("/", $$"""{"resources":[{{good}},{{bad}},{{good}}]}""");
        Assert.Equal(status, refused.Status);
        Assert.StartsWith(message, refused.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.NotEqual(0, refused.Json.GetProperty("details").GetArrayLength());
        Assert.Empty((await api.Send("GET", "/network/", accept: "text/uri-list", headers: ("X-OCCI-Attribute", $"occi.core.title=\"{title}\""))).Lines);
    }

    [Fact]
    public async Task What_was_there_before_stays_when_a_batch_is_refused()
    {
        var id = Guid.NewGuid();
        var mine = $$"""{"kind":"K#network","id":"urn:uuid:{{id}}"}""";
        Assert.Equal(201, (await Post("/network/", mine)).Status);
        Assert.Equal(409, (await Post("/", $$$"""{"resources":[{{{mine}}},{"kind":"K#compute","attributes":{"occi.compute.memory":4000}}]}""")).Status);
        Assert.Equal(200, (await api.Send("GET", $"/network/{id}")).Status);
    }

    [Fact]
    public async Task An_id_in_use_is_replaced_on_post_and_refused_on_put()
    {
        var id = Guid.NewGuid();
        var network = $$"""{"kind":"K#network","id":"urn:uuid:{{id}}"}""".Replace("K#", Kinds, StringComparison.Ordinal);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Post("/network/", network)));
        Assert.All(answers, a => Assert.Equal((201, $"/network/{id}"), (a.Status, a.Path)));
        var compute = await Post("/compute/", $$"""{"kind":"K#compute","id":"urn:uuid:{{id}}"}""");
        Assert.Equal(201, compute.Status);
        Assert.NotEqual($"/compute/{id}", compute.Path);
        var strangers = await Post("/network/", network, "stranger");
        Assert.NotEqual($"/network/{id}", strangers.Path);
        Assert.Equal(409, (await api.Send("PUT", $"/compute/{id}", $"Category: compute; scheme=\"{Kinds}\"")).Status);
        Assert.Equal(409, (await api.Send("PUT", $"/network/{id}", $"Category: network; scheme=\"{Kinds}\"", "stranger")).Status);
    }

    private async Task<string> Compute() => (await api.Send("POST", "/compute/", $"Category: compute; scheme=\"{Kinds}\"")).Path;
}
