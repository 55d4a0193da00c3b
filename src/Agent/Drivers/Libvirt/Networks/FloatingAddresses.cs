using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>
/// Addresses of the world outside that stand for machines' own, one to one. The host has each on the bridge of its network, so it is found there; nftables (table <c>ip occi</c>)
/// turn it into the machine's address and back; and what the machine sends goes out by that network's gateway. A file for each machine tells which ones, so that all of it can be put back.
/// </summary>
internal sealed class FloatingAddresses(Folders folders, HostNetwork network, NetworkStore networks, TimeProvider time) : IDisposable
{
    private const string Priority = "20000", LooseReversePath = "2";
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(15);

    /// <summary>libvirt lets nothing in that a machine of a NAT network did not begin. What was translated for a machine of ours is let through before that is asked.</summary>
    private static readonly string[] LetIn = ["-o", "oc+", "-m", "conntrack", "--ctstate", "DNAT", "-j", "ACCEPT"];

    private readonly SemaphoreSlim _turn = new(1);
    private long _checked;

    /// <summary>The machine is here, and has these addresses and no other. Code <c>no-network</c> while the network outside is not there.</summary>
    public async Task Keep(ObjectKey machine, IEnumerable<Nic> nics, CancellationToken cancel)
    {
        var wanted = new List<FloatingNat>();
        foreach (var nic in nics)
        {
            foreach (var address in nic.Floating)
                wanted.Add(FloatingNat.Of(address, nic.Address, await networks.Bridge(address.NetworkId, cancel)));
        }
        await _turn.WaitAsync(cancel);
        try
        {
            var file = folders.Floating(machine);
            var known = Read(file);
            if (known.SequenceEqual(wanted))
                return;
            if (wanted.Count == 0)
                File.Delete(file);
            else
                AtomicFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(wanted));
            var all = All();
            await Fit(all, cancel);
            foreach (var gone in known.Where(old => !all.Contains(old)))
                await Drop(gone, all, cancel);
            foreach (var come in wanted.Where(one => !known.Contains(one)))
                await Announce(come, cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Puts back now and then what somebody took away.</summary>
    public async Task Check(CancellationToken cancel)
    {
        if (time.GetElapsedTime(_checked) < CheckEvery || !await _turn.WaitAsync(0, cancel))
            return;
        try
        {
            _checked = time.GetTimestamp();
            if (All() is { Count: > 0 } all)
                await Fit(all, cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Of two incarnations that are to have one address, the later one has it.</summary>
    private List<FloatingNat> All() =>
        [.. folders.AllFloating().OrderByDescending(File.GetLastWriteTimeUtc).SelectMany(Read).DistinctBy(nat => nat.Address).OrderBy(nat => nat.Address, StringComparer.Ordinal)];

    private async Task Fit(List<FloatingNat> all, CancellationToken cancel)
    {
        await network.Run("nft", ["-f", "-"], cancel, Table(all));
        await LetThrough(cancel);
        foreach (var nat in all.Where(nat => network.HasDevice(nat.Bridge)))
        {
            await network.Run("ip", ["address", "replace", nat.Address + "/32", "dev", nat.Bridge], cancel);
            // What comes from outside need not be where the host itself would look for its sender.
            await network.Run("sysctl", ["-q", "-w", $"net.ipv4.conf.{nat.Bridge}.rp_filter={LooseReversePath}"], cancel);
            await network.Run("ip", ["route", "replace", nat.Cidr, "dev", nat.Bridge, "table", nat.Table], cancel);
            await network.Run("ip", ["route", "replace", "default", "via", nat.Gateway, "dev", nat.Bridge, "onlink", "table", nat.Table], cancel);
            var rules = await network.Run("ip", ["rule", "show", "priority", Priority], cancel);
            if (!rules.Split('\n').Any(rule => rule.Contains($"from {nat.Own} lookup {nat.Table}", StringComparison.Ordinal)))
                await network.Run("ip", [.. Rule("add", nat)], cancel);
        }
    }

    private async Task Drop(FloatingNat gone, List<FloatingNat> left, CancellationToken cancel)
    {
        // Each may be gone already.
        if (left.All(nat => nat.Address != gone.Address))
            await network.Try("ip", ["address", "delete", gone.Address + "/32", "dev", gone.Bridge], cancel);
        if (left.All(nat => nat.Own != gone.Own))
            await network.Try("ip", [.. Rule("delete", gone)], cancel);
        if (left.All(nat => nat.Table != gone.Table))
            await network.Try("ip", ["route", "flush", "table", gone.Table], cancel);
        // Connections that there are would go on by what was remembered of them.
        if (HostNetwork.Has("conntrack"))
        {
            await network.Try("conntrack", ["-D", "-d", gone.Address], cancel);
            await network.Try("conntrack", ["-D", "-s", gone.Own], cancel);
        }
    }

    /// <summary>Whoever knows the address by another host's MAC address hears of this one's: setting a device's own address anew makes Linux announce all that it has.</summary>
    private async Task Announce(FloatingNat nat, CancellationToken cancel)
    {
        await network.Run("sysctl", ["-q", "-w", $"net.ipv4.conf.{nat.Bridge}.arp_notify=1"], cancel);
        var device = (await network.Ask("ip", ["link", "show", "dev", nat.Bridge], cancel)).EnumerateArray().FirstOrDefault();
        if (device.ValueKind == JsonValueKind.Object)
            await network.Run("ip", ["link", "set", nat.Bridge, "address", device.GetProperty("address").GetString()!], cancel);
    }

    private async Task LetThrough(CancellationToken cancel)
    {
        var rules = (await network.Run("iptables", ["-w", "-S", "FORWARD"], cancel)).Split('\n').ToList();
        var ours = rules.IndexOf("-A FORWARD " + string.Join(' ', LetIn));
        var libvirts = rules.FindIndex(rule => rule.Contains("LIBVIRT_", StringComparison.Ordinal));
        if (ours >= 0 && (libvirts < 0 || ours < libvirts))
            return;
        if (ours >= 0)
            await network.Run("iptables", ["-w", "-D", "FORWARD", .. LetIn], cancel);
        await network.Run("iptables", ["-w", "-I", "FORWARD", "1", .. LetIn], cancel);
    }

    private static string[] Rule(string verb, FloatingNat nat) => ["rule", verb, "from", nat.Own + "/32", "lookup", nat.Table, "priority", Priority];

    /// <summary>All of it anew in one step. A machine that asks for a floating address of one beside it is answered by way of the host; machines see the outside as it is.</summary>
    private static string Table(List<FloatingNat> all) =>
        $$"""
        table ip occi {
          map floating { type ipv4_addr : ipv4_addr; }
          map own { type ifname . ipv4_addr : ipv4_addr; }
          chain prerouting { type nat hook prerouting priority -110; policy accept; }
          chain output { type nat hook output priority -110; policy accept; }
          chain postrouting { type nat hook postrouting priority 90; policy accept; }
        }
        flush chain ip occi prerouting
        flush chain ip occi output
        flush chain ip occi postrouting
        flush map ip occi floating
        flush map ip occi own
        table ip occi {
          chain prerouting { dnat to ip daddr map @floating; }
          chain output { dnat to ip daddr map @floating; }
          chain postrouting {
            snat to oifname . ip saddr map @own
            iifname "oc*" iifname != "{{PhysicalNetworks.BridgePrefix}}*" oifname "oc*" ct status dnat fib saddr type != local masquerade
          }
        }
        {{string.Concat(all.Select(nat => $"add element ip occi floating {{ {nat.Address} : {nat.Own} }}\nadd element ip occi own {{ \"{nat.Bridge}\" . {nat.Own} : {nat.Address} }}\n"))}}
        """;

    private static List<FloatingNat> Read(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize<List<FloatingNat>>(File.ReadAllBytes(file)) ?? [] : [];
}

/// <summary>One address of the world outside for one of a machine's.</summary>
/// <param name="Address">Outside.</param>
/// <param name="Own">The NIC's.</param>
/// <param name="Bridge">Where the outside is.</param>
/// <param name="Cidr">The range there.</param>
/// <param name="Gateway">The way on from there.</param>
internal sealed record FloatingNat(string Address, string Own, string Bridge, string Cidr, string Gateway)
{
    /// <summary>The routing table of the network outside: far from those that people number.</summary>
    public string Table => (0x4f000000 | (SHA256.HashData(Encoding.ASCII.GetBytes(Bridge)) is [var a, var b, var c, ..] ? (a << 16) | (b << 8) | c : 0)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Code <c>invalid</c> for what are no IPv4 addresses.</summary>
    public static FloatingNat Of(FloatingAddress floating, string own, string bridge) => new(
        Checked(floating.Address), Checked(own), bridge,
        IPNetwork.TryParse(floating.Cidr, out var range) && range.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? range.ToString() : throw Invalid(floating.Cidr), Checked(floating.Gateway));

    private static string Checked(string address) =>
        IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetwork ? parsed.ToString() : throw Invalid(address);

    private static DriverException Invalid(string found) => new("invalid", $"A floating address, its network and the NIC's own address are to be IPv4, and '{found}' was found.", retryable: false);
}
