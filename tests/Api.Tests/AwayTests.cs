using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests;

/// <summary>What clients are told when something dies. Each has a cloud of its own, since it breaks it.</summary>
public sealed class AwayTests
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    [Fact]
    public async Task Without_a_silo_lists_go_on_and_the_rest_is_503()
    {
        var api = new ApiFixture { WithAgent = false };
        await api.InitializeAsync();
        try
        {
            var path = (await api.Send("POST", "/network/", Network)).Path;
            await api.StopSilo();
            Assert.Contains(path, (await api.Send("GET", "/network/")).Body, StringComparison.Ordinal);
            foreach (var answer in (Answer[])[await api.Send("GET", path), await api.Send("POST", "/network/", Network), await api.Send("DELETE", path)])
            {
                Assert.Equal((503, "text/plain"), (answer.Status, answer["Content-Type"]));
                Assert.NotNull(answer["Retry-After"]);
            }
            await Testing.Eventually.Is("not ready any more", async () => (await api.Send("GET", "/health/ready", caller: null)).Status == 503);
            Assert.Equal(200, (await api.Send("GET", "/health/live", caller: null)).Status);
        }
        finally
        {
            await api.DisposeAsync();
        }
    }

    [Fact]
    public async Task Before_the_first_silo_it_is_live_and_says_why_it_is_not_ready()
    {
        var api = new ApiFixture { WithSilo = false };
        await api.InitializeAsync();
        try
        {
            Assert.Equal(200, (await api.Send("GET", "/health/live", caller: null)).Status);
            foreach (var path in (string[])["/health/ready", "/network/", $"/network/{Guid.NewGuid()}", "/-/"])
            {
                var answer = await api.Send("GET", path);
                Assert.Equal(503, answer.Status);
                Assert.Contains("silo", answer.Body, StringComparison.Ordinal);
            }
            await api.StartSilo();
            await Testing.Eventually.Is("it is ready", async () => (await api.Send("GET", "/health/ready", caller: null)).Status == 200);
        }
        finally
        {
            await api.DisposeAsync();
        }
    }

    [Fact]
    public async Task Without_the_database_everything_is_503_and_it_lives()
    {
        await using var place = await Place.Make();
        // A process, to be killed: without its database a silo tries for minutes to say goodbye.
        await using var silo = ChildProcess.Start("controller-silo.dll", place.SiloSettings(), new Dictionary<string, string>());
        await using var api = await RunningApi.Start(place);
        await Testing.Eventually.Is("the token is known", async () => (await RunningApi.Send(api.Url, "GET", "/-/", secret: place.AdminSecret)).Status == 200);
        await place.StopDatabase();
        Assert.Equal(503, (await RunningApi.Send(api.Url, "GET", "/network/", secret: place.AdminSecret)).Status);
        Assert.Equal(503, (await RunningApi.Send(api.Url, "GET", "/-/", secret: "nobody yet")).Status);
        Assert.Equal(503, (await RunningApi.Send(api.Url, "GET", "/health/ready")).Status);
        Assert.Equal(200, (await RunningApi.Send(api.Url, "GET", "/health/live")).Status);
    }
}
