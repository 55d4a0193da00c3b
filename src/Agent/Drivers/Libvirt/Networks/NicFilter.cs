using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>
/// What security groups let through at one NIC, stateful. Not by connection tracking: in bridges that is a module of its own (nf_conntrack_bridge), which kernels may lack, and in
/// which tenants with the same addresses would meet. Each NIC has sets of its own instead, of what it and others have opened:
/// <code>
/// postrouting  → TAP-in    what the network needs · answers to what the machine opened · rules → TAP-take · drop
/// prerouting   → TAP (<see cref="NicGuard"/>) → TAP-out   what the network needs · answers to what others opened · rules, or all → TAP-open · drop
/// TAP-take  notes in TAP-e… what somebody else opened         TAP-open  notes in TAP-o… what the machine opened
/// </code>
/// What the rules let in is asked of the rules packet by packet, so a rule that goes takes its connections along. The sets outlive a change of rules. A machine that arrives from another
/// host has none at first: connections that it opened go on as soon as it sends on them.
/// Connections of TCP that were answered are in sets of their own (TAP-e4t, for instance): whoever sends requests that nobody answers fills only those of what lasts minutes.
/// </summary>
/// <param name="Rules">What is allowed.</param>
internal sealed record NicFilter(NicRule[] Rules)
{
    /// <summary>A connection of TCP that is silent is forgotten after a day; one that was not answered yet, after a minute; and that one end has ended, after two.</summary>
    private const string TcpLasts = "1d", TcpAsked = "1m", TcpEnded = "2m";

    private const string Ends = "tcp flags & (fin | rst) != 0", Accepts = "tcp flags & (syn | ack) == (syn | ack)";

    private const string WithPorts = "{ tcp, udp, sctp }";

    /// <summary>Kinds of set: with ports, of TCP's answered connections, and without ports, of both families.</summary>
    private static readonly (string Name, string Type, string Lasts)[] Sets =
    [
        ("4", "ipv4_addr . inet_proto . inet_service . inet_service", "3m"), ("6", "ipv6_addr . inet_proto . inet_service . inet_service", "3m"),
        ("4t", "ipv4_addr . inet_proto . inet_service . inet_service", TcpLasts), ("6t", "ipv6_addr . inet_proto . inet_service . inet_service", TcpLasts),
        ("4x", "ipv4_addr . inet_proto", "1m"), ("6x", "ipv6_addr . inet_proto", "1m"),
    ];

    /// <summary>An IPv6 header and its ICMP.</summary>
    private static readonly (string Ether, string Address, string Protocol, string Icmp)[] Families = [("ip", "ip", "ip protocol", "icmp"), ("ip6", "ip6", "meta l4proto", "icmpv6")];

    private static readonly string[] Opened = ["o", "e"];
    private static readonly string[] Chains = ["in", "out", "open", "take"];

    /// <summary>Where what the machine sends goes on, once it is known to be its own.</summary>
    public static string Out(string tap) => $"{tap}-out";

    /// <summary>For <c>nft -f</c>: chains that are not used yet. Whoever uses <see cref="Out"/> comes after, then <see cref="Use"/>.</summary>
    public IEnumerable<string> Write(string tap)
    {
        foreach (var set in Sets)
        {
            foreach (var opener in Opened)
                yield return Add(tap, opener, set);
        }
        foreach (var chain in Chains)
        {
            yield return $"add chain bridge occi {tap}-{chain}";
            yield return $"flush chain bridge occi {tap}-{chain}";
        }
        foreach (var (chain, rules) in new[] { ("in", In(tap)), ("out", From(tap)), ("open", Note(tap, "o", "daddr", "sport", "dport")), ("take", Note(tap, "e", "saddr", "dport", "sport")) })
        {
            foreach (var rule in rules)
                yield return $"add rule bridge occi {tap}-{chain} {rule}";
        }
    }

    public static string Use(string tap) => $"add element bridge occi inward {{ \"{tap}\" : goto {tap}-in }}";

    /// <summary>Undoes <see cref="Write"/> and <see cref="Use"/>, whatever there is of them; what goes to <see cref="Out"/> has to be gone.</summary>
    public static IEnumerable<string> Erase(string tap) =>
    [
        $"add chain bridge occi {tap}-in",
        Use(tap),
        $"delete element bridge occi inward {{ \"{tap}\" }}",
        .. Chains.SelectMany(chain => (string[])[$"add chain bridge occi {tap}-{chain}", $"flush chain bridge occi {tap}-{chain}"]),
        .. Chains.Select(chain => $"delete chain bridge occi {tap}-{chain}"),
        .. from set in Sets
           from opener in Opened
           from line in (string[])[Add(tap, opener, set), $"delete set bridge occi {tap}-{opener}{set.Name}"]
           select line,
    ];

    private static string Add(string tap, string opener, (string Name, string Type, string Lasts) set) =>
        $"add set bridge occi {tap}-{opener}{set.Name} {{ type {set.Type}; flags dynamic,timeout; timeout {set.Lasts}; size 65535; }}";

    private IEnumerable<string> In(string tap) =>
    [
        .. Needed("udp sport 67 udp dport 68 accept", "udp sport 547 udp dport 546 accept", "nd-router-advert, mld-listener-query"),
        .. Answers(tap, "o", "saddr", "dport", "sport"),
        .. Rules.Where(rule => !rule.Egress).SelectMany(rule => rule.Matches("saddr")).Select(match => $"{match} goto {tap}-take"),
        "drop",
    ];

    private IEnumerable<string> From(string tap) =>
    [
        .. Needed(
            "ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept", "ip6 daddr ff02::1:2 udp sport 546 udp dport 547 accept",   // a lease that cannot be renewed with its server is renewed so
            "nd-router-solicit, mld-listener-report, mld-listener-done, mld2-listener-report"),
        .. Answers(tap, "e", "daddr", "sport", "dport"),
        .. Rules.Any(rule => rule.Egress)
            ? Rules.Where(rule => rule.Egress).SelectMany(rule => rule.Matches("daddr")).Select(match => $"{match} goto {tap}-open").Append("drop")
            : [$"goto {tap}-open"],
    ];

    /// <summary>Without which there is no network: addresses, neighbours, routers, and what went wrong on the way. The rest of a packet that came in pieces is of no use without its first one.</summary>
    private static IEnumerable<string> Needed(string dhcp, string dhcp6, string icmp6) =>
    [
        "ether type { arp, 0x8035 } accept",
        "ether type != { ip, ip6 } drop",
        "ip frag-off & 0x1fff > 1 accept",
        "frag frag-off > 1 accept",
        dhcp,
        dhcp6,
        "ether type ip icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
        $"ether type ip6 icmpv6 type {{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem, nd-neighbor-solicit, nd-neighbor-advert, {icmp6} }} accept",
    ];

    private static IEnumerable<string> Answers(string tap, string by, string other, string own, string others)
    {
        foreach (var ((ether, address, protocol, icmp), set) in Families.Zip((string[])["4", "6"]))
        {
            var (key, asked, lasting) = ($"{address} {other} . {protocol} . th {own} . th {others}", $"@{tap}-{by}{set}", $"@{tap}-{by}{set}t");
            yield return Ending(ether, key, asked, lasting);
            yield return $"ether type {ether} {protocol} tcp {key} {lasting} update {lasting} {{ {key} timeout {TcpLasts} }} accept";
            yield return $"ether type {ether} {Accepts} {key} {asked} update {lasting} {{ {key} timeout {TcpLasts} }}";
            yield return $"ether type {ether} {protocol} tcp {key} {asked} update {asked} {{ {key} timeout {TcpEnded} }} accept";
            yield return $"ether type {ether} {protocol} {{ udp, sctp }} {key} {asked} accept";
            yield return $"ether type {ether} {icmp} type echo-reply {address} {other} . {protocol} @{tap}-{by}{set}x accept";
            yield return $"ether type {ether} {protocol} != {{ tcp, udp, sctp, {(icmp == "icmp" ? "icmp" : "ipv6-icmp")} }} {address} {other} . {protocol} @{tap}-{by}{set}x accept";
        }
    }

    /// <summary>Whoever ends a connection leaves it in the set of what is short.</summary>
    private static string Ending(string ether, string key, string asked, string lasting) =>
        $"ether type {ether} {Ends} {key} {lasting} update {asked} {{ {key} timeout {TcpEnded} }} delete {lasting} {{ {key} }}";

    /// <summary>
    /// What is allowed is noted, so that answers to it are, and lasts anew. A full set opens nothing and closes nothing. What accepts or ends a connection opens none. What a machine sends in
    /// the midst of one that is not known, it opened before it came here.
    /// </summary>
    private static IEnumerable<string> Note(string tap, string by, string other, string own, string others)
    {
        foreach (var ((ether, address, protocol, _), set) in Families.Zip((string[])["4", "6"]))
        {
            var (key, asked, lasting) = ($"{address} {other} . {protocol} . th {own} . th {others}", $"@{tap}-{by}{set}", $"@{tap}-{by}{set}t");
            yield return $"ether type {ether} {Accepts} accept";
            yield return Ending(ether, key, asked, lasting);
            yield return $"ether type {ether} {Ends} accept";
            yield return $"ether type {ether} {protocol} tcp {key} {lasting} update {lasting} {{ {key} timeout {TcpLasts} }} accept";
            if (by == "o")
                yield return $"ether type {ether} tcp flags & syn == 0 {key} != {asked} update {lasting} {{ {key} timeout {TcpLasts} }} accept";
            yield return $"ether type {ether} {protocol} tcp update {asked} {{ {key} timeout {TcpAsked} }}";
            yield return $"ether type {ether} {protocol} {{ udp, sctp }} update {asked} {{ {key} }}";
            yield return $"ether type {ether} {protocol} != {WithPorts} update @{tap}-{by}{set}x {{ {address} {other} . {protocol} }}";
        }
        yield return "accept";
    }
}

/// <summary>One thing that a security group allows, as agent.proto's SecurityRule has it, checked.</summary>
internal sealed record NicRule(bool Egress, int Family, int Protocol, int FirstPort, int LastPort, string? Remote)
{
    private const int Icmp = 1, IcmpV6 = 58;

    private static readonly Dictionary<int, string> WithPorts = new() { [6] = "tcp", [17] = "udp", [132] = "sctp" };

    /// <summary>Code <c>invalid</c> for what is none: nothing of it may reach nft unread.</summary>
    public static NicRule Of(SecurityRule rule)
    {
        var (family, remote) = ((int)rule.Family, rule.Remote.Length == 0 ? null : rule.Remote);
        if (family is not (0 or 4 or 6) || rule.Protocol > 255 || rule.FirstPort > rule.LastPort || rule.LastPort > 65535
            || (rule.LastPort > 0 && (rule.FirstPort == 0 || !WithPorts.ContainsKey((int)rule.Protocol))))
            throw Invalid(rule);
        if (remote is not null)
        {
            if (!IPNetwork.TryParse(remote, out var range))
                throw Invalid(rule);
            var of = range.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 4 : 6;
            if (family != 0 && family != of)
                throw Invalid(rule);
            (family, remote) = (of, range.ToString());
        }
        return new(rule.Egress, family, (int)rule.Protocol, (int)rule.FirstPort, (int)rule.LastPort, remote);
    }

    /// <summary>For each family what nft is to look for; <paramref name="other"/> is where the other end's address stands.</summary>
    public IEnumerable<string> Matches(string other)
    {
        if (Family != 6)
            yield return $"ether type ip{Ends("ip", other)}{What("ip protocol", Protocol)}";
        if (Family != 4)
            yield return $"ether type ip6{Ends("ip6", other)}{What("meta l4proto", Protocol == Icmp ? IcmpV6 : Protocol)}";
    }

    private string Ends(string ip, string other) => Remote is null ? "" : $" {ip} {other} {Remote}";

    private string What(string named, int protocol) =>
        protocol == 0 ? ""
        : LastPort > 0 ? string.Create(CultureInfo.InvariantCulture, $" {WithPorts[protocol]} dport {FirstPort}-{LastPort}")
        : string.Create(CultureInfo.InvariantCulture, $" {named} {protocol}");

    private static DriverException Invalid(SecurityRule found) => new("invalid", $"A security group's rule was wanted, and {found} was found.", retryable: false);
}
