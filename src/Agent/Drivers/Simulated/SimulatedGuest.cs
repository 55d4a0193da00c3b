using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Controller.Agent.Protocol;
using Google.Protobuf;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>What a guest says on its serial console: the lines of the demo guest (deploy/guest/init), without a kernel in between.</summary>
internal static partial class SimulatedGuest
{
    public static void Say(SimulatedMachine machine, string line) =>
        machine.Console = ByteString.CopyFrom([.. machine.Console.Span, .. Encoding.UTF8.GetBytes(line + "\r\n")]);

    public static void Boot(SimulatedMachine machine, SimulatedHost host)
    {
        var spec = machine.Running;
        Say(machine, $"DEMO: init up=0.10 cpus={spec.Cores} memory={spec.MemoryBytes / 1024}k");
        if (spec.Image is { } image)
        {
            Say(machine, $"DEMO: root /dev/vda serial= bytes={Math.Max(image.SizeBytes, spec.RootDiskBytes)}");
            Say(machine, $"DEMO: boots {++machine.Boots}");
        }
        else if (machine.Attachments.FirstOrDefault(attachment => attachment.Device == "vda") is { } boot
            && host.Volumes.FirstOrDefault(volume => spec.Disks.Any(disk => disk.LinkId == boot.LinkId && disk.VolumeId == volume.Id)) is { } volume)
        {
            Say(machine, $"DEMO: root /dev/vda serial= bytes={volume.SizeBytes}");
            Say(machine, $"DEMO: boots {++volume.Boots}");
        }
        if (spec.Seed is { } seed)
            Say(machine, $"DEMO: seed instance-id={seed.InstanceId} hostname={seed.Hostname} ssh-keys={seed.SshKeys.Count} user-data-bytes={seed.UserData.Length}");
        else
            Say(machine, "DEMO: seed none");
        Disks(machine, host);
        for (var i = 0; i < spec.Nics.Count; i++) Nic(machine, host, spec.Nics[i], $"eth{i}");
    }

    /// <summary>Runs the user data, as far as this guest can: of a shell script it understands <c>echo</c>. Then it is ready.</summary>
    public static void Ready(SimulatedMachine machine)
    {
        const string Echo = "echo ";
        var script = machine.Running.Seed?.UserData.ToStringUtf8() ?? "";
        if (script.StartsWith("#!", StringComparison.Ordinal))
        {
            Say(machine, "DEMO: user-data running");
            foreach (var line in script.Split('\n').Where(line => line.StartsWith(Echo, StringComparison.Ordinal))) Say(machine, line[Echo.Length..]);
            Say(machine, "DEMO: user-data exit=0");
        }
        Say(machine, $"DEMO: ready up=1.00 hostname={Hostname(machine.Running)}");
        machine.AgentConnected = script.Contains("qemu-ga", StringComparison.Ordinal);
    }

    /// <summary>Its agent rests its file systems for the moment of a copy.</summary>
    public static void Quiesce(SimulatedMachine machine)
    {
        Say(machine, "DEMO: file systems freeze");
        Say(machine, "DEMO: file systems thaw");
    }

    public static void Size(SimulatedMachine machine) =>
        Say(machine, $"DEMO: size cpus={machine.Running.Cores} memory={machine.Running.MemoryBytes / 1024}k");

    public static void Disks(SimulatedMachine machine, SimulatedHost host)
    {
        List<string> disks = [];
        if (machine.Running.Image is { } image) disks.Add($" vda={Math.Max(image.SizeBytes, machine.Running.RootDiskBytes)}");
        disks.AddRange(
            from disk in machine.Running.Disks
            let device = machine.Attachments.First(attachment => attachment.LinkId == disk.LinkId).Device
            let volume = host.Volumes.First(volume => volume.Id == disk.VolumeId)
            orderby device
            select $" {device}={volume.SizeBytes}");
        Say(machine, $"DEMO: disks{string.Concat(disks)}");
    }

    public static void Nic(SimulatedMachine machine, SimulatedHost host, Nic nic, string device)
    {
        Say(machine, $"DEMO: nic {device} mac={nic.Mac}");
        var own = Static(machine.Running.Seed?.NetworkConfig ?? "", nic.Mac);
        if (own is { } told) Say(machine, $"DEMO: static {device} address={told.Address} gateway={told.Gateway}");
        var network = host.Networks.First(network => network.Id == nic.NetworkId).Spec;
        if (network.Active && network.Cidr6.Length > 0 && nic.Address6.Length > 0) Say(machine, $"DEMO: address6 {device} {nic.Address6}");
        if (own is not null || !network.Active || !network.Dhcp || network.Cidr.Length == 0) return;
        var reserved = network.Reservations.FirstOrDefault(reservation => reservation.Mac == nic.Mac)?.Address;
        var address = string.IsNullOrEmpty(reserved) ? AnyAddress(network.Cidr, nic.Mac) : reserved;
        Say(machine, $"DEMO: lease {device} address={address} gateway={network.Gateway} hostname={Hostname(machine.Running)}");
    }

    /// <summary>What its agent says: each NIC's link-local address.</summary>
    public static IEnumerable<ObservedAddress> Addresses(SimulatedMachine machine) =>
        from nic in machine.Running.Nics
        let mac = nic.Mac.Split(':').Select(part => byte.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray()
        where mac.Length == 6
        let address = new IPAddress([0xfe, 0x80, 0, 0, 0, 0, 0, 0, (byte)(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]])
        select new ObservedAddress { LinkId = nic.LinkId, Address = address.ToString(), PrefixLength = 64 };

    /// <summary>What the seed's network-config says of a NIC that has its addresses from there.</summary>
    private static (string Address, string Gateway)? Static(string config, string mac)
    {
        var mine = config.Split("match:").FirstOrDefault(part => part.Contains($"\"{mac}\"", StringComparison.Ordinal)) ?? "";
        if (mine.Contains("dhcp4: true", StringComparison.Ordinal)) return null;
        var address = StaticAddress().Match(mine);
        return address.Success ? (address.Groups[1].Value, StaticGateway().Match(mine).Groups[1].Value) : null;
    }

    [GeneratedRegex("^ {4}addresses: \\[ \"([^\"]*)\"", RegexOptions.Multiline)]
    private static partial Regex StaticAddress();

    [GeneratedRegex("gateway4: \"([^\"]*)\"")]
    private static partial Regex StaticGateway();

    private static string Hostname(MachineSpec spec) => spec.Seed?.Hostname is { Length: > 0 } seeded ? seeded : spec.Hostname;

    // What a DHCP server without a reservation would do: some address of the range, the same each time.
    private static string AnyAddress(string cidr, string mac)
    {
        var network = IPNetwork.Parse(cidr);
        var bytes = network.BaseAddress.GetAddressBytes();
        var last = mac.Split(':') is [.., var tail] && byte.TryParse(tail, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number) ? number : (byte)0;
        bytes[^1] += (byte)(100 + (last % 100));
        return new IPAddress(bytes).ToString();
    }
}
