using System.Diagnostics;
using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary>The same cloud without a hypervisor: runs everywhere, for anybody.</summary>
public sealed class SimulatedCloudTests
{
    [Fact]
    public async Task A_cloud_outlives_that_everything_of_it_is_killed()
    {
        await using var cloud = new Cloud();
        // The APIs don't look by themselves whether something has changed: what they know of each other's doings they were told (docs/decisions/0005).
        cloud.Settings["Api__RefreshModelEvery"] = "1.00:00:00";
        Assert.Contains("ends it all.", await cloud.Up("--driver", "simulated", "--apis", "2"), StringComparison.Ordinal);
        var running = await cloud.Healthy();
        Assert.Equal(["supervisor", "api-1", "api-2", "agent-1", "silo-1", "postgres"], running.Select(p => p.Name));
        Assert.Equal(running.Select(p => (p.Name, p.Pid)), cloud.Pids().Select(p => (p.Key, p.Value)));
        Assert.Empty(Processes.Exposed(running.Select(p => p.Pid)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(cloud.Data, "admin.token")));

        Assert.Contains("runs already", await cloud.Up("--driver", "simulated"), StringComparison.Ordinal);
        Assert.Equal(running, await cloud.Healthy());

        var storage = await cloud.Create("storage", "--title", "data", "-a", "size=0.5");
        var kept = await cloud.Create("compute", "--title", "kept", "-m", "demo", "-a", "cores=1", "-a", "memory=0.25", "--link", "default", "--link", "data");
        await A_tag_of_one_api_is_the_others_too(cloud, running.Single(p => p.Name == "api-2"));
        var brief = await cloud.Create("compute", "--title", "brief", "-m", "demo");
        await cloud.Act(kept, "suspend");
        await cloud.Act(kept, "start");
        await cloud.Act(kept, "restart");
        Assert.Contains("DEMO: ready", await cloud.Run("console", "kept", "--no-follow"), StringComparison.Ordinal);
        await cloud.Run("occi", "delete", "brief", "--wait");
        IReadOnlyList<string> before;
        using (var api = cloud.Api())
        {
            Assert.Null(await api.Find(brief.Path));
            Assert.Equal(("active", null), ((await api.Get(kept.Path)).State, (await api.Get(kept.Path)).Message));
            before = await Both(api);
        }

        // The supervisor first: it would start the others again.
        foreach (var pid in running.Select(p => p.Pid))
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        await cloud.Run("down");
        await Eventually.Is("no process is left", () => Task.FromResult(Processes.Of(cloud.Data).Count == 0), TimeSpan.FromSeconds(10), () => string.Join('\n', Processes.Of(cloud.Data)));
        Assert.Equal(1, (await cloud.Try("status")).ExitCode);

        await cloud.Up();
        using (var api = cloud.Api())
        {
            await Eventually.Is("all is as it was", async () => before.SequenceEqual(await Both(api)), TimeSpan.FromSeconds(90));
        }
        await cloud.Run("occi", "delete", "kept", "data", "--wait");
        await cloud.Run("down");
        Assert.Empty(Processes.Of(cloud.Data));

        async Task<IReadOnlyList<string>> Both(OcciApi api) => [(await api.Get(kept.Path)).ToString(), (await api.Get(storage.Path)).ToString()];
    }

    private static async Task A_tag_of_one_api_is_the_others_too(Cloud cloud, ProcessStatus second)
    {
        using var other = cloud.Api(second);
        Assert.DoesNotContain("blue", await other.Model(), StringComparison.Ordinal);
        await cloud.Run("occi", "tag", "create", "blue");
        await Eventually.Is("the tag is in the other API's model", async () => (await other.Model()).Contains("/tags/blue/", StringComparison.Ordinal));
        var tagged = await cloud.Create("network", "--title", "tagged", "-m", "blue");
        Assert.Contains("blue", (await other.Get(tagged.Path)).ToString(), StringComparison.Ordinal);
        await cloud.Run("occi", "tag", "delete", "blue");
        await Eventually.Is("the tag is not there any more", async () => !(await other.Model()).Contains("blue", StringComparison.Ordinal));
        Assert.DoesNotContain("blue", (await other.Get(tagged.Path)).ToString(), StringComparison.Ordinal);
        await cloud.Run("occi", "delete", "tagged", "--wait");
    }
}
