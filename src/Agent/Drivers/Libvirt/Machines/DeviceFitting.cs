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
        await link.Call(connect => Attach(connect, id, planned), cancel);
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
            left = await link.Call(connect => AskToRelease(connect, id, planned), cancel);
            if (left.Count == 0)
                break;
            if (await link.Until(connect => (left = Unwanted(connect, id, planned)).Count == 0, AskAgainAfter, cancel))
                break;
        }
        return left;
    }

    private static IReadOnlyList<Device> AskToRelease(ConnectHandle connect, string id, IReadOnlyList<Device> planned)
    {
        var unwanted = Unwanted(connect, id, planned);
        if (unwanted.Count == 0)
            return unwanted;
        using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, id));
        foreach (var device in unwanted)
        {
            try
            {
                Checked.Ok(Native.virDomainDetachDeviceAlias(domain, Devices.Alias(device.Link), LiveOnly));
            }
            catch (LibvirtException error) when (
                error.Code is LibvirtError.DeviceMissing or LibvirtError.OperationFailed or LibvirtError.OperationInvalid or LibvirtError.InternalError
                && !error.ConnectionLost)
            {
                // Gone meanwhile, or asked already. Which, is seen when the devices are read again.
            }
        }
        return unwanted;
    }

    private static bool Attach(ConnectHandle connect, string id, IReadOnlyList<Device> planned)
    {
        if (MachineView.Find(connect, id) is not { Running: { } running })
            return false;
        var present = Devices.Of(running);
        using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, id));
        foreach (var device in planned.Where(device => present.All(other => other.Link != device.Link)))
            Checked.Ok(Native.virDomainAttachDeviceFlags(domain, device.Element.ToString(), LiveOnly));
        return true;
    }

    private static IReadOnlyList<Device> Unwanted(ConnectHandle connect, string id, IReadOnlyList<Device> planned) =>
        MachineView.Find(connect, id) is { Running: { } running }
            ? [.. Devices.Of(running).Where(device => !planned.Any(wanted => Devices.Same(device, wanted)))]
            : [];
}
