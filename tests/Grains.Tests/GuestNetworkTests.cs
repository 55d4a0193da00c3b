using Controller.Contracts;
using Controller.Silo.Gateway;

namespace Controller.Grains.Tests;

/// <summary>What the seed disk says of a guest's network.</summary>
public sealed class GuestNetworkTests
{
    private static readonly NicSettings Settings = new() { PrefixLength = 24, Gateway = "10.0.0.1", Dns = ["192.0.2.1"] };

    [Fact]
    public void Without_NICs_it_says_nothing() => Assert.Equal("", GuestNetwork.Write([]));

    [Fact]
    public void A_NIC_with_DHCP_asks_and_has_its_IPv6_address_all_the_same() => Assert.Equal(
        """{"version":2,"ethernets":{"nic0":{"match":{"macaddress":"52:54:00:00:00:01"},"optional":true,"dhcp4":true,"addresses":["fd00::5/64"],"accept-ra":true,"nameservers":{"addresses":["192.0.2.1"]},"mtu":1450}}}""" + "\n",
        GuestNetwork.Write([Nic(Settings with { Dhcp = true, Mtu = 1450, PrefixLength6 = 64 }) with { Address6 = "fd00::5" }]));

    [Fact]
    public void A_NIC_without_DHCP_has_its_address_and_its_gateway() => Assert.Equal(
        """{"version":2,"ethernets":{"nic0":{"match":{"macaddress":"52:54:00:00:00:01"},"optional":true,"dhcp4":false,"addresses":["10.0.0.5/24"],"routes":[{"to":"0.0.0.0/0","via":"10.0.0.1","metric":100}],"nameservers":{"addresses":["192.0.2.1"]}}}}""" + "\n",
        GuestNetwork.Write([Nic(Settings)]));

    private static DesiredNic Nic(NicSettings settings) => new(Guid.NewGuid(), Guid.NewGuid(), "52:54:00:00:00:01", "10.0.0.5", "eth0") { Settings = settings };
}
