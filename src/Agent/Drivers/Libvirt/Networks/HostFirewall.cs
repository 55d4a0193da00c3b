namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>
/// The host's nftables of ours, all of them: tables <c>occi</c> of the families bridge and inet. Nobody else writes them.
/// <code>
/// bridge  ingress (prerouting)  a machine's tap → its own chain (<see cref="NicGuard"/>); a tap without one may say nothing
///         outward (postrouting) to a machine's tap → its security groups (<see cref="NicFilter"/>), where it is in any
///         from-others (input)   what comes from other hosts is for machines, never for this host: it has the gateway's address on each host
///         to-others (output)    nor does this host say anything to others' machines
///         across (forward)      machines' questions for their own host's DHCP and gateway do not go to other hosts
/// inet    input, forward        no VXLAN from machines: one that could speak it to a host would be on every network
/// </code>
/// </summary>
internal sealed class HostFirewall(HostNetwork network, LibvirtOptions options)
{
    /// <summary>How names of VXLAN devices begin: of networks where the host is gateway, and of others.</summary>
    public const string Routed = "ocv", Plain = "ocl";

    /// <summary>How names of machines' taps begin. Bridges' names go on with a hexadecimal digit.</summary>
    public const string Tap = "oct";

    public const uint VxlanPort = 4789;

    private const string Ours = "oc";

    /// <summary>Makes the tables what they should be; machines' chains are left as they are.</summary>
    public Task Ensure(CancellationToken cancel) => Apply(Base(options.AntiSpoofing), cancel);

    /// <summary>A flush of the table leaves chains without rules behind.</summary>
    public async Task<bool> IsThere(CancellationToken cancel) => await Leads("ingress", "@guards", cancel) && await Leads("outward", "@inward", cancel);

    private async Task<bool> Leads(string chain, string to, CancellationToken cancel) =>
        await network.Try("nft", ["list", "chain", "bridge", "occi", chain], cancel) is { Ok: true, Output: var rules } && rules.Contains(to, StringComparison.Ordinal);

    /// <summary>Puts a machine's NIC under guard, or changes what it may do; in one step, so that there is no moment without.</summary>
    public Task Guard(IEnumerable<NicGuard> guards, CancellationToken cancel) => Apply(string.Concat(guards.Select(guard => guard.Write(options.AntiSpoofing))), cancel);

    public Task Unguard(IEnumerable<string> taps, CancellationToken cancel) => Apply(string.Concat(taps.Select(NicGuard.Erase)), cancel);

    private Task Apply(string script, CancellationToken cancel) =>
        script.Length == 0 ? Task.CompletedTask : network.Run("nft", ["-f", "-"], cancel, script);

    private static string Base(bool antiSpoofing) =>
        $$"""
        table bridge occi {
          map guards { type ifname : verdict; }
          map inward { type ifname : verdict; }
          chain ingress { type filter hook prerouting priority -300; policy accept; }
          chain outward { type filter hook postrouting priority 0; policy accept; }
          chain from-others { type filter hook input priority 0; policy accept; }
          chain to-others { type filter hook output priority 0; policy accept; }
          chain across { type filter hook forward priority 0; policy accept; }
        }
        flush chain bridge occi ingress
        flush chain bridge occi outward
        flush chain bridge occi from-others
        flush chain bridge occi to-others
        flush chain bridge occi across
        table bridge occi {
          chain ingress {
            iifname vmap @guards
            {{(antiSpoofing ? $"iifname \"{Tap}*\" drop" : "")}}
          }
          chain outward { oifname vmap @inward; }
          chain from-others { iifname { "{{Routed}}*", "{{Plain}}*" } drop; }
          chain to-others { oifname { "{{Routed}}*", "{{Plain}}*" } drop; }
          chain across {
            oifname "{{Routed}}*" udp dport { 67, 547 } drop
            oifname "{{Routed}}*" icmpv6 type { nd-router-solicit, nd-router-advert } drop
          }
        }
        table inet occi {
          chain input { type filter hook input priority -10; policy accept; }
          chain forward { type filter hook forward priority -10; policy accept; }
        }
        flush chain inet occi input
        flush chain inet occi forward
        table inet occi {
          chain input { iifname "{{Ours}}*" udp dport {{VxlanPort}} drop; }
          chain forward { iifname "{{Ours}}*" udp dport {{VxlanPort}} drop; }
        }

        """;
}
