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
    private const string Direct = "19999", Priority = "20000", LooseReversePath = "2";

    /// <summary>The metric of addresses that we gave to the host. Nothing is reached by way of a /32, so it does nothing else.</summary>
    private const string Mark = "20000";

    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(15);

    /// <summary>libvirt lets nothing in that a machine of a NAT network did not begin. What was translated for a machine of ours is let through before that is asked.</summary>
    private static readonly string[] LetIn = ["-o", "oc+", "-m", "conntrack", "--ctstate", "DNAT", "-j", "ACCEPT"];

    private readonly SemaphoreSlim _turn = new(1);
    private long _checked;
    private bool _swept;

    /// <summary>
    /// The machine is here, and has these addresses and no other. What is under way is in its file until it is done, so that whoever tries again does all of it. Code <c>no-network</c> while
    /// the network outside is not there, <c>address-in-use</c> where the host has the address itself; the others are seen to first.
    /// </summary>
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
            var foreign = await Foreign(wanted, cancel);
            wanted.RemoveAll(foreign.Contains);
            await Change(file, known, wanted, cancel);
            if (foreign is [var one, ..])
                throw new DriverException("address-in-use", $"The host itself has {one.Address}, which was to be a machine's floating address.", retryable: false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Puts back now and then what somebody took away. The first time after a start, what no file tells of is taken away: it was left by whoever could not finish. What cannot be done is
    /// thrown when all the rest is done.
    /// </summary>
    public async Task Check(CancellationToken cancel)
    {
        if (time.GetElapsedTime(_checked) < CheckEvery || !await _turn.WaitAsync(0, cancel))
            return;
        try
        {
            _checked = time.GetTimestamp();
            var all = All();
            if (!_swept)
                await Sweep(all, cancel);
            _swept = true;
            if (all.Count == 0)
                return;
            await Translate(all, cancel);
            DriverException? trouble = null;
            foreach (var nat in all)
            {
                try
                {
                    await Place(nat, cancel);
                }
                catch (DriverException unable)
                {
                    trouble ??= unable;
                }
            }
            if (trouble is not null)
                throw trouble;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Of two incarnations that are to have one address, the later one has it.</summary>
    private List<FloatingNat> All() =>
        [.. folders.AllFloating().OrderByDescending(File.GetLastWriteTimeUtc).SelectMany(Read).Where(nat => nat.Standing != Standing.Going).Select(Here).DistinctBy(nat => nat.Address)];

    private async Task Change(string file, List<FloatingNat> known, List<FloatingNat> wanted, CancellationToken cancel)
    {
        List<FloatingNat> coming = [.. wanted.Except(known)];
        List<FloatingNat> going = [.. known.Select(Here).Except(wanted)];
        Write(file, [.. wanted.Select(nat => coming.Contains(nat) ? nat with { Standing = Standing.Coming } : nat), .. going.Select(nat => nat with { Standing = Standing.Going })]);
        var all = All();
        going.RemoveAll(all.Contains);
        // First of all the host answers for it no more, whatever else fails.
        foreach (var nat in going)
            await Withdraw(nat, all, cancel);
        await Translate(all, cancel);
        foreach (var nat in wanted.Intersect(all))
            await Place(nat, cancel);
        foreach (var nat in going)
            await Forget(nat, cancel);
        foreach (var nat in coming)
            await Announce(nat, cancel);
        Write(file, wanted);
    }

    /// <summary>Of these, the addresses that the host has and that we did not give it.</summary>
    private async Task<List<FloatingNat>> Foreign(List<FloatingNat> wanted, CancellationToken cancel)
    {
        var ours = folders.AllFloating().SelectMany(Read).Select(nat => nat.Address).ToHashSet();
        var foreign = new List<FloatingNat>();
        foreach (var nat in wanted.Where(nat => !ours.Contains(nat.Address)))
        {
            if ((await Addresses(["to", nat.Address + "/32"], cancel)).Any(there => !there.Ours))
                foreign.Add(nat);
        }
        return foreign;
    }

    private async Task Translate(List<FloatingNat> all, CancellationToken cancel)
    {
        await network.Run("nft", ["-f", "-"], cancel, Table(all));
        await LetThrough(cancel);
    }

    private async Task Place(FloatingNat nat, CancellationToken cancel)
    {
        if (!network.HasDevice(nat.Bridge))
            return;
        await network.Run("ip", ["address", "replace", nat.Address + "/32", "dev", nat.Bridge, "metric", Mark], cancel);
        // What comes from outside need not be where the host itself would look for its sender.
        await network.Run("sysctl", ["-q", "-w", $"net.ipv4.conf.{nat.Bridge}.rp_filter={LooseReversePath}"], cancel);
        await network.Run("ip", ["route", "replace", nat.Cidr, "dev", nat.Bridge, "table", nat.Table], cancel);
        await network.Run("ip", ["route", "replace", "default", "via", nat.Gateway, "dev", nat.Bridge, "onlink", "table", nat.Table], cancel);
        foreach (var rule in Rules(nat))
        {
            if (!(await Rules(rule.Priority, cancel)).Contains(rule))
                await network.Run("ip", [.. rule.Command("add")], cancel);
        }
    }

    /// <summary>Each may be gone already.</summary>
    private async Task Withdraw(FloatingNat gone, List<FloatingNat> left, CancellationToken cancel)
    {
        if (left.All(nat => nat.Address != gone.Address))
            await network.Try("ip", ["address", "delete", gone.Address + "/32", "dev", gone.Bridge], cancel);
        foreach (var rule in Rules(gone).Except(left.SelectMany(nat => Rules(nat))))
            await network.Try("ip", [.. rule.Command("delete")], cancel);
        if (left.All(nat => nat.Table != gone.Table))
            await network.Try("ip", ["route", "flush", "table", gone.Table], cancel);
    }

    /// <summary>Connections that there are would go on by what was remembered of them.</summary>
    private async Task Forget(FloatingNat gone, CancellationToken cancel)
    {
        if (!HostNetwork.Has("conntrack"))
            return;
        await network.Try("conntrack", ["-D", "-d", gone.Address], cancel);
        await network.Try("conntrack", ["-D", "-s", gone.Own, "-q", gone.Address], cancel);
    }

    private async Task Sweep(List<FloatingNat> all, CancellationToken cancel)
    {
        foreach (var left in (await Addresses([], cancel)).Where(there => there.Ours && all.All(nat => (nat.Address, nat.Bridge) != (there.Address, there.Device))))
            await network.Try("ip", ["address", "delete", left.Address + "/32", "dev", left.Device], cancel);
        foreach (var priority in (string[])[Direct, Priority])
        {
            foreach (var left in (await Rules(priority, cancel)).Except(all.SelectMany(nat => Rules(nat))))
                await network.Try("ip", [.. left.Command("delete")], cancel);
        }
    }

    /// <summary>The host's, and which of them we gave it.</summary>
    private async Task<List<(string Address, string Device, bool Ours)>> Addresses(string[] which, CancellationToken cancel) =>
    [
        .. from device in (await network.Ask("ip", ["-4", "address", "show", .. which], cancel)).EnumerateArray()
           where device.TryGetProperty("addr_info", out _)
           from address in device.GetProperty("addr_info").EnumerateArray()
           where address.TryGetProperty("local", out _)
           select (
               address.GetProperty("local").GetString()!, device.GetProperty("ifname").GetString()!,
               address.GetProperty("prefixlen").GetInt32() == 32 && address.TryGetProperty("metric", out var metric) && metric.ToString() == Mark),
    ];

    private async Task<List<RoutingRule>> Rules(string priority, CancellationToken cancel) =>
    [
        .. from rule in (await network.Ask("ip", ["rule", "show", "priority", priority], cancel)).EnumerateArray()
           where rule.TryGetProperty("src", out _) && rule.TryGetProperty("table", out _)
           select new RoutingRule(priority, rule.GetProperty("src").GetString()!, rule.GetProperty("table").GetString()!),
    ];

    /// <summary>
    /// To the outside by its gateway, and to what the host itself is next to straight: answers to a machine beside it must not go outside. The address as well, or Linux answers no ARP
    /// for it to whom it has no other way to.
    /// </summary>
    private static RoutingRule[] Rules(FloatingNat nat) => [new(Direct, nat.Own, "main"), new(Priority, nat.Own, nat.Table), new(Priority, nat.Address, nat.Table)];

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

    /// <summary>
    /// All of it anew in one step. A machine with several addresses is found by all of them and goes out by its first one. Machines see the outside as it is. One that asks for a floating
    /// address of a machine beside it is seen as its own floating address or, if it has none, as the one that it asks for: never as the other's gateway, whom groups may well let in.
    /// </summary>
    private static string Table(List<FloatingNat> all) =>
        $$"""
        table ip occi {
          map floating { type ipv4_addr : ipv4_addr; }
          map own { type ifname . ipv4_addr : ipv4_addr; }
          map back { type ipv4_addr : ipv4_addr; }
          chain prerouting { type nat hook prerouting priority -110; policy accept; }
          chain output { type nat hook output priority -110; policy accept; }
          chain postrouting { type nat hook postrouting priority 90; policy accept; }
        }
        flush chain ip occi prerouting
        flush chain ip occi output
        flush chain ip occi postrouting
        flush map ip occi floating
        flush map ip occi own
        flush map ip occi back
        table ip occi {
          chain prerouting { dnat to ip daddr map @floating; }
          chain output { dnat to ip daddr map @floating; }
          chain postrouting {
            snat to oifname . ip saddr map @own
            {{Beside}} snat to ip saddr map @back
            {{Beside}} snat to ip daddr map @back
          }
        }
        {{string.Join('\n', Elements(all))}}

        """;

    private const string Beside = $"iifname \"oc*\" iifname != \"{PhysicalNetworks.BridgePrefix}*\" oifname \"oc*\" ct status dnat fib saddr type != local";

    private static IEnumerable<string> Elements(List<FloatingNat> all) =>
    [
        .. all.Select(nat => $"add element ip occi floating {{ {nat.Address} : {nat.Own} }}"),
        .. all.DistinctBy(nat => (nat.Bridge, nat.Own)).Select(nat => $"add element ip occi own {{ \"{nat.Bridge}\" . {nat.Own} : {nat.Address} }}"),
        .. all.DistinctBy(nat => nat.Own).Select(nat => $"add element ip occi back {{ {nat.Own} : {nat.Address} }}"),
    ];

    private static FloatingNat Here(FloatingNat nat) => nat with { Standing = Standing.Here };

    private static List<FloatingNat> Read(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize<List<FloatingNat>>(File.ReadAllBytes(file)) ?? [] : [];

    private static void Write(string file, List<FloatingNat> nats)
    {
        if (nats.Count == 0)
            File.Delete(file);
        else
            AtomicFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(nats));
    }

    /// <summary>A rule of routing for what comes from an address.</summary>
    private sealed record RoutingRule(string Priority, string From, string Table)
    {
        public string[] Command(string verb) =>
            ["rule", verb, "from", From + "/32", "lookup", Table, .. Table == "main" ? (string[])["suppress_prefixlength", "0"] : [], "priority", Priority];
    }
}

/// <summary>One address of the world outside for one of a machine's.</summary>
/// <param name="Address">Outside.</param>
/// <param name="Own">The NIC's.</param>
/// <param name="Bridge">Where the outside is.</param>
/// <param name="Cidr">The range there.</param>
/// <param name="Gateway">The way on from there.</param>
/// <param name="Standing">Whether all of it is done.</param>
internal sealed record FloatingNat(string Address, string Own, string Bridge, string Cidr, string Gateway, Standing Standing = Standing.Here)
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

/// <summary>Of an address in a machine's file; kept by number.</summary>
internal enum Standing
{
    Here = 0, Coming = 1, Going = 2,
}
