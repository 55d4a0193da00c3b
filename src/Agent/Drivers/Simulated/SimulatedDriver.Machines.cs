using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Simulated;

internal sealed partial class SimulatedDriver
{
    /// <summary>How long a guest may leave its power button unanswered where nobody set a limit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Disks and NICs of a machine: as many as a real q35 has ports for, beside its other devices.</summary>
    private const int Room = 15;

    public async Task<ObservedMachine> EnsureMachine(string id, string incarnation, ulong generation, MachineSpec spec, CancellationToken cancel)
    {
        await Begin(nameof(EnsureMachine), cancel);
        Change(host => Define(host, id, incarnation, WithinRoom(spec)));
        var starts = await BringPower(id, incarnation, spec, cancel);
        if (spec.Power != Power.Off && spec.Disks.Count + spec.Nics.Count > Room)
        {
            if (starts) _ = BecomeReady(id, incarnation);
            throw new DriverException(
                "no-port", $"Machine {id} is to have {spec.Disks.Count} disks and {spec.Nics.Count} NICs, and has ports for {Room} of them in all.", retryable: false);
        }
        var observed = Change(host =>
        {
            var machine = Find(host, id, incarnation) ?? throw Vanished(id);
            machine.Generation = generation;
            return Observe(machine);
        });
        if (starts) _ = BecomeReady(id, incarnation);
        return observed;
    }

    /// <summary>Nothing comes to a simulated machine, and it sends nothing.</summary>
    public Task GuardMachine(string id, string incarnation, MachineSpec spec, CancellationToken cancel) => Begin(nameof(GuardMachine), cancel);

    public async Task RemoveMachine(string id, string incarnation, CancellationToken cancel)
    {
        await Begin(nameof(RemoveMachine), cancel);
        Change(host => Find(host, id, incarnation) is { } machine && host.Machines.Remove(machine));
    }

    public bool EndsWithTheAgent => true;

    public Task<bool> EndMachine(string id, string incarnation, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _faults.ThrowIfDue(nameof(EndMachine));
        // One that is saved does not run: it keeps what it was saved with.
        var ended = _store.Change(host => Find(host, id, incarnation) is { Power: Power.Running or Power.Paused } machine && PowerDown(machine, Power.Off));
        if (ended) Changed?.Invoke(id);
        return Task.FromResult(ended);
    }

    public async Task Reboot(string id, string incarnation, RebootMethod method, TimeSpan grace, CancellationToken cancel)
    {
        await Begin(nameof(Reboot), cancel);
        var running = _store.Read(host => Find(host, id, incarnation)?.Power == Power.Running);
        if (!running) throw new DriverException("not-running", $"Machine {id} does not run, so it cannot be rebooted.", retryable: false);
        if (method == RebootMethod.RebootGraceful) await AskGuest(id, incarnation, StopMethod.StopAcpioff, grace, cancel);
        Change(host =>
        {
            var machine = Find(host, id, incarnation) ?? throw Vanished(id);
            // A reset keeps what it runs with; off and on again takes what was stored meanwhile.
            if (method != RebootMethod.RebootWarm) machine.Running = null;
            PowerOn(machine, host);
            return true;
        });
        _ = BecomeReady(id, incarnation);
    }

    public async Task<DiskCopy> CopyRootDisk(string id, string incarnation, CancellationToken cancel)
    {
        await Begin(nameof(CopyRootDisk), cancel);
        return Change(host =>
        {
            var machine = Find(host, id, incarnation)
                ?? throw new DriverException("no-such-machine", $"Incarnation {incarnation} of machine {id} is not on this host.", retryable: false);
            if (machine.Spec.Image is null) throw new DriverException("diskless", $"Machine {id} has no root disk.", retryable: false);
            if (_faults.DiskFull) throw new DriverException("no-space", $"There is no room for a copy of the root disk of machine {id}.", retryable: false);
            var size = RootDiskBytes(machine.Spec, host);
            if (machine is { Power: Power.Running, AgentConnected: true }) SimulatedGuest.Quiesce(machine);
            return new DiskCopy(new MemoryStream(SimulatedDisk.Write(size, machine.Boots, $"root disk of {id} {incarnation}"), writable: false), size);
        });
    }

    /// <summary>As large as the image's disk, or larger where that was asked for.</summary>
    private static ulong RootDiskBytes(MachineSpec spec, SimulatedHost host)
    {
        var image = host.Images.FirstOrDefault(known => known.Sha256 == spec.Image.Sha256)?.VirtualSizeBytes ?? 0;
        return Math.Max(image > 0 ? image : spec.Image.SizeBytes, spec.RootDiskBytes);
    }

    public async Task<ConsolePart> ReadConsole(string id, ulong offset, int maxBytes, CancellationToken cancel)
    {
        await Begin(nameof(ReadConsole), cancel);
        return _store.Read(host =>
        {
            var log = host.Machines.FirstOrDefault(machine => machine.Id == id)?.Console ?? Google.Protobuf.ByteString.Empty;
            var from = (int)Math.Min(offset, (ulong)log.Length);
            var part = log.Memory.Slice(from, Math.Min(maxBytes, log.Length - from));
            return new ConsolePart((ulong)from, part, (ulong)log.Length);
        });
    }

    private bool Define(SimulatedHost host, string id, string incarnation, MachineSpec spec)
    {
        if (host.Machines.FirstOrDefault(known => known.Id == id && known.Incarnation != incarnation) is { } other)
            throw OtherIncarnation("machine", id, other.Incarnation, incarnation);
        foreach (var disk in spec.Disks)
        {
            if (host.Volumes.All(volume => volume.Id != disk.VolumeId))
                throw new DriverException("no-volume", $"Machine {id} is to have volume {disk.VolumeId}, which is not on this host.", retryable: true);
        }
        foreach (var nic in spec.Nics)
        {
            if (host.Networks.All(network => network.Id != nic.NetworkId))
                throw new DriverException("no-network", $"Machine {id} is to be on network {nic.NetworkId}, which is not on this host.", retryable: true);
        }
        var machine = Find(host, id, incarnation);
        if (machine is null)
        {
            if (spec.Image is { } image && host.Images.All(known => known.Sha256 != image.Sha256))
                throw new DriverException("no-image", $"Image {image.Sha256} is not on this host.", retryable: true);
            if (_faults.DiskFull) throw new DriverException("no-space", $"There is no room for the root disk of machine {id}.", retryable: true);
            var boots = RootDiskBoots(id, incarnation, spec) ?? host.Images.FirstOrDefault(known => known.Sha256 == spec.Image?.Sha256)?.Boots ?? 0;
            host.Machines.Add(machine = new SimulatedMachine { Id = id, Incarnation = incarnation, Power = Power.Off, Boots = boots });
        }
        machine.Spec = spec.Clone();
        Fit(machine, host);
        return true;
    }

    /// <summary>What an incarnation of before has left on a root disk in a shared pool; null: there is none yet.</summary>
    private uint? RootDiskBoots(string id, string incarnation, MachineSpec spec)
    {
        if (spec.Image is null) return null;
        if (spec.Pool.Length == 0)
        {
            return spec.Existing
                ? throw new DriverException("disk-lost", $"The root disk of machine {id} was made before and is not here.", retryable: false)
                : null;
        }
        var boots = _pools.Boots(spec.Pool, id, spec.RootDisk);
        return boots is null && (spec.Existing || (spec.RootDisk != incarnation && !spec.RootDiskUnmade))
            ? throw new DriverException("disk-lost", $"The root disk of machine {id} was made before and is not in the pool.", retryable: false)
            : boots;
    }

    /// <summary>Fits disks and NICs, live where it runs; the rest of the spec is taken by the next start.</summary>
    private static void Fit(SimulatedMachine machine, SimulatedHost host)
    {
        var before = machine.Attachments.ToDictionary(attachment => attachment.LinkId, attachment => attachment.Device);
        machine.Attachments.Clear();
        foreach (var disk in machine.Spec.Disks) Attach(disk.LinkId, disk.Device, "vd", first: 1);
        for (var i = 0; i < machine.Spec.Nics.Count; i++) Attach(machine.Spec.Nics[i].LinkId, machine.Spec.Nics[i].Device, "eth", first: 0);

        if (machine.Running is null || machine.Power is not (Power.Running or Power.Paused)) return;
        var newDisks = !machine.Running.Disks.Equals(machine.Spec.Disks);
        var newNics = machine.Spec.Nics.Where(nic => machine.Running.Nics.All(known => known.LinkId != nic.LinkId)).ToList();
        machine.Running.Disks.Clear();
        machine.Running.Disks.Add(machine.Spec.Disks);
        machine.Running.Nics.Clear();
        machine.Running.Nics.Add(machine.Spec.Nics);
        if (machine.Power != Power.Running) return;
        Grow(machine);
        if (newDisks) SimulatedGuest.Disks(machine, host);
        foreach (var (link, device) in before)
        {
            if (device.StartsWith("eth", StringComparison.Ordinal) && machine.Attachments.All(attachment => attachment.LinkId != link))
                SimulatedGuest.Say(machine, $"DEMO: nic {device} gone");
        }
        foreach (var nic in newNics) SimulatedGuest.Nic(machine, host, nic, machine.Attachments.First(attachment => attachment.LinkId == nic.LinkId).Device);

        void Attach(string link, string wanted, string prefix, int first)
        {
            var device = before.GetValueOrDefault(link) ?? (wanted.Length > 0 && IsFree(wanted) ? wanted : null);
            for (var n = first; device is null; n++)
            {
                var candidate = prefix == "vd" ? $"vd{(char)('a' + n)}" : $"eth{n}";
                if (IsFree(candidate) && !before.ContainsValue(candidate)) device = candidate;
            }
            machine.Attachments.Add(new ObservedAttachment { LinkId = link, Attached = true, Device = device });
        }

        bool IsFree(string device) => machine.Attachments.All(attachment => attachment.Device != device) && !(device == "vda" && machine.Spec.Image is not null);
    }

    private static MachineSpec WithinRoom(MachineSpec spec)
    {
        if (spec.Disks.Count + spec.Nics.Count <= Room) return spec;
        var fits = spec.Clone();
        while (fits.Disks.Count > Room) fits.Disks.RemoveAt(Room);
        while (fits.Disks.Count + fits.Nics.Count > Room) fits.Nics.RemoveAt(fits.Nics.Count - 1);
        return fits;
    }

    /// <summary>More can be added to what runs, by the rules of a real machine; less is taken by the next start.</summary>
    private static void Grow(SimulatedMachine machine)
    {
        const ulong block = 128 << 20, leastWithSlots = 1 << 30;
        var (running, wanted) = (machine.Running, machine.Spec);
        var before = (running.Cores, running.MemoryBytes);
        if (wanted.Cores > running.Cores) running.Cores = wanted.Cores;
        if (wanted.MemoryBytes > running.MemoryBytes && running.MemoryBytes >= leastWithSlots && (wanted.MemoryBytes - running.MemoryBytes) % block == 0)
            running.MemoryBytes = wanted.MemoryBytes;
        if (before != (running.Cores, running.MemoryBytes)) SimulatedGuest.Size(machine);
    }

    /// <summary>Brings the power state there. True when the guest boots.</summary>
    private async Task<bool> BringPower(string id, string incarnation, MachineSpec spec, CancellationToken cancel)
    {
        var now = _store.Read(host => Find(host, id, incarnation)?.Power ?? Power.Absent);
        switch (spec.Power)
        {
            case Power.Running or Power.Paused:
                return Change(host =>
                {
                    var machine = Find(host, id, incarnation) ?? throw Vanished(id);
                    var boots = machine.Power is Power.Off or Power.Crashed;
                    if (boots) PowerOn(machine, host);
                    machine.Power = spec.Power;
                    return boots;
                });
            case Power.Saved:
                // A machine that is off has no memory to save.
                if (now is Power.Running or Power.Paused) Change(host => (Find(host, id, incarnation) ?? throw Vanished(id)).Power = Power.Saved);
                return false;
            default:
                if (now is Power.Running && spec.Stop != StopMethod.StopPoweroff)
                {
                    var grace = TimeSpan.FromSeconds(spec.StopGraceSeconds);
                    var hard = spec.Stop == StopMethod.StopGraceful && grace > TimeSpan.Zero;
                    if (!await AskGuest(id, incarnation, spec.Stop, hard ? grace : Patience, cancel) && !hard)
                        throw new DriverException("not-stopped", $"The guest of machine {id} has not answered its power button for {Patience}.", retryable: true);
                }
                Change(host => PowerDown(Find(host, id, incarnation), Power.Off));
                return false;
        }
    }

    /// <summary>Asks the guest's agent or presses the power button, and waits for the guest, for as long as it may take. True when it obeyed.</summary>
    private async Task<bool> AskGuest(string id, string incarnation, StopMethod method, TimeSpan grace, CancellationToken cancel)
    {
        if (_faults.IgnoreAcpi)
        {
            await Wait(grace, cancel);
            return false;
        }
        // From here on the guest shuts down, whether anyone waits for it or not.
        var shutDown = ShutDown(id, incarnation, method);
        var obeys = _options.ShutdownTime <= grace;
        await (obeys ? shutDown.WaitAsync(cancel) : Wait(grace, cancel));
        return obeys;
    }

    private async Task ShutDown(string id, string incarnation, StopMethod method)
    {
        var guest = Change(host =>
        {
            if (Find(host, id, incarnation) is not { } machine) return null;
            SimulatedGuest.Say(machine, machine.AgentConnected && method == StopMethod.StopGraceful ? "DEMO: agent shutdown" : "DEMO: power button");
            return machine.Running;
        });
        await Wait(_options.ShutdownTime, _disposed.Token);
        // Only the guest that was asked: it may have been pulled off and started again meanwhile.
        var stopped = Change(host => Find(host, id, incarnation) is { } machine && ReferenceEquals(machine.Running, guest) && PowerDown(machine, Power.Off));
        if (stopped) Changed?.Invoke(id);
    }

    private async Task BecomeReady(string id, string incarnation)
    {
        await Wait(_options.BootTime, _disposed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_disposed.IsCancellationRequested) return;
        Change(host =>
        {
            if (Find(host, id, incarnation) is { Power: Power.Running } machine) SimulatedGuest.Ready(machine);
            return true;
        });
        if (_store.Read(host => Find(host, id, incarnation)?.AgentConnected == true)) Changed?.Invoke(id);
    }

    private void PowerOn(SimulatedMachine machine, SimulatedHost host)
    {
        var used = host.Machines.Where(other => other != machine && other.Running is not null).Aggregate(0UL, (sum, other) => sum + other.Running.MemoryBytes);
        if (used + machine.Spec.MemoryBytes > (ulong)_options.MemoryBytes)
            throw new DriverException("no-memory", $"Machine {machine.Id} wants {machine.Spec.MemoryBytes} bytes of memory; {used} of {_options.MemoryBytes} are in use.", retryable: true);
        machine.Running ??= machine.Spec.Clone();
        (machine.Power, machine.AgentConnected) = (Power.Running, false);
        machine.StartedUnixMilliseconds = (ulong)_time.GetUtcNow().ToUnixTimeMilliseconds();
        SimulatedGuest.Boot(machine, host);
    }

    private static bool PowerDown(SimulatedMachine? machine, Power to)
    {
        if (machine is null || machine.Power is Power.Off or Power.Crashed) return false;
        (machine.Power, machine.Running, machine.AgentConnected) = (to, null, false);
        return true;
    }

    private void PowerOffGuest(string id) => StopOutside(id, Power.Off);

    private void CrashGuest(string id) => StopOutside(id, Power.Crashed);

    private void StopOutside(string id, Power to)
    {
        if (Change(host => PowerDown(host.Machines.FirstOrDefault(machine => machine.Id == id && machine.Power is Power.Running or Power.Paused), to)))
            Changed?.Invoke(id);
    }

    private void RebootHost()
    {
        Change(host =>
        {
            host.Instance = Guid.NewGuid().ToString();
            foreach (var machine in host.Machines.Where(machine => machine.Power is Power.Running or Power.Paused)) PowerDown(machine, Power.Off);
            return true;
        });
        Changed?.Invoke(null);
    }

    private static SimulatedMachine? Find(SimulatedHost host, string id, string incarnation) =>
        host.Machines.FirstOrDefault(machine => machine.Id == id && machine.Incarnation == incarnation);

    private static DriverException Vanished(string id) => new("vanished", $"Machine {id} was removed meanwhile.", retryable: true);

    private static ObservedMachine Observe(SimulatedMachine machine)
    {
        var observed = new ObservedMachine
        {
            Id = machine.Id,
            Incarnation = machine.Incarnation,
            Generation = machine.Generation,
            Power = machine.Power,
            AgentConnected = machine.Power == Power.Running && machine.AgentConnected,
            RestartPending = machine.Running is { } running && (running.Cores, running.MemoryBytes, running.CpuShares)
                != (machine.Spec.Cores, machine.Spec.MemoryBytes, machine.Spec.CpuShares),
        };
        observed.Attachments.Add(machine.Attachments.Select(attachment => attachment.Clone()));
        if (observed.AgentConnected) observed.Addresses.Add(SimulatedGuest.Addresses(machine));
        return observed;
    }
}
