using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>Brings the disks and NICs of a running machine to what is stored.</summary>
internal sealed class DeviceFitting(Link link, LibvirtOptions options)
{
    private const uint LiveOnly = 1;
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>Code <c>detach-timeout</c> when the guest kept a device; everything else has been fitted then.</summary>
    public async Task Fit(string id, IReadOnlyList<Device> planned, CancellationToken cancel)
    {
        var kept = await Detach(id, planned, cancel);
        await Attach(id, planned, cancel);
        if (kept is [var first, ..])
        {
            throw new DriverException(
                "detach-timeout",
                $"The guest of machine {id} did not let go of {first.Kind} {first.Target} (link {first.Link}) within {options.DetachTimeout}.",
                retryable: true);
        }
    }

    /// <summary>The devices that the guest kept.</summary>
    private async Task<IReadOnlyList<Device>> Detach(string id, IReadOnlyList<Device> planned, CancellationToken cancel)
    {
        // Unplugging is a request to the guest, and one that is still booting misses it: it is asked again.
        IReadOnlyList<Device> left = [];
        for (var waited = TimeSpan.Zero; waited < options.DetachTimeout; waited += AskAgainAfter)
        {
            left = await link.Call(connect => Unwanted(connect, id, planned), cancel, id);
            if (left.Count == 0)
                break;
            foreach (var device in left)
                await link.On(id, nameof(Native.virDomainDetachDeviceAlias), domain => AskToRelease(domain, device), cancel);
            if (await link.Until(connect => (left = Unwanted(connect, id, planned)).Count == 0, AskAgainAfter, cancel))
                break;
        }
        return left;
    }

    private static bool AskToRelease(DomainHandle domain, Device device)
    {
        try
        {
            Checked.Ok(Native.virDomainDetachDeviceAlias(domain, Devices.Alias(device.Link), LiveOnly));
            return true;
        }
        catch (LibvirtException error) when (
            error.Code is LibvirtError.DeviceMissing or LibvirtError.OperationFailed or LibvirtError.OperationInvalid or LibvirtError.InternalError
            && !error.ConnectionLost)
        {
            // Gone meanwhile, or asked already. Which, is seen when the devices are read again.
            return false;
        }
    }

    private async Task Attach(string id, IReadOnlyList<Device> planned, CancellationToken cancel)
    {
        var machine = await link.Call(connect => MachineView.Find(connect, id), cancel, id);
        if (machine?.Running is not { } running)
            return;
        var present = Devices.Of(running);
        foreach (var device in planned.Where(device => present.All(other => other.Link != device.Link)))
        {
            var element = Placed(device, machine.Stored, running);
            await link.On(
                id,
                nameof(Native.virDomainAttachDeviceFlags),
                domain => Checked.Ok(Native.virDomainAttachDeviceFlags(domain, element.ToString(), LiveOnly)),
                cancel);
        }
    }

    /// <summary>Where the next start will have it, if that place is free: then the guest finds it there now and later.</summary>
    private static XElement Placed(Device device, XElement stored, XElement running)
    {
        var element = new XElement(device.Element);
        if (Devices.Of(stored).FirstOrDefault(other => other.Link == device.Link)?.Element.Element("address") is { } address
            && !running.Element("devices")!.Elements().Elements("address").Any(taken => XNode.DeepEquals(taken, address)))
            element.Add(address);
        return element;
    }

    private static IReadOnlyList<Device> Unwanted(ConnectHandle connect, string id, IReadOnlyList<Device> planned) =>
        MachineView.Find(connect, id) is { Running: { } running }
            ? [.. Devices.Of(running).Where(device => !planned.Any(wanted => Devices.Same(device, wanted)))]
            : [];
}
