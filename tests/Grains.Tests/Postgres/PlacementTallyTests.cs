using Controller.Grains.Placement;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>A refusal says how many hosts were rejected for what, and how much was missing; what fits is tried in the order of its weights.</summary>
public sealed class PlacementTallyTests
{
    private const long GiB = 1L << 30;

    /// <summary>What is said, the request, the hosts.</summary>
    public static IEnumerable<object[]> Refusals { get; } = new (string Why, PlacementRequest Request, HostRoom[] Hosts)[]
    {
        ("There is no host yet: enrol one.", Asks(), []),
        ("0 of 2 hosts can take it: 1 unreachable, 1 new.", Asks(), [Host("unreachable"), Host("new")]),
        ("0 of 2 hosts can take it: 2 not enough cores (5 are needed, 4 are free at best).", Asks(cores: 5), [Host("cores"), Host("cores", free: new(1, 8 * GiB, GiB))]),
        ("0 of 1 hosts can take it: 1 not enough memory (8 GiB are needed, 6.25 GiB are free at best).", Asks(memory: 8 * GiB), [Host("memory", free: new(4, 25 * GiB / 4, 0))]),
        ("0 of 1 hosts can take it: 1 not enough disk (101 GiB are needed, 100 GiB are free at best).", Asks(disk: 101 * GiB), [Host("disk")]),
        ("0 of 1 hosts can take it: 1 another architecture than x86.", Asks() with { Architecture = "x86" }, [Host("architecture")]),
        ("0 of 2 hosts can take it: 2 not where the linked storage is.", Asks(), [Host("storage"), Host("storage")]),
        ("0 of 2 hosts can take it: 1 not approved, 1 draining.", Asks(), [Host("pending"), Host("draining")]),
        ("0 of 1 hosts can take it: 1 not in zone north.", Asks() with { Zone = "north" }, [Host("zone")]),
        ("0 of 1 hosts can take it: 1 with another of the group web.", Asks() with { Group = new("web", true) }, [Host("anti-affinity")]),
        ("0 of 1 hosts can take it: 1 not where the group web is.", Asks() with { Group = new("web", false) }, [Host("affinity")]),
        ("0 of 1 hosts can take it: 1 without kvm, hotplug-nic.", Asks() with { Features = ["kvm", "hotplug-nic"] }, [Host("features")]),
        (
            "0 of 3 hosts can take it: 1 not enough cores (4 are needed, 3 are free at best), 1 unreachable, 1 not enough memory (8 GiB are needed, 7 GiB are free at best).",
            Asks(cores: 4, memory: 8 * GiB), [Host("cores", free: new(3, 7 * GiB, 0)), Host("unreachable"), Host("memory", free: new(3, 7 * GiB, 0))]),
    }.Select(r => new object[] { r.Why, r.Request, r.Hosts });

    [Theory, MemberData(nameof(Refusals))]
    public void A_refusal_says_why(string why, PlacementRequest request, object hosts)
    {
        var tally = new PlacementTally(request);
        Assert.Empty(tally.Fitting((HostRoom[])hosts));
        Assert.Equal(why, tally.Explain());
    }

    [Fact]
    public void The_emptiest_host_comes_first_or_the_fullest()
    {
        HostRoom full = Host(free: new(4, 4 * GiB, 0)), empty = Host(), half = Host(free: new(4, 6 * GiB, 0));
        Assert.Equal([empty, half, full], new Weighers(new()).Order([full, empty, half], Asks()));
        Assert.Equal([full, half, empty], new Weighers(new() { Strategy = FillStrategy.Pack }).Order([empty, full, half], Asks()));
    }

    [Fact]
    public void A_volume_does_not_mind_how_many_cores_are_taken()
    {
        HostRoom cores = Host(free: new(0, 0, 100 * GiB)), disk = Host(free: new(4, 8 * GiB, 50 * GiB));
        Assert.Equal([cores, disk], new Weighers(new()).Order([disk, cores], new("storage", Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 0, 0, GiB, null, null)));
    }

    [Fact]
    public void Where_the_image_is_counts_as_much_as_the_setting_says()
    {
        HostRoom has = Host(free: new(4, 7 * GiB, 0)) with { HasImage = true }, empty = Host();
        var request = Asks() with { Image = "5" };
        Assert.Equal([has, empty], new Weighers(new()).Order([empty, has], request));
        Assert.Equal([empty, has], new Weighers(new() { ImageWeight = 0 }).Order([has, empty], request));
        Assert.Equal([empty, has], new Weighers(new()).Order([has, empty], Asks()));
    }

    private static PlacementRequest Asks(int cores = 1, long memory = 1, long disk = 0) =>
        new("compute", Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), cores, memory, disk, "x64", null);

    private static HostRoom Host(string? filter = null, Amounts? free = null) =>
        new(Guid.NewGuid(), "host", new(4, 8 * GiB, 100 * GiB), free ?? new(4, 8 * GiB, 100 * GiB), false, filter);
}
