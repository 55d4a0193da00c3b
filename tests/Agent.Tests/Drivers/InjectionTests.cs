using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Drivers.Libvirt.Networks;
using Controller.Agent.Drivers.Libvirt.Seeds;
using Controller.Agent.Protocol;
using CsCheck;
using Google.Protobuf;
using LedgerKey = Controller.Agent.Ledger.ObjectKey;
using LibvirtKey = Controller.Agent.Drivers.Libvirt.ObjectKey;

namespace Controller.Agent.Tests.Drivers;

/// <summary>
/// What clients choose (titles, hostnames, keys, user data, names of networks) is data wherever the agent writes it: it changes a value, and never what is around it. The contract of the drivers
/// runs with such a name on a real libvirt, too.
/// </summary>
public sealed partial class InjectionTests
{
    private const string Id = "0a3f0f3e-8f4b-4d2a-8a77-0d9c9b8c7d6e", Incarnation = "1b3f0f3e-8f4b-4d2a-8a77-0d9c9b8c7d6e";

    public static TheoryData<string> Hostile { get; } =
    [
        "</name><devices><disk type='block'><source dev='/dev/sda'/></disk></devices><name>",
        "\"/><qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'/><x y=\"",
        "]]><!--", "&xxe; &#0; &amp;", "<!DOCTYPE x [<!ENTITY xxe SYSTEM 'file:///etc/passwd'>]>",
        "../../../../etc/passwd", "/etc/passwd", "..", ".", "-", "--help", "-drive file=/etc/shadow",
        "$(reboot)", "`reboot`", "; reboot #", "a\nb: c\nruncmd: [reboot]", "a\r\nb", "\"\n- reboot", "{{ payload }}", "#cloud-config", "!!python/object/apply:os.system [reboot]",
        "a\u2028b: c", "a\u0085b: c", "a\tb", "*alias &anchor", "address=/#/10.0.0.1", "dhcp-script=/bin/sh", "%s%n%x", "名前", "",
    ];

    [Theory, MemberData(nameof(Hostile))]
    public void A_name_is_a_value_in_a_domain_and_no_path(string text)
    {
        var domain = MachineXml.Write(Plan(text), null);
        Assert.Equal(Shape(MachineXml.Write(Plan("plain"), null)), Shape(XElement.Parse(domain.ToString())));
        var name = (string)domain.Element("name")!;
        Assert.Matches("^[A-Za-z0-9_][A-Za-z0-9._-]*$", name);
        Assert.EndsWith(Id, name, StringComparison.Ordinal);
    }

    /// <summary>Also what the control plane makes, and never so, is written as a value, or refused.</summary>
    [Theory, MemberData(nameof(Hostile))]
    public void What_devices_say_is_a_value(string text)
    {
        foreach (var (hostile, plain) in new[]
        {
            (MachineXml.Nic(Id, text + "x", text), MachineXml.Nic(Id, "52:54:00:00:00:01", "net")), (MachineXml.Disk(Id, text, text, text), MachineXml.Disk(Id, "/f", "vdb", "v")),
        })
            Assert.Equal(Shape(plain), Shape(XElement.Parse(hostile.ToString())));
        Assert.Throws<DriverException>(() => NicGuard.Of(new Nic { LinkId = Id, NetworkId = Id, Mac = "52:54:00:00:00:01 " + text + "}" }));
        Assert.Throws<DriverException>(() => NicGuard.Of(new Nic { LinkId = Id, NetworkId = Id, Mac = "52:54:00:00:00:01", Address = text + "}" }));
    }

    [Theory, MemberData(nameof(Hostile))]
    public void Names_of_networks_and_of_their_machines_are_values_or_left_out(string text)
    {
        NetworkSpec Spec(string name, string hostname) => new()
        {
            Name = name, Active = true, Mode = NetworkSpec.Types.Mode.Nat, Cidr = "10.128.3.0/24", Gateway = "10.128.3.1", Dhcp = true, Dns = { "10.128.3.1" },
            Reservations = { new Reservation { Mac = "52:54:00:00:00:01", Address = "10.128.3.2", Hostname = hostname } },
        };
        var key = LibvirtKey.Of(Id, Incarnation);
        var written = XElement.Parse(NetworkXml.Write(key, 1, Spec(text, text), "oc1").ToString());
        var allowed = (string?)written.Descendants("host").Single().Attribute("name");
        Assert.Equal(Shape(NetworkXml.Write(key, 1, Spec("n", allowed ?? ""), "oc1")), Shape(written));
        Assert.True(allowed is null || HostName().IsMatch(allowed));
        // dnsmasq reads options as lines: nothing but addresses gets there.
        if (text.Length > 0)
            Assert.Throws<DriverException>(() => NetworkXml.Write(key, 1, new(Spec("n", "h")) { Dns = { text } }, "oc1"));
    }

    [Theory, MemberData(nameof(Hostile))]
    public void Ids_and_digests_that_are_none_never_become_paths(string text)
    {
        Assert.Throws<DriverException>(() => LibvirtKey.Of(text, Incarnation));
        Assert.Throws<DriverException>(() => LibvirtKey.Of(Id, text));
        Assert.Throws<DriverException>(() => new Folders("/var/lib/x").Image(text));
        Assert.False(new LedgerKey(text, Incarnation).IsValid);
        Assert.False(new LedgerKey(Id.ToUpperInvariant(), Incarnation).IsValid);
        Assert.Throws<DriverException>(() => Devices.Plan(new MachineSpec { Nics = { new Nic { LinkId = Id, NetworkId = text } } }, _ => "", []));
    }

    /// <summary>cloud-init reads these with a YAML parser: each line is a key and one quoted string, however hostile that is.</summary>
    [Theory, MemberData(nameof(Hostile))]
    public void Seeds_are_lines_of_quoted_strings(string text)
    {
        var seed = new Seed { InstanceId = text + "i", Hostname = text, SshKeys = { text + "k", "ssh-ed25519 AAAA" }, UserData = ByteString.CopyFromUtf8(text) };
        var lines = NoCloud.MetaData(seed).TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.Matches("^(instance-id|local-hostname|  key[0-9]): \"([^\"\\\\\n\r]|\\\\.)*\"$|^public-keys:$", line));
        // User data is the tenant's own, byte for byte, and in no other file.
        var disk = NoCloud.Disk(seed);
        if (text.Length > 20)
            Assert.True(disk.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
    }

    [Fact]
    public void Any_name_at_all_leaves_a_domain_its_shape()
    {
        var plain = Shape(MachineXml.Write(Plan("plain"), null));
        Gen.String.Sample(text => Assert.Equal(plain, Shape(XElement.Parse(MachineXml.Write(Plan(text), null).ToString()))), iter: 2000);
    }

    private static MachinePlan Plan(string name)
    {
        var spec = new MachineSpec { Name = name, Hostname = name, Cores = 1, MemoryBytes = 1 << 28, Architecture = "x64", Power = Power.Running, Seed = new Seed { InstanceId = "i", Hostname = name } };
        return new(
            LibvirtKey.Of(Id, Incarnation), MachineXml.Name(Id, spec.Name), new MachineLabel(Incarnation, 1, Power.Running, ""), spec, "/d/root.qcow2", "/d/seed.iso", "/d/console.log", "/d/nvram", [],
            new HostTraits(Kvm: false, CpuShares: false, TranslationCacheMiB: 64, Ports: 20, Graphics: true));
    }

    /// <summary>All elements and attributes by name, without values.</summary>
    private static string Shape(XElement element)
    {
        var text = new StringBuilder();
        foreach (var one in element.DescendantsAndSelf())
            text.Append(one.Ancestors().Count()).Append(one.Name).Append(' ').AppendJoin(',', one.Attributes().Select(a => a.Name)).Append('\n');
        Assert.DoesNotContain(element.DescendantNodesAndSelf(), n => n.NodeType is not (XmlNodeType.Element or XmlNodeType.Text));
        return text.ToString();
    }

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex HostName();
}
