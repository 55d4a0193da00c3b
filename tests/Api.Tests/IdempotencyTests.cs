using System.Net.Sockets;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests;

/// <summary>Whoever is not sure whether a request arrived repeats it: never a second machine.</summary>
[Collection("cloud")]
public sealed class IdempotencyTests(ApiFixture api)
{
    private const string Compute = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string NetworkKind = "http://schemas.ogf.org/occi/infrastructure#network";
    private const string Json = "application/occi+json";

    private static (string, string) Key(string? key = null) => ("Idempotency-Key", key ?? Guid.NewGuid().ToString());

    [Fact]
    public async Task The_same_key_answers_the_first_ones_result_for_ever()
    {
        var key = Key();
        var first = await api.Send("POST", "/compute/", Compute, headers: key);
        Assert.Equal(201, first.Status);
        Assert.Equal((201, first.Path, first.Body), await api.Send("POST", "/compute/", Compute, headers: key) is var a ? (a.Status, a.Path, a.Body) : default);
        // As it is now, in whatever rendering …
        Assert.Equal(200, (await api.Send("POST", first.Path, "X-OCCI-Attribute: occi.core.title=\"renamed\"")).Status);
        var now = await api.Send("POST", "/compute", Compute, accept: Json, headers: key);
        Assert.Equal((201, first.Path, "renamed"), (now.Status, now.Path, now.Json.GetProperty("title").GetString()));
        // … and as it was, when it is gone.
        Assert.Equal(200, (await api.Send("DELETE", first.Path)).Status);
        var gone = await api.Send("POST", "/compute/", Compute, accept: Json, headers: key);
        Assert.Equal((201, first.Path), (gone.Status, gone.Path));
        Assert.False(gone.Json.TryGetProperty("title", out _));
        Assert.Equal(404, (await api.Send("GET", first.Path)).Status);
    }

    [Fact]
    public async Task A_key_is_for_one_request_and_one_project()
    {
        var key = Key();
        var first = await api.Send("POST", "/compute/", Compute, headers: key);
        var other = await api.Send("POST", "/compute/", Compute + "\nX-OCCI-Attribute: occi.compute.cores=2", accept: Json, headers: key);
        Assert.Equal((409, "key-used"), (other.Status, other.Json.GetProperty("type").GetString()));
        Assert.Equal(409, (await api.Send("POST", "/", Compute, headers: key)).Status);
        var strangers = await api.Send("POST", "/compute/", Compute, caller: "stranger", headers: key);
        Assert.Equal(201, strangers.Status);
        Assert.NotEqual(first.Path, strangers.Path);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("\"\"", 400)]
    [InlineData("two words", 400)]
    [InlineData("256", 400)]
    [InlineData("255", 201)]
    public async Task A_key_has_a_form(string key, int status)
    {
        var sent = int.TryParse(key, out var length) ? Guid.NewGuid() + new string('x', length - 36) : key;
        Assert.Equal(status, (await api.Send("POST", "/network/", "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"", headers: Key(sent))).Status);
    }

    [Fact]
    public async Task Quotes_around_a_key_are_no_part_of_it()
    {
        var key = Guid.NewGuid().ToString();
        Assert.Equal(
            (await api.Send("POST", "/compute/", Compute, headers: Key(key))).Path, (await api.Send("POST", "/compute/", Compute, headers: Key($"\"{key}\""))).Path);
    }

    [Fact]
    public async Task A_refusal_leaves_nothing_and_does_not_use_the_key_up()
    {
        var key = Key();
        Assert.Equal(409, (await api.Send("POST", "/compute/", Compute + "\nX-OCCI-Attribute: occi.compute.memory=4000", headers: key)).Status);
        Assert.Equal(400, (await api.Send("POST", "/compute/", Compute + "\nX-OCCI-Attribute: no.such=1", headers: key)).Status);
        Assert.Equal(201, (await api.Send("POST", "/compute/", Compute, headers: key)).Status);
    }

    [Fact]
    public async Task Many_at_once_through_two_apis_make_one_machine()
    {
        await using var other = await api.AnotherApi();
        var title = Guid.NewGuid().ToString();
        var key = Key();
        var body = $"{Compute}\nX-OCCI-Attribute: occi.core.title=\"{title}\"";
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => api.SendTo(i % 2 == 0 ? api.Url : other.Url, "POST", "/compute/", body, headers: key)));
        Assert.All(answers, a => Assert.Equal((201, answers[0].Path), (a.Status, a.Path)));
        Assert.Single((await Titled("/compute/", title)).Lines);
    }

    [Fact]
    public async Task A_batch_survives_the_api_that_it_was_sent_to()
    {
        const int Many = 120;
        var title = Guid.NewGuid().ToString();
        var key = Key();
        var one = $$"""{"kind":"{{NetworkKind}}","title":"{{title}}"}""";
        var body = $$"""{"resources":[{{string.Join(',', Enumerable.Repeat(one, Many))}}]}""";
        var url = new Uri($"http://127.0.0.1:{Free.Ports(1)[0]}");
        await using (var doomed = api.ApiProcess(url))
        {
            await Eventually.Is("the doomed API is ready", async () =>
            {
                try { return await RunningApi.IsReady(url); }
                catch (HttpRequestException e) when (e.InnerException is SocketException) { return false; }
            });
            var cut = Record.ExceptionAsync(() => api.SendTo(url, "POST", "/network/", body, contentType: Json, headers: key));
            await Eventually.Is("some are there", async () => (await Titled("/network/", title)).Lines.Length > 0);
            await doomed.DisposeAsync();
            await cut;
        }
        var again = await api.Send("POST", "/network/", body, accept: Json, contentType: Json, headers: key);
        Assert.Equal((201, Many), (again.Status, again.Json.GetProperty("resources").GetArrayLength()));
        Assert.Equal(Many, (await Titled("/network/", title)).Lines.Length);
    }

    private Task<Answer> Titled(string collection, string title) =>
        api.Send("GET", collection, accept: "text/uri-list", headers: ("X-OCCI-Attribute", $"occi.core.title=\"{title}\""));
}
