using System.Net.Sockets;
using Controller.Agent.Drivers.Libvirt.Consoles;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>What one sees of its machines: consoles and counters.</summary>
internal sealed partial class LibvirtDriver
{
    public Task<IMachineConsole> OpenConsole(string id, ConsoleKind kind, CancellationToken cancel) => Guard<IMachineConsole>(async () =>
    {
        var machine = await _link.Call(connect => MachineView.Find(connect, ObjectKey.Checked(id)), cancel, id);
        if (machine is not { Label: not null, Running: { } running })
            throw new DriverException("not-running", $"Machine {id} does not run, so it has no console.", retryable: false);
        if (kind == ConsoleKind.ConsoleSerial)
            return await SerialConsole.Open(_options.Uri, id, _options.CallTimeout, _time, cancel);
        if (running.Element("devices")?.Element("graphics") is null)
        {
            throw new DriverException(
                "no-such-console", $"Machine {id} has no screen: {(_options.Graphics ? "it will have one when it is started anew" : "they are switched off on this host")}.", retryable: false);
        }
        return new Screen(new Socket(await _link.On(id, nameof(Native.virDomainOpenGraphicsFD), Screen.Open, cancel)));
    });

    public Task<IReadOnlyList<MachineStatistics>> Measure(CancellationToken cancel) =>
        Guard<IReadOnlyList<MachineStatistics>>(async () => await _link.Measure(Measuring.All, cancel));
}
