using Controller.Contracts;
using Controller.Grains.SecurityGroups;
using Occi;
using Occi.Extension;

namespace Controller.Grains.Tests;

public sealed class SecurityRulesTests
{
    [Theory]
    [InlineData("""{"direction":"ingress"}""", false, 0, 0, null, null, null)]
    [InlineData("""{"direction":"ingress","protocol":"tcp","ports":22}""", false, 0, 6, 22, 22, null)]
    [InlineData("""{"direction":"ingress","protocol":"tcp","ports":"8000-8100","remote":"10.9.0.7/24"}""", false, 4, 6, 8000, 8100, "10.9.0.0/24")]
    [InlineData("""{"direction":"egress","protocol":"UDP","ports":"53","remote":"192.0.2.53","ethertype":"ipv4"}""", true, 4, 17, 53, 53, "192.0.2.53/32")]
    [InlineData("""{"direction":"ingress","protocol":"icmp","remote":"2001:db8::1/32","description":"all may ask"}""", false, 6, 1, null, null, "2001:db8::/32")]
    [InlineData("""{"direction":"ingress","protocol":"47","ethertype":"IPv6"}""", false, 6, 47, null, null, null)]
    [InlineData("""{"direction":"egress","protocol":"any","remote":"0.0.0.0/0"}""", true, 4, 0, null, null, "0.0.0.0/0")]
    public void A_rule_is_read(string rule, bool egress, int family, int protocol, int? first, int? last, string? remote)
    {
        var (rules, why) = Read($"[{rule}]");
        Assert.Null(why);
        Assert.Equal(new SecurityRule(egress, family, protocol, first, last, remote), Assert.Single(rules));
    }

    [Theory]
    [InlineData("""[22]""", "rule 1: an object was wanted, 22 was given.")]
    [InlineData("""[{"direction":"ingress"},{}]""", "rule 2: direction: ingress or egress was wanted, nothing was given.")]
    [InlineData("""[{"direction":"in"}]""", "rule 1: direction: ingress or egress was wanted, in was given.")]
    [InlineData("""[{"direction":"ingress","port":22}]""", "rule 1: one of direction, ethertype, protocol, ports, remote, description was wanted, port was given.")]
    [InlineData("""[{"direction":"ingress","ports":22}]""", "rule 1: ports: the protocol tcp, udp or sctp is needed with it.")]
    [InlineData("""[{"direction":"ingress","protocol":"icmp","ports":8}]""", "rule 1: ports: the protocol tcp, udp or sctp is needed with it.")]
    [InlineData("""[{"direction":"ingress","protocol":"tcp","ports":"90-80"}]""", "rule 1: ports: a port such as 22 or a range such as 8000-8100 was wanted, 90-80 was given.")]
    [InlineData("""[{"direction":"ingress","protocol":"tcp","ports":0}]""", "rule 1: ports: a port such as 22 or a range such as 8000-8100 was wanted, 0 was given.")]
    [InlineData("""[{"direction":"ingress","protocol":"tpc"}]""", "rule 1: protocol: tcp, udp, sctp, icmp, any or a number of 1 to 255 was wanted, tpc was given.")]
    [InlineData("""[{"direction":"ingress","remote":"10.1/16"}]""", "rule 1: remote: a range such as 10.9.0.0/24 or an address was wanted, 10.1/16 was given.")]
    [InlineData("""[{"direction":"ingress","remote":"10.0.0.0/33"}]""", "rule 1: remote: a range such as 10.9.0.0/24 or an address was wanted, 10.0.0.0/33 was given.")]
    [InlineData("""[{"direction":"ingress","remote":"10.0.0.0/8","ethertype":"IPv6"}]""", "rule 1: ethertype: IPv6 does not go with the remote 10.0.0.0/8.")]
    [InlineData("""[{"direction":"ingress","ethertype":"ARP"}]""", "rule 1: ethertype: IPv4 or IPv6 was wanted, ARP was given.")]
    [InlineData("""[{"direction":"ingress","remote":["10.0.0.0/8"]}]""", "rule 1: remote as text was wanted, [\"10.0.0.0/8\"] was given.")]
    public void What_is_none_is_told_with_what_was_wanted(string rules, string why) => Assert.Equal($"{SecurityGroup.Rules.Name}: {why}", Read(rules).Why);

    [Fact]
    public void There_are_only_so_many()
    {
        string Many(int count) => $"[{string.Join(',', Enumerable.Repeat("""{"direction":"ingress"}""", count))}]";
        Assert.Equal((100, null), (Read(Many(100)).Rules.Length, Read(Many(100)).Why));
        Assert.Equal($"{SecurityGroup.Rules.Name}: a security group can have 100 rules, 101 were given.", Read(Many(101)).Why);
    }

    [Fact]
    public void None_are_no_rules() => Assert.Empty(SecurityRules.Read(new Dictionary<string, AttributeValue>()).Rules);

    private static (SecurityRule[] Rules, string? Why) Read(string json) =>
        SecurityRules.Read(new Dictionary<string, AttributeValue> { [SecurityGroup.Rules.Name] = AttributeValue.OfJson(json) });
}
