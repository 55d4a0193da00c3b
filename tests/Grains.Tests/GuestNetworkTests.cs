using Controller.Grains.Compute;

namespace Controller.Grains.Tests;

/// <summary>What cloud-init reads of a machine's NICs. What is here went through cloud-init's own net-convert once (docs/machines.md).</summary>
public sealed class GuestNetworkTests
{
    private static readonly Guid Any = Guid.NewGuid();

    [Fact]
    public void Nothing_is_said_of_no_nic() => Assert.Equal("", GuestNetwork.Config([]));

    [Fact]
    public void A_nic_is_found_by_its_mac_and_has_its_addresses_by_dhcp_or_from_here()
    {
        var text = GuestNetwork.Config(
        [
            new(Any, Any, "52:54:00:00:00:01", "10.128.0.7", "eth0")
            {
                Address6 = "fd6f::7", Settings = new() { Dhcp = true, PrefixLength = 24, Gateway = "10.128.0.1", PrefixLength6 = 64, Gateway6 = "fd6f::1", Dns = ["192.0.2.1"], Mtu = 1450 },
            },
            new(Any, Any, "52:54:00:00:00:02", "10.9.0.7", "eth1")
            {
                Address6 = "fd6f:1::7",
                Settings = new() { PrefixLength = 24, Gateway = "10.9.0.1", PrefixLength6 = 64, Gateway6 = "fd6f:1::1", Dns = ["9.9.9.9", "2620:fe::fe"] },
            },
            new(Any, Any, "52:54:00:00:00:03", null, "eth2"),
            new(Any, Any, "52:54:00:00:00:04", "10.9.1.7", "eth3") { Settings = new() { PrefixLength = 24, Gateway = "10.9.1.1" } },
            new(Any, Any, "52:54:00:00:00:05", null, "eth4") { Settings = new() { Dhcp = true } },
        ]);
        Assert.Equal(
            """
            version: 2
            ethernets:
              eth0:
                match: { macaddress: "52:54:00:00:00:01" }
                set-name: "eth0"
                optional: true
                dhcp4: true
                addresses: [ "fd6f::7/64" ]
                accept-ra: true
                nameservers: { addresses: [ "192.0.2.1" ] }
                mtu: 1450
              eth1:
                match: { macaddress: "52:54:00:00:00:02" }
                set-name: "eth1"
                optional: true
                addresses: [ "10.9.0.7/24", "fd6f:1::7/64" ]
                gateway4: "10.9.0.1"
                gateway6: "fd6f:1::1"
                accept-ra: true
                nameservers: { addresses: [ "9.9.9.9", "2620:fe::fe" ] }
              eth2:
                match: { macaddress: "52:54:00:00:00:03" }
                set-name: "eth2"
                optional: true
                dhcp4: true
              eth3:
                match: { macaddress: "52:54:00:00:00:04" }
                set-name: "eth3"
                optional: true
                addresses: [ "10.9.1.7/24" ]
                gateway4: "10.9.1.1"
              eth4:
                match: { macaddress: "52:54:00:00:00:05" }
                set-name: "eth4"
                optional: true
                dhcp4: true

            """,
            text);
    }
}
