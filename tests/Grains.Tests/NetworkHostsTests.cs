using Controller.Grains.Network;

namespace Controller.Grains.Tests;

public sealed class NetworkHostsTests
{
    private static readonly Guid A = Guid.NewGuid(), B = Guid.NewGuid(), C = Guid.NewGuid();

    [Fact]
    public void A_host_joins_once_and_its_peers_are_the_others_that_can_be_reached()
    {
        var record = NetworkHosts.Join(NetworkHosts.Join(NetworkHosts.Join(New(), A, "10.0.0.1"), B, "10.0.0.2"), C, null);
        Assert.Same(record, NetworkHosts.Join(record, A, "10.0.0.1"));
        Assert.Equal(["10.0.0.2"], NetworkHosts.Peers(record, A));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], NetworkHosts.Peers(record, C));
        Assert.Empty(NetworkHosts.Peers(record with { Vni = 0 }, A));
        Assert.Contains(C.ToString(), NetworkHosts.Apart(record), StringComparison.Ordinal);
        Assert.Equal(["10.0.0.9"], NetworkHosts.Peers(NetworkHosts.Join(record, B, "10.0.0.9"), A));
    }

    [Fact]
    public void A_leaving_host_is_nobodys_peer_and_comes_back_only_after_it_has_left()
    {
        var record = NetworkHosts.Join(NetworkHosts.Join(New(), A, "10.0.0.1"), B, "10.0.0.2");
        Assert.Same(record, NetworkHosts.Leave(record, [A, B], 5));
        record = NetworkHosts.Leave(record, [A], 5);
        Assert.Empty(NetworkHosts.Peers(record, A));
        Assert.Equal(5, record.Hosts[1].LeavingSince);
        Assert.Same(record, NetworkHosts.Leave(record, [A], 6));
        Assert.Equal([A], NetworkHosts.Gone(record, record.Hosts[1]).Hosts.Select(h => h.Host));

        record = NetworkHosts.Join(record, B, "10.0.0.2");
        Assert.Equal((5L, true), (record.Hosts[1].LeavingSince, record.Hosts[1].Again));
        record = NetworkHosts.Gone(record, record.Hosts[1]);
        Assert.Equal(["10.0.0.2"], NetworkHosts.Peers(record, A));
    }

    [Theory]
    [InlineData("10.0.0.1", 1450)]
    [InlineData("fd00::1", 1430)]
    public void What_fits_between_hosts_depends_on_their_addresses(string underlay, int mtu) => Assert.Equal(mtu, NetworkHosts.OverlayMtu(underlay));

    [Theory]
    [InlineData("52:54:00:12:34:56", "fd00:1:2:3:5054:ff:fe12:3456")]
    [InlineData("02:00:00:00:00:01", "fd00:1:2:3:0:ff:fe00:1")]
    public void An_IPv6_address_is_made_of_the_MAC_address(string mac, string address) => Assert.Equal(address, Subnet6.Address("fd00:1:2:3::/64", mac));

    [Theory]
    [InlineData("10.0.0.0/24"), InlineData("fd00::/48"), InlineData("nonsense")]
    public void An_IPv6_range_has_64_bits(string text) => Assert.Contains(text, Subnet6.Parse(text).Why, StringComparison.Ordinal);

    private static NetworkRecord New() => new() { Id = Guid.NewGuid(), Project = Guid.NewGuid(), CreatedBy = "x", Created = default, Vni = 5000 };
}
