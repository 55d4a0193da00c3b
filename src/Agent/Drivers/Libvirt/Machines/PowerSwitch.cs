using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// Brings a defined machine to a power state. libvirt refuses what is so already ("domain is not running"), also while a restarted
/// libvirtd finds its machines again; such a refusal counts only if a second look says that the state is not the wanted one.
/// </summary>
internal sealed class PowerSwitch(Link link, TimeProvider time)
{
    private const uint StartPaused = 1;
    private const uint AcpiButton = 1;
    private const uint GuestAgent = 2;
    private static readonly TimeSpan PressAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>How long one attempt waits for a guest that may take for ever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Code <c>not-stopped</c> when the guest ignores the power button and the method forbids more.</summary>
    public Task Fit(string id, MachineSpec spec, CancellationToken cancel) => spec.Power switch
    {
        Power.Running => Run(id, cancel),
        Power.Paused => Pause(id, cancel),
        Power.Saved => Save(id, cancel),
        Power.Off => Stop(id, spec.Stop, TimeSpan.FromSeconds(spec.StopGraceSeconds), cancel),
        _ => throw new DriverException("invalid", $"A machine can be wanted running, off, paused or saved, and not {spec.Power}.", retryable: false),
    };

    /// <summary>Off and on again.</summary>
    public async Task Cycle(string id, CancellationToken cancel)
    {
        await Destroy(id, cancel);
        await Run(id, cancel);
    }

    /// <summary>Asks the guest to shut down, ends it when it has not within its grace, and starts it with what is stored.</summary>
    public async Task CyclePolitely(string id, TimeSpan grace, CancellationToken cancel)
    {
        await Stop(id, StopMethod.StopGraceful, grace, cancel);
        await Run(id, cancel);
    }

    /// <summary>Works on a machine whose QEMU answers nobody, too.</summary>
    public Task Destroy(string id, CancellationToken cancel) =>
        link.End(id, domain => Done(domain, nameof(Native.virDomainDestroyFlags), ended => Native.virDomainDestroyFlags(ended, 0), machine => !machine.Active), cancel);

    private async Task Run(string id, CancellationToken cancel)
    {
        var state = await State(id, cancel);
        if (state == DomainStates.ShuttingDown)
        {
            await link.Until(connect => Look(connect, id).State.State != DomainStates.ShuttingDown, Patience, cancel);
            state = await State(id, cancel);
        }
        if (state == DomainStates.Crashed)
            await Destroy(id, cancel);
        if (state is DomainStates.Crashed or DomainStates.Off)
        {
            await Start(id, 0, cancel);
            // One that was saved while suspended is suspended again.
            state = await State(id, cancel);
        }
        if (state == DomainStates.Paused)
            await Do(id, nameof(Native.virDomainResume), Native.virDomainResume, machine => machine.Power == Power.Running, cancel);
        else if (state == DomainStates.SleepingInMemory)
            await Do(id, nameof(Native.virDomainPMWakeup), domain => Native.virDomainPMWakeup(domain, 0), machine => machine.Power == Power.Running, cancel);
    }

    private Task<bool> Start(string id, uint flags, CancellationToken cancel) => Do(
        id, nameof(Native.virDomainCreateWithFlags), domain => Native.virDomainCreateWithFlags(domain, flags), machine => machine.Active, cancel, isLong: true);

    private async Task Pause(string id, CancellationToken cancel)
    {
        var machine = await link.Call(connect => Look(connect, id), cancel, id);
        if (machine.Power == Power.Running)
            await Do(id, nameof(Native.virDomainSuspend), Native.virDomainSuspend, after => after.Power == Power.Paused, cancel);
        else if (machine.Power is Power.Off or Power.Saved or Power.Crashed)
            await Start(id, StartPaused, cancel);
    }

    private async Task Save(string id, CancellationToken cancel)
    {
        // A machine that is off has no memory to save: it stays off, and its observed state says so.
        if ((await link.Call(connect => Look(connect, id), cancel, id)).Active)
            await Do(id, nameof(Native.virDomainManagedSave), domain => Native.virDomainManagedSave(domain, 0), machine => machine.Saved, cancel, isLong: true);
    }

    private async Task Stop(string id, StopMethod method, TimeSpan grace, CancellationToken cancel)
    {
        var machine = await link.Call(connect => Look(connect, id), cancel, id);
        if (machine.Saved)
            await Do(id, nameof(Native.virDomainManagedSaveRemove), domain => Native.virDomainManagedSaveRemove(domain, 0), after => !after.Saved, cancel);
        if (!machine.Active)
            return;
        if (method == StopMethod.StopPoweroff || machine.Power == Power.Crashed)
        {
            await Destroy(id, cancel);
            return;
        }

        var hard = method == StopMethod.StopGraceful && grace > TimeSpan.Zero;
        var patience = hard ? grace : Patience;
        if (await PressUntilOff(id, method, patience, mayBeDeaf: hard, cancel))
            return;
        if (!hard)
            throw new DriverException("not-stopped", $"The guest of machine {id} has not answered its power button for {patience}.", retryable: true);
        await Destroy(id, cancel);
    }

    private async Task<bool> PressUntilOff(string id, StopMethod method, TimeSpan patience, bool mayBeDeaf, CancellationToken cancel)
    {
        // A guest that is booting misses the button, so it is pressed again. A suspended one cannot hear it.
        var since = time.GetTimestamp();
        while (true)
        {
            var left = patience - time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
                return false;
            using var over = new CancellationTokenSource(left, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
            try
            {
                await Press(id, method, either.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return false;
            }
            catch (DriverException deaf) when (mayBeDeaf && deaf.Code == Stuck.Code)
            {
                // Not even its QEMU hears. When its grace is over it is ended all the same.
            }
            if (await link.Until(connect => !Look(connect, id).Active, left < PressAgainAfter ? left : PressAgainAfter, cancel))
                return true;
        }
    }

    private async Task Press(string id, StopMethod method, CancellationToken cancel)
    {
        if (await State(id, cancel) == DomainStates.Paused)
            await Do(id, nameof(Native.virDomainResume), Native.virDomainResume, machine => machine.Power != Power.Paused, cancel);
        // libvirt asks the guest's agent where there is one that answers, else it presses the button.
        var way = method == StopMethod.StopGraceful ? AcpiButton | GuestAgent : AcpiButton;
        await Do(id, nameof(Native.virDomainShutdownFlags), domain => GuestAgents.Bounded(domain, () => Native.virDomainShutdownFlags(domain, way)), machine => !machine.Active, cancel);
    }

    private Task<bool> Do(
        string id, string what, Func<DomainHandle, int> call, Func<MachineView, bool> reached, CancellationToken cancel, bool isLong = false) =>
        link.On(id, what, domain => Done(domain, what, call, reached), cancel, isLong);

    private static bool Done(DomainHandle domain, string what, Func<DomainHandle, int> call, Func<MachineView, bool> reached)
    {
        try
        {
            Checked.Ok(call(domain), what);
            return true;
        }
        catch (LibvirtException error) when (!error.ConnectionLost && reached(MachineView.Read(domain)))
        {
            return false;
        }
    }

    private Task<DomainStates> State(string id, CancellationToken cancel) => link.Call(connect => Look(connect, id).State.State, cancel, id);

    private static MachineView Look(ConnectHandle connect, string id) => MachineView.Find(connect, id)
        ?? throw new DriverException("gone", $"Machine {id} was removed from libvirt meanwhile.", retryable: true);
}
