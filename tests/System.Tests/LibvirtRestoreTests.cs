using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary>The database of a cloud with a real machine is set back to before that machine.</summary>
public sealed class LibvirtRestoreTests
{
    [LibvirtFact]
    public async Task A_machine_that_is_not_in_the_backup_runs_on_is_adopted_and_goes_when_it_is_deleted()
    {
        await using var cloud = await LibvirtCloud.Start();
        var host = new Hypervisor(cloud);
        var backup = Path.Combine(cloud.Data, "cloud.backup");
        Assert.Contains("schema", await cloud.Run("backup", backup), StringComparison.Ordinal);

        var data = await cloud.Create("storage", "--title", "data", "-a", "size=0.125");
        var late = await cloud.Create("compute", "--title", "late", "-m", "demo", "-a", "cores=1", "-a", "memory=0.25", "--link", "default", "--link", "data");
        using (var before = cloud.Api())
        {
            var guest = new Guest(before, late);
            await guest.Says("DEMO: boots 1");
            await guest.Says("DEMO: ready");
        }
        var incarnation = await host.IncarnationOf(late);
        var others = (await cloud.Healthy()).Where(p => p.Name is "agent-1" or "libvirtd-1" or "postgres").ToArray();

        Assert.Contains("restored", await cloud.Run("restore", backup, "--keep", "none"), StringComparison.Ordinal);
        var now = await cloud.Healthy();
        Assert.Equal(others, now.Where(p => others.Any(o => o.Name == p.Name)));

        var shown = "";
        await Eventually.Is(
            "the machine is listed", async () => (shown = await cloud.Run("host", "show", "host-1")).Contains($"{late.Id} (running, can be adopted)", StringComparison.Ordinal),
            TimeSpan.FromSeconds(90), () => shown);
        using var api = cloud.Api();
        Assert.Null(await api.Find(late.Path));
        Assert.Equal((4, "running"), ((await cloud.Try("doctor")).ExitCode, await host.StateOf(late)));

        var said = await cloud.Run("host", "adopt", "host-1", late.Id, "--project", "default");
        Assert.Contains($"adopted: compute {late.Id}", said, StringComparison.Ordinal);
        Assert.Contains($"adopted: storage {data.Id}", said, StringComparison.Ordinal);
        var adopted = await api.Get(late.Path);
        Assert.Equal(("active", null), (adopted.State, adopted.Message));
        Assert.Equal(Nic(late), Nic(adopted));
        Assert.Equal((incarnation, "running"), (await host.IncarnationOf(late), await host.StateOf(late)));
        var same = new Guest(api, adopted);
        await same.Says("DEMO: boots 1");
        await same.Now();
        Assert.Equal((1, 0), (same.Times("DEMO: init"), same.Times("DEMO: power button")));

        // It is steered like any other.
        var since = await same.Now();
        await cloud.Act(adopted, "restart");
        await same.Says("DEMO: boots 2", since);
        await cloud.Run("occi", "delete", "late", "--wait");
        await cloud.Run("occi", "delete", "data", "--wait");
        await cloud.HasForgotten([late, data]);
        Assert.Equal(0, (await cloud.Try("doctor")).ExitCode);
    }

    private static (string Id, string? Mac, string? Address) Nic(Entity machine)
    {
        var nic = machine.Links.Single(l => l.Kind == "networkinterface");
        return (nic.Id, nic["occi.networkinterface.mac"], nic["occi.networkinterface.address"]);
    }
}
