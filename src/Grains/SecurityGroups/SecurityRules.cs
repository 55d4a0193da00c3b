using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Controller.Contracts;
using Occi;
using Occi.Extension;

namespace Controller.Grains.SecurityGroups;

/// <summary>Reads the rules that a client wrote: a JSON array of objects (<see cref="SecurityGroup.Rules"/>).</summary>
internal static class SecurityRules
{
    /// <summary>Each is looked at for each packet.</summary>
    private const int Most = 100;
    private const int Icmp = 1;

    private static readonly string[] Members = ["direction", "ethertype", "protocol", "ports", "remote", "description"];

    private static readonly Dictionary<string, int> Protocols = new(StringComparer.OrdinalIgnoreCase) { ["any"] = 0, ["icmp"] = Icmp, ["tcp"] = 6, ["udp"] = 17, ["sctp"] = 132 };

    private static readonly int[] WithPorts = [6, 17, 132];

    /// <summary>The rules, or what is wrong with which one.</summary>
    public static (SecurityRule[] Rules, string? Why) Read(IReadOnlyDictionary<string, AttributeValue> attributes)
    {
        using var document = JsonDocument.Parse(attributes.TryGetValue(SecurityGroup.Rules.Name, out var value) ? value.Text : "[]");
        var rules = new List<SecurityRule>();
        foreach (var element in document.RootElement.EnumerateArray())
        {
            try
            {
                rules.Add(One(element));
            }
            catch (FormatException wrong)
            {
                return ([], $"{SecurityGroup.Rules.Name}: rule {rules.Count + 1}: {wrong.Message}");
            }
        }
        return rules.Count > Most ? ([], $"{SecurityGroup.Rules.Name}: a security group can have {Most} rules, {rules.Count} were given.") : ([.. rules], null);
    }

    private static SecurityRule One(JsonElement rule)
    {
        if (rule.ValueKind != JsonValueKind.Object)
            throw Wanted("an object", rule);
        if (rule.EnumerateObject().FirstOrDefault(m => !Members.Contains(m.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
            throw new FormatException($"one of {string.Join(", ", Members)} was wanted, {unknown.Name} was given.");
        var egress = Text(rule, "direction") switch
        {
            "ingress" => false,
            "egress" => true,
            var other => throw new FormatException($"direction: ingress or egress was wanted, {other ?? "nothing"} was given."),
        };
        var (remote, family) = Remote(Text(rule, "remote"));
        family = (Text(rule, "ethertype")?.ToUpperInvariant(), family) switch
        {
            (null, _) => family,
            ("IPV4", 0 or 4) => 4,
            ("IPV6", 0 or 6) => 6,
            ("IPV4" or "IPV6", _) => throw new FormatException($"ethertype: {Text(rule, "ethertype")} does not go with the remote {remote}."),
            var (other, _) => throw new FormatException($"ethertype: IPv4 or IPv6 was wanted, {other} was given."),
        };
        var protocol = Protocol(Text(rule, "protocol"));
        var (first, last) = Ports(Text(rule, "ports"));
        return first is null || WithPorts.Contains(protocol)
            ? new(egress, family, protocol, first, last, remote)
            : throw new FormatException("ports: the protocol tcp, udp or sctp is needed with it.");
    }

    private static (string? Range, int Family) Remote(string? text)
    {
        if (text is null)
            return (null, 0);
        // An address alone is a range of one. Bits beyond the length are let go, as everywhere.
        var (address, length) = text.Split('/') is [var before, var after] ? (before, after) : (text, null);
        if (!IPAddress.TryParse(address, out var parsed) || parsed.ScopeIdIfAny() != 0 || (parsed.AddressFamily == AddressFamily.InterNetwork && address.Count(c => c == '.') != 3))
            throw NoRange(text);
        var most = parsed.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var bits = most;
        if (length is not null && (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > most))
            throw NoRange(text);
        var bytes = parsed.GetAddressBytes();
        for (var bit = bits; bit < most; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return ($"{new IPAddress(bytes)}/{bits}", most == 32 ? 4 : 6);
    }

    private static long ScopeIdIfAny(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;

    private static int Protocol(string? text) =>
        text is null ? 0
        : Protocols.TryGetValue(text, out var named) ? named
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 255 ? number
        : throw new FormatException($"protocol: tcp, udp, sctp, icmp, any or a number of 1 to 255 was wanted, {text} was given.");

    private static (int? First, int? Last) Ports(string? text)
    {
        if (text is null)
            return (null, null);
        var parts = text.Split('-');
        return parts.Length <= 2 && Port(parts[0]) is { } first && Port(parts[^1]) is { } last && first <= last
            ? (first, last)
            : throw new FormatException($"ports: a port such as 22 or a range such as 8000-8100 was wanted, {text} was given.");
    }

    private static int? Port(string text) => int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port : null;

    private static string? Text(JsonElement rule, string member) => !rule.TryGetProperty(member, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        _ => throw Wanted($"{member} as text", value),
    };

    private static FormatException NoRange(string text) => new($"remote: a range such as 10.9.0.0/24 or an address was wanted, {text} was given.");

    private static FormatException Wanted(string what, JsonElement found) => new($"{what} was wanted, {found.GetRawText()} was given.");
}
