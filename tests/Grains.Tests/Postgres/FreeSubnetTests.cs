using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Which range a network is given that asks for none: the one after the last one given, and any that is free before there is none.</summary>
[Collection("database")]
public sealed class FreeSubnetTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private static readonly PlacementOptions Options = new() { SubnetPool = "10.220.0.0/22", Subnet6Pool = "fd00:220::/62" };
    private readonly PostgresClaims _claims = new(fixture.Database, Options, TimeProvider.System);

    public async Task InitializeAsync()
    {
        foreach (var table in new[] { "subnet_claim", "subnet6_claim" })
            await fixture.Execute("DELETE FROM " + table);
    }

    public Task DisposeAsync() => InitializeAsync();

    [Fact]
    public async Task All_are_given_and_what_comes_back_is_given_again()
    {
        Guid[] networks = [.. Enumerable.Range(0, 4).Select(_ => Guid.NewGuid())];
        foreach (var (network, number) in networks.Select((n, i) => (n, i)))
        {
            Assert.Equal($"10.220.{number}.0/24", (await _claims.ClaimSubnet(network, null, null)).Cidr);
            Assert.Equal($"fd00:220:0:{number:x}::/64".Replace(":0:0::", "::", StringComparison.Ordinal), (await _claims.ClaimSubnet6(network, null)).Cidr);
        }
        var late = Guid.NewGuid();
        Assert.Equal("No free /24 is left in 10.220.0.0/22.", (await _claims.ClaimSubnet(late, null, null)).Why);
        Assert.Equal("No free /64 is left in fd00:220::/62.", (await _claims.ClaimSubnet6(late, null)).Why);
        await _claims.ReleaseSubnet(networks[1]);
        Assert.Equal("10.220.1.0/24", (await _claims.ClaimSubnet(late, null, null)).Cidr);
        Assert.Equal("fd00:220:0:1::/64", (await _claims.ClaimSubnet6(late, null)).Cidr);
    }

    [Fact]
    public async Task Two_silos_and_whoever_chooses_for_himself_get_ranges_that_do_not_overlap()
    {
        var others = new PostgresClaims(fixture.Database, Options, TimeProvider.System);
        Assert.Equal("10.220.1.0/25", (await _claims.ClaimSubnet(Guid.NewGuid(), "10.220.1.0/25", null)).Cidr);
        foreach (var (silo, range) in new (PostgresClaims, string?)[] { (_claims, "10.220.0.0/24"), (others, "10.220.2.0/24"), (_claims, "10.220.3.0/24"), (others, null) })
            Assert.Equal(range, (await silo.ClaimSubnet(Guid.NewGuid(), null, null)).Cidr);
    }
}
