using System.CommandLine;
using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary>
/// <c>controller power</c>: pulls the plug of one of the local cluster's hosts, and puts it back: everything of it dies at once, its disks stay. To try what happens when a host is
/// lost, and a fence's command for hosts that have no power switch of their own.
/// </summary>
internal static class PowerCommand
{
    public static Command Create()
    {
        var host = new Argument<string>("host") { Description = "Name of the host, e.g. host-1." };
        var action = new Argument<string>("action") { Description = "off, on or status." };
        action.AcceptOnlyFromAmong("off", "on", "status");
        var command = new Command("power", "Switches a host of the local cluster off (as a loss of power would) and on again.") { host, action };
        command.SetAction((parse, _) => Power(new(Connection.DataOf(parse)), parse.GetRequiredValue(host), parse.GetRequiredValue(action)));
        return command;
    }

    private static async Task<int> Power(HostPower power, string host, string action)
    {
        var processes = power.ProcessesOf(host);
        switch (action)
        {
            case "off":
                power.Off(host);
                // The hypervisor first: its agent must not see it die.
                foreach (var process in processes.OrderByDescending(p => p.Role))
                    await Signals.End(process.Process, [], TimeSpan.Zero);
                break;
            case "on":
                power.On(host);
                break;
        }
        Console.WriteLine($"{host} is {(power.IsOff(host) ? "off" : "on")}");
        return ExitCode.Ok;
    }
}
