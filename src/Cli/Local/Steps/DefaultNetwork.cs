using System.Net;
using System.Net.Sockets;
using Controller.Cli.Entities;
using Occi;
using Occi.Core;
using Occi.Infrastructure;

namespace Controller.Cli.Local.Steps;

/// <summary>Makes the network <c>default</c>, over OCCI as any client would.</summary>
internal static class DefaultNetwork
{
    public const string Title = "default";

    /// <summary>Makes it unless there is one of that title; says what it did.</summary>
    public static async Task<string> Ensure(OcciClient client, CancellationToken cancel)
    {
        var there = (await client.List(Network.Kind.Location!, cancel)).FirstOrDefault(n => n.Text(CoreKinds.Title.Name) == Title);
        if (there is not null)
            return $"{there.Text(IpNetwork.Address.Name)}, there already";
        var (range, gateway) = FreeRange();
        await client.Create(Network.Kind.Location!, new Representation
        {
            Kind = Network.Kind.Id,
            Mixins = [IpNetwork.Mixin.Id],
            Attributes = new Dictionary<string, AttributeValue>
            {
                [CoreKinds.Title.Name] = AttributeValue.Of(Title),
                [IpNetwork.Address.Name] = AttributeValue.Of(range),
                [IpNetwork.Gateway.Name] = AttributeValue.Of(gateway),
                [IpNetwork.Allocation.Name] = AttributeValue.Of("dynamic"),
            },
        }, cancel);
        return range;
    }

    /// <summary>A private range (RFC 1918) that none of this machine's own networks meets.</summary>
    private static (string Range, string Gateway) FreeRange()
    {
        var own = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork)
            .Select(a => new IPNetwork(new IPAddress(Masked(a.Address, a.PrefixLength)), a.PrefixLength)).ToArray();
        for (var third = 80; third < 250; third++)
        {
            var range = new IPNetwork(new IPAddress([10, 80, (byte)third, 0]), 24);
            if (!own.Any(o => o.Contains(range.BaseAddress) || range.Contains(o.BaseAddress)))
                return (range.ToString(), $"10.80.{third}.1");
        }
        throw new CliException("no free range of addresses below 10.80.0.0/16 for the default network");
    }

    private static byte[] Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefix; bit < 32; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return bytes;
    }
}
