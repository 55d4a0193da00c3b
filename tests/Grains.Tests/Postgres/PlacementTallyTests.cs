using Controller.Grains.Placement;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>A refusal says how many hosts were rejected for what, and how much was missing.</summary>
public sealed class PlacementTallyTests
{
    private const long GiB = 1L << 30;
    private static readonly Guid Here = Guid.NewGuid();
    private static readonly PlacementOptions Plain = new() { CoresPerCore = 1, MemoryShare = 1, DiskPerByte = 1 };

    /// <summary>What is said, the request, the hosts.</summary>
    public static IEnumerable<object[]> Refusals { get; } = new (string Why, PlacementRequest Request, HostRoom[] Hosts)[]
    {
        ("There is no host yet: enrol one.", Asks(), []),
        ("0 of 2 hosts can take it: 1 unreachable, 1 new.", Asks(), [Host("unreachable"), Host("new")]),
        ("0 of 1 hosts can take it: 1 unhealthy.", Asks(), [Host("unhealthy")]),
        ("0 of 2 hosts can take it: 2 not enough cores (5 are needed, 4 are free at best).", Asks(cores: 5), [Host(), Host(used: new(3, 0, 0))]),
        ("0 of 1 hosts can take it: 1 not enough memory (8 GiB are needed, 6.25 GiB are free at best).", Asks(memory: 8 * GiB), [Host(used: new(0, 7 * GiB / 4, 0))]),
        ("0 of 1 hosts can take it: 1 not enough disk (101 GiB are needed, 100 GiB are free at best).", Asks(disk: 101 * GiB), [Host()]),
        ("0 of 1 hosts can take it: 1 another architecture than arm64.", Asks(architecture: "arm64"), [Host()]),
        ("0 of 2 hosts can take it: 2 without firmware-uefi.", Asks() with { Features = ["firmware-uefi"] }, [Host(), Host()]),
        ("0 of 2 hosts can take it: 2 not where the linked storage is.", Asks(only: Guid.NewGuid()), [Host(), Host("unreachable")]),
        ("0 of 2 hosts can take it: 1 not where the linked storage is, 1 unreachable.", Asks(only: Here), [Host(), Host("unreachable", id: Here)]),
        (
            "0 of 3 hosts can take it: 1 not enough cores (4 are needed, 4 are free at best), 1 unreachable, 1 not enough memory (8 GiB are needed, 8 GiB are free at best).",
            Asks(cores: 4, memory: 8 * GiB), [Host(used: new(1, 0, 0)), Host("unreachable"), Host(used: new(0, 1, 0))]),
    }.Select(r => new object[] { r.Why, r.Request, r.Hosts });

    [Theory, MemberData(nameof(Refusals))]
    public void A_refusal_says_why(string why, PlacementRequest request, object hosts)
    {
        var tally = new PlacementTally(request, Plain);
        Assert.Empty(tally.Order((HostRoom[])hosts));
        Assert.Equal(why, tally.Explain());
    }

    [Fact]
    public void The_emptiest_host_comes_first()
    {
        HostRoom full = Host(used: new(0, 4 * GiB, 0)), empty = Host(), half = Host(used: new(0, 2 * GiB, 0));
        Assert.Equal([empty, half, full], new PlacementTally(Asks(), Plain).Order([full, empty, half]));
    }

    [Theory]
    [InlineData("x64", "x64", true)]
    [InlineData("x86", "x64", true)]   // a 64-bit host runs 32-bit guests
    [InlineData("x64", "x86", false)]
    [InlineData("arm64", null, true)]   // a host that does not say
    [InlineData(null, "arm64", true)]
    public void An_architecture_fits_or_not(string? wanted, string? has, bool fits) =>
        Assert.Equal(fits, new PlacementTally(Asks(architecture: wanted), Plain).Fits(Host(architecture: has)));

    [Fact]
    public void Hosts_are_filled_as_the_options_say()
    {
        var options = new PlacementOptions { CoresPerCore = 4, MemoryShare = 0.5, DiskPerByte = 2 };
        Assert.True(new PlacementTally(Asks(16, 4 * GiB, 200 * GiB), options).Fits(Host()));
        Assert.False(new PlacementTally(Asks(17), options).Fits(Host()));
        Assert.False(new PlacementTally(Asks(1, 4 * GiB + 1), options).Fits(Host()));
        Assert.False(new PlacementTally(Asks(1, 1, 200 * GiB + 1), options).Fits(Host()));
    }

    private static PlacementRequest Asks(int cores = 1, long memory = 1, long disk = 1, string? architecture = "x64", Guid? only = null) =>
        new("compute", Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), cores, memory, disk, architecture, only);

    private static HostRoom Host(string state = "up", string? architecture = "x64", Amounts? used = null, Guid? id = null) =>
        new(id ?? Guid.NewGuid(), "host", state, architecture, new(4, 8 * GiB, 100 * GiB), used ?? new(0, 0, 0));
}
