using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests;

/// <summary>A silo and an API in one process.</summary>
public sealed class NodeTests
{
    [Fact]
    public async Task It_answers_with_what_its_own_silo_has_ends_when_it_is_asked_to_and_has_it_again()
    {
        await using var place = await Place.Make();
        var (url, id) = (new Uri($"http://127.0.0.1:{Free.Ports(1)[0]}"), Guid.NewGuid());
        for (var life = 1; life <= 2; life++)
        {
            await using var node = ChildProcess.Start("controller-node.dll", [.. place.SiloSettings(), .. place.ApiSettings(url.GetLeftPart(UriPartial.Authority))], new Dictionary<string, string>());
            await Testing.Eventually.Is("it is ready", async () => await IsReady(url), TimeSpan.FromMinutes(1), () => node.Story);
            if (life == 1)
            {
                var made = await RunningApi.Send(url, "POST", "/network/", $"Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.id=\"urn:uuid:{id}\"\nX-OCCI-Attribute: occi.core.title=\"kept\"\n", place.AdminSecret, contentType: "text/plain");
                Assert.True(made.Status == 201, made.Body);
            }
            var shown = await RunningApi.Send(url, "GET", $"/network/{id}", secret: place.AdminSecret);
            Assert.Equal(200, shown.Status);
            Assert.Contains("kept", shown.Body, StringComparison.Ordinal);
            Assert.Equal(404, (await RunningApi.Send(url, "GET", $"/network/{Guid.NewGuid()}", secret: place.AdminSecret)).Status);
            Assert.Equal(0, await node.Terminate());
        }
    }

    [Fact]
    public async Task A_setting_that_is_wrong_is_named_and_ends_it()
    {
        await using var place = await Place.Make();
        await using var node = ChildProcess.Start("controller-node.dll", [.. place.SiloSettings(), .. place.ApiSettings("http://127.0.0.1:0"), "--Api:MaxBodyBytes=-1"], new Dictionary<string, string>());
        var code = await node.Ended();
        Assert.True(code == 2, node.Story);
        Assert.Contains("MaxBodyBytes", node.Story, StringComparison.Ordinal);
    }

    private static async Task<bool> IsReady(Uri url)
    {
        try
        {
            return (await RunningApi.Send(url, "GET", "/health/ready")).Status == 200;
        }
        catch (HttpRequestException)
        {
            return false;   // it does not listen yet
        }
    }
}
