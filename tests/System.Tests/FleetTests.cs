using System.Globalization;
using System.Text.RegularExpressions;
using Controller.SystemTests.Harness;
using Controller.Testing;
using Xunit.Abstractions;

namespace Controller.SystemTests;

/// <summary>Three real hosts: machines are placed, connected, moved and recovered across them.</summary>
[Collection(Fleet.Collection)]
public sealed class FleetTests(Fleet fleet, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);
    private static readonly string[] Small = ["-m", "demo", "-a", "cores=1", "-a", "memory=0.125"];

    private Cloud Cloud => fleet.Cloud;

    public Task InitializeAsync() => fleet.Sweep();

    public Task DisposeAsync() => Task.CompletedTask;

    [LibvirtFact]
    public async Task Machines_of_a_group_are_apart_and_reach_each_other_and_no_other_tenants()
    {
        var ours = await Cloud.Create("network", "--title", "ours", "-m", "ipnetwork", "-a", "address=10.95.0.0/24");
        var theirs = await Cloud.Create("network", "--title", "theirs", "-m", "ipnetwork", "-a", "address=10.96.0.0/24");
        string[] apart = ["-m", "anti-affinity", "-a", "local.controller.placement.group=web"];
        var one = await Machine("one", [.. apart, .. Nic("ours", "10.95.0.11"), .. await Cloud.Saying(Scripts.Reach("10.95.0.12", "10.95.0.1", "10.96.0.13"))]);
        var two = await Machine("two", [.. apart, .. Nic("ours", "10.95.0.12")]);
        var three = await Machine("three", [.. apart, .. Nic("theirs", "10.96.0.13"), .. await Cloud.Saying(Scripts.Reach("10.95.0.11", "10.96.0.1"))]);

        var hosts = new List<string>();
        foreach (var machine in (Entity[])[one, two, three])
            hosts.Add((await fleet.HostOf(machine)).Name);
        Assert.Equal(["host-1", "host-2", "host-3"], hosts.Order());
        var refused = await Cloud.Try(["occi", "create", "compute", "--title", "four", .. Small, .. apart]);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("0 of 3 hosts", refused.Error);

        var (first, third) = (new Guest(fleet.Api, one), new Guest(fleet.Api, three));
        await first.Says("REACH 10.95.0.12 yes");
        await first.Says("REACH 10.95.0.1 yes");
        // Both have looked for each other while their own networks worked.
        await third.Says("REACH 10.96.0.1 yes");
        await third.Says("REACH 10.95.0.11 no", await third.Now());
        await first.Says("REACH 10.96.0.13 no", await first.Now());
        Assert.Equal((0, 0), (first.Times("REACH 10.96.0.13 yes"), third.Times("REACH 10.95.0.11 yes")));

        await Cloud.Run("occi", "delete", "one", "two", "three", "ours", "theirs", "--wait");
        await fleet.HasForgotten(one, two, three, ours, theirs);
    }

    [LibvirtFact]
    public async Task A_machine_goes_on_while_it_moves()
    {
        var machine = await Machine("mover", await Cloud.Saying(Scripts.Heartbeat));
        var guest = new Guest(fleet.Api, machine);
        await guest.Says(@"HB 5 ");
        var source = await fleet.HostOf(machine);
        var target = fleet.Hosts.First(h => h.Name != source.Name);

        var before = await guest.Now();
        var silence = await guest.LongestSilence(Cloud.Run("migrate", "mover", "--to", target.Name, "--method", "live", "--wait"), TimeSpan.FromSeconds(2));
        Assert.Equal(target.Name, (await fleet.HostOf(machine)).Name);
        Assert.DoesNotContain(machine.Id, await source.Domains());
        var last = int.Parse(guest.LastOf(@"HB (\d+) "), CultureInfo.InvariantCulture);
        await guest.Says($"HB {last + 25} ", before);
        Assert.Equal((1, 1), (guest.Times("DEMO: init"), guest.Times("DEMO: boots")));
        output.WriteLine($"Between two heartbeats, 0.2 s apart, there were at most {silence.TotalSeconds:0.00} s as the API's reader heard them, and {Gap(guest.Text[before..]):0.00} s of the guest's own time.");

        await Cloud.Run("occi", "delete", "mover", "--wait");
        await fleet.HasForgotten(machine);
    }

    [LibvirtFact]
    public async Task A_host_is_drained_of_three_machines_and_takes_machines_again()
    {
        string[] together = ["-m", "affinity", "-a", "local.controller.placement.group=pack"];
        Entity[] machines = [await Machine("d1", together), await Machine("d2", together), await Machine("d3", together)];
        var source = await fleet.HostOf(machines[0]);
        foreach (var machine in machines)
        {
            Assert.Equal(source.Name, (await fleet.HostOf(machine)).Name);
            await new Guest(fleet.Api, machine).Says("DEMO: ready");
        }

        output.WriteLine(await Cloud.Run("host", "drain", source.Name, "--wait"));
        Assert.Empty(await source.Domains());
        foreach (var machine in machines)
        {
            Assert.NotEqual(source.Name, (await fleet.HostOf(machine)).Name);
            var guest = new Guest(fleet.Api, machine);
            await guest.Now();
            Assert.Equal(1, guest.Times("DEMO: init"));
            Assert.Equal("active", (await fleet.Api.Get(machine.Path)).State);
        }
        await Cloud.Run("host", "undrain", source.Name);
        await Cloud.Run("occi", "delete", "d1", "d2", "d3", "--wait");
        await fleet.HasForgotten(machines);
    }

    [LibvirtFact]
    public async Task A_machine_with_high_availability_comes_back_elsewhere_when_its_host_loses_power()
    {
        var machine = await Machine("precious", ["-m", "ha", "-m", "http://controller.local/occi/compute#pool", "-a", "local.controller.compute.pool=shared"]);
        var guest = new Guest(fleet.Api, machine);
        await guest.Says("DEMO: boots 1");
        await guest.Says("DEMO: ready");
        var lost = await fleet.HostOf(machine);

        await Cloud.Run("power", lost.Name, "off");
        var survivors = fleet.Hosts.Where(h => h.Name != lost.Name).ToArray();
        await Eventually.Is(
            "it runs elsewhere",
            async () => (await survivors[0].Running()).Concat(await survivors[1].Running()).Count(id => id == machine.Id) == 1,
            Patience, () => Cloud.Run("explain", "compute", machine.Id).GetAwaiter().GetResult());
        var back = new Guest(fleet.Api, machine);
        await back.Says("DEMO: boots 2");   // from the same disk

        // The host returns, and what it had of the machine goes.
        await Cloud.Run("power", lost.Name, "on");
        await fleet.Becomes(lost, "up");
        await Eventually.Is("it is rid of its copy", async () => !(await lost.Domains()).Contains(machine.Id), Patience);
        Assert.Single(await fleet.RunsOn(machine));
        await Cloud.Run("occi", "delete", "precious", "--wait");
        await fleet.HasForgotten(machine);
    }

    [LibvirtFact]
    public async Task A_reserved_address_goes_along_with_its_machine_wherever_that_goes()
    {
        const string Address = "198.51.100.20";
        var outside = await Cloud.Create(
            "network", "--title", "outside", "-m", "bridged", "-m", "floating", "-m", "ipnetwork", "-a", "local.controller.network.physical=public",
            "-a", "address=198.51.100.0/24", "-a", "local.controller.network.addresses=198.51.100.20-198.51.100.29");
        var inside = await Cloud.Create("network", "--title", "inside", "-m", "ipnetwork", "-a", "address=10.97.0.0/24");
        var front = await Cloud.Create("ipreservation", "--title", "front");
        // Not for ever: while the machine moves, somebody who connects may vanish without a word, and nc would wait for him.
        var machine = await Machine(
            "shop", [.. Nic("inside", "10.97.0.11"), "-m", "ha", "-m", "http://controller.local/occi/compute#pool", "-a", "local.controller.compute.pool=shared",
            .. await Cloud.Saying("#!/bin/sh\n( while :; do hostname | timeout 10 nc -l -p 80; done ) &\n")]);
        var guest = new Guest(fleet.Api, machine);
        await guest.Says("DEMO: ready");
        output.WriteLine(await Cloud.Run("occi", "link", "shop", "front"));
        await IsReached();

        var source = await fleet.HostOf(machine);
        var target = fleet.Hosts.First(h => h.Name != source.Name);
        await Cloud.Run("migrate", "shop", "--to", target.Name, "--method", "live", "--wait");
        await IsReached();
        Assert.Equal((target.Name, 1), ((await fleet.HostOf(machine)).Name, guest.Times("DEMO: boots")));

        await Cloud.Run("power", target.Name, "off");
        await new Guest(fleet.Api, machine).Says("DEMO: boots 2");
        await IsReached();
        await Cloud.Run("power", target.Name, "on");
        await fleet.Becomes(target, "up");

        await Cloud.Run("occi", "delete", "shop", "--wait");
        await Cloud.Run("occi", "delete", "front", "inside", "--wait");
        await Cloud.Run("occi", "delete", "outside", "--wait");
        await fleet.HasForgotten([machine, front, inside, outside], Address);

        Task IsReached() => Eventually.Is($"who asks outside for {Address} gets an answer", async () => (await fleet.AskOutside(Address)).Trim().Length > 0, Patience);
    }

    private Task<Entity> Machine(string title, params string[] words) => Cloud.Create("compute", ["--title", title, .. Small, .. words]);

    private static string[] Nic(string network, string address) => ["--link", $"{network},address={address}"];

    private static double Gap(string heartbeats)
    {
        var times = Regex.Matches(heartbeats, @"HB \d+ (\d+\.\d+)").Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        return times.Zip(times.Skip(1), (a, b) => b - a).Max();
    }
}
