namespace Controller.Api.Tests;

/// <summary>What an API has read before is kept there, and shown to nobody to whom its grain would not show it now.</summary>
[Collection("cloud")]
public sealed class SightingTests(ApiFixture api)
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string Json = "application/occi+json";

    [Fact]
    public async Task What_was_read_before_is_shown_as_it_is_now()
    {
        await using var other = await api.AnotherApi();
        var path = (await api.Send("POST", "/network/", Titled("first"))).Path;
        foreach (var accept in (string[])["text/plain", "text/occi", Json])
        {
            var first = await api.Send("GET", path, accept: accept);
            Assert.Contains("first", first.Body + string.Join('\n', first.Headers), StringComparison.Ordinal);
            var again = await api.Send("GET", path, accept: accept);
            Assert.Equal((first.Status, first.Body, first["ETag"]), (again.Status, again.Body, again["ETag"]));
            Assert.Equal(304, (await api.Send("GET", path, accept: accept, headers: ("If-None-Match", first["ETag"]!))).Status);
        }
        // It is changed through another API, of which this one hears nothing.
        Assert.Equal(200, (await api.SendTo(other.Url, "POST", path, Titled("second"))).Status);
        var changed = await api.Send("GET", path, accept: Json);
        Assert.Equal("second", changed.Json.GetProperty("title").GetString());
        Assert.Equal(200, (await api.Send("PUT", path, Titled("third"), headers: ("If-Match", changed["ETag"]!))).Status);
        Assert.Equal(412, (await api.Send("PUT", path, Titled("fourth"), headers: ("If-Match", changed["ETag"]!))).Status);
        Assert.Equal("third", (await api.Send("GET", path, accept: Json)).Json.GetProperty("title").GetString());

        Assert.Equal(404, (await api.Send("GET", path, caller: "stranger")).Status);
        Assert.Equal(200, (await api.Send("GET", path, caller: "reader")).Status);
        Assert.Equal(200, (await api.SendTo(other.Url, "DELETE", path)).Status);
        Assert.Equal(404, (await api.Send("GET", path)).Status);
    }

    [Fact]
    public async Task A_mixin_that_is_no_more_is_not_shown_with_what_was_read_before()
    {
        const string Mixin = "seen; scheme=\"http://example.org/seen#\"; class=\"mixin\"";
        Assert.Equal(200, (await api.Send("POST", "/-/", $"Category: {Mixin}; location=\"/seen/\"")).Status);
        var path = (await api.Send("POST", "/network/", Titled("tagged") + $"\nCategory: {Mixin}")).Path;
        for (var time = 0; time < 2; time++)
            Assert.Contains("http://example.org/seen#", (await api.Send("GET", path)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", "/-/", $"Category: {Mixin}")).Status);
        Assert.DoesNotContain("http://example.org/seen#", (await api.Send("GET", path)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", path)).Status);
    }

    [Fact]
    public async Task Without_room_for_what_was_read_it_is_read_each_time()
    {
        await using var small = await api.AnotherApi("--Api:EntityCacheBytes=0");
        var path = (await api.Send("POST", "/network/", Titled("first"))).Path;
        for (var time = 0; time < 2; time++)
            Assert.Equal("first", (await api.SendTo(small.Url, "GET", path, accept: Json)).Json.GetProperty("title").GetString());
        Assert.Equal(200, (await api.Send("POST", path, Titled("second"))).Status);
        Assert.Equal("second", (await api.SendTo(small.Url, "GET", path, accept: Json)).Json.GetProperty("title").GetString());
        Assert.Equal(200, (await api.Send("DELETE", path)).Status);
    }

    private static string Titled(string title) => $"{Network}\nX-OCCI-Attribute: occi.core.title=\"{title}\"";
}
