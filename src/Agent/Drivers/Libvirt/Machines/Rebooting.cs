using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>Reboots a running machine. What the agent repeats after a crash reboots twice at worst.</summary>
internal sealed class Rebooting(Link link, PowerSwitch power, TimeProvider time)
{
    private const uint AcpiButton = 1;

    public async Task Reboot(ObjectKey key, RebootMethod method, TimeSpan grace, CancellationToken cancel)
    {
        var machine = await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id);
        if (machine?.Label?.Incarnation != key.Incarnation || machine.Power != Power.Running)
        {
            throw new DriverException(
                "not-running", $"Machine {key.Id} must run to be rebooted, and is {machine?.Power ?? Power.Absent}.", retryable: false);
        }
        switch (method)
        {
            case RebootMethod.RebootWarm:
                await link.On(key.Id, nameof(Native.virDomainReset), domain => Checked.Ok(Native.virDomainReset(domain, 0)), cancel);
                break;
            case RebootMethod.RebootGraceful when machine.RestartPending:
                // libvirt's own reboot resets the machine that runs. Only one that is started anew has what was stored meanwhile.
                await power.CyclePolitely(key.Id, grace, cancel);
                break;
            case RebootMethod.RebootGraceful when await Politely(key.Id, grace, cancel):
                break;
            default:
                await power.Cycle(key.Id, cancel);
                break;
        }
    }

    /// <summary>Presses the power button; libvirt resets the machine instead of ending it when the guest is done. False when it did not in time.</summary>
    private async Task<bool> Politely(string id, TimeSpan grace, CancellationToken cancel)
    {
        var reset = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Seen(LibvirtEvent happened)
        {
            if (happened.Kind == EventKind.Reboot && happened.Machine == id)
                reset.TrySetResult();
        }

        using var over = new CancellationTokenSource(grace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
        link.Happened += Seen;
        try
        {
            await link.On(id, nameof(Native.virDomainReboot), domain => Checked.Ok(Native.virDomainReboot(domain, AcpiButton)), either.Token);
            await reset.Task.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
        catch (DriverException deaf) when (deaf.Code == Stuck.Code)
        {
            // Not even its QEMU hears.
            return false;
        }
        finally
        {
            link.Happened -= Seen;
        }
    }
}
