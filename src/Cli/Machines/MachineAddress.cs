using System.Net;
using Controller.Cli.Entities;
using Occi;
using Occi.Core;
using Occi.Infrastructure;

namespace Controller.Cli.Machines;

/// <summary>Where a machine is reached.</summary>
internal static class MachineAddress
{
    /// <summary>The only address of a machine that runs.</summary>
    /// <param name="machine">As the server shows it.</param>
    /// <param name="name">What it was called by.</param>
    /// <exception cref="CliException">It is no machine, it is off, or it has no address or several.</exception>
    public static string Of(Representation machine, string name)
    {
        IsRunning(machine, name);
        var all = All(machine);
        return all switch
        {
            [var (address, _)] => address,
            [] => throw new CliException(
                $"{name} has no address that the cloud knows: {(machine.Links.Any(IsNic) ? "its networks give it none" : "it is in no network")}",
                machine.Links.Any(IsNic) ? $"give one with --address, if you know it; or look at its console: controller console {name}" : $"put it into a network: controller occi link {name} NETWORK"),
            _ => throw new CliException($"{name} has several addresses: {string.Join(", ", all.Select(a => $"{a.Address} ({a.Where})"))}", "choose one with --address"),
        };
    }

    /// <summary>The address that was chosen; one that is not the machine's own may be a name for it, or another way to it.</summary>
    public static string Chosen(Representation machine, string address)
    {
        IsRunning(machine, machine.Text(CoreKinds.Title.Name) ?? machine.Uuid());
        return address;
    }

    /// <summary>Its addresses, each with the network that it has it in.</summary>
    internal static IReadOnlyList<(string Address, string Where)> All(Representation machine) =>
        [.. machine.Links.Where(IsNic).SelectMany(l => (l.Text(IpNetworkInterface.Address.Name) ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Select(a => a.Split('/')[0]).Where(a => IPAddress.TryParse(a, out _)).Select(a => (a, l.Text(CoreKinds.Target.Name) ?? ""))).Distinct()];

    private static bool IsNic(Representation link) => link.Kind == NetworkInterface.Kind.Id;

    private static void IsRunning(Representation machine, string name)
    {
        if (machine.Kind != Compute.Kind.Id)
            throw new CliException($"{name} is a {machine.Kind?.Term ?? "thing of no kind"}, and a compute was wanted");
        if (Goal.StateOf(machine) is { } state and not "active")
            throw new CliException($"{name} is {state}{(Goal.MessageOf(machine) is { } why ? ": " + why : "")}", state == "error" ? Hints.Explain(machine) : $"start it: controller occi action {name} start --wait");
    }
}
