using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests;

/// <summary>How an API process learns of what another one did (docs/decisions/0005). Those here look by themselves once a day only: all that they know in time they were told.</summary>
[Collection("cloud")]
public sealed class ModelChangeTests(ApiFixture api)
{
    private const string Never = "--Api:RefreshModelEvery=1.00:00:00";
    private const string Category = "Category: told; scheme=\"http://example.com/told#\"; class=\"mixin\"; location=\"/told/\"";

    private async Task<bool> Knows(RunningApi one, string caller, string what = "told;") =>
        (await api.SendTo(one.Url, "GET", "/-/", caller: caller)).Body.Contains(what, StringComparison.Ordinal);

    private Task<string> Project() => api.AddProject("told-" + Guid.NewGuid().ToString("N")[..8]);

    [Fact]
    public async Task What_one_api_makes_and_removes_the_others_know_without_being_asked()
    {
        await using var other = await api.AnotherApi(Never);
        var me = await Project();
        Assert.False(await Knows(other, me));   // now it has the project's model in its cache
        Assert.Equal(200, (await api.Send("POST", "/-/", Category, me)).Status);
        await Eventually.Is("the mixin is in the other one's model", () => Knows(other, me));
        Assert.Equal(200, (await api.SendTo(other.Url, "GET", "/told/", caller: me)).Status);
        Assert.Equal(200, (await api.Send("DELETE", "/-/", Category, me)).Status);
        await Eventually.Is("the mixin is not there any more", async () => !await Knows(other, me));
        Assert.Equal(404, (await api.SendTo(other.Url, "GET", "/told/", caller: me)).Status);
    }

    [Fact]
    public async Task So_they_know_of_images()
    {
        await using var other = await api.AnotherApi(Never);
        Assert.False(await Knows(other, "member", "heard_of;"));
        Assert.Equal(200, (await api.Send("PUT", "/admin/images/heard_of?format=raw", "bytes", "admin", contentType: "application/octet-stream")).Status);
        await Eventually.Is("the image is in the other one's model", () => Knows(other, "member", "heard_of;"));
        Assert.Equal(200, (await api.Send("DELETE", "/admin/images/heard_of", caller: "admin")).Status);
        await Eventually.Is("the image is not there any more", async () => !await Knows(other, "member", "heard_of;"));
    }

    [Fact]
    public async Task What_is_named_is_known_at_once()
    {
        await using var other = await api.AnotherApi(Never);
        var me = await Project();
        Assert.False(await Knows(other, me));
        Assert.Equal(200, (await api.Send("POST", "/-/", Category, me)).Status);
        Assert.Equal(201, (await api.SendTo(other.Url, "POST", "/network/", $"Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n{Category}", me)).Status);
    }

    [Fact]
    public async Task What_was_missed_while_nobody_listened_is_made_up_for()
    {
        await using var other = await api.AnotherApi(Never);
        var me = await Project();
        Assert.False(await Knows(other, me));
        for (var round = 0; round < 3; round++)
        {
            // Whether this is heard on the old connection, between two or on the new one: it is known in the end.
            var making = api.Send("POST", "/-/", Category, me);
            Assert.InRange(await api.EndListening(), 0, 4);   // each API listens to changes and to events
            Assert.Equal(200, (await making).Status);
            await Eventually.Is("the mixin is in the other one's model", () => Knows(other, me));
            Assert.Equal(200, (await api.Send("DELETE", "/-/", Category, me)).Status);
            await Eventually.Is("the mixin is not there any more", async () => !await Knows(other, me));
        }
    }
}
