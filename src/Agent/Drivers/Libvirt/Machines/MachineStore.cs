using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Seeds;
using Controller.Agent.Drivers.Libvirt.Storage;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>The converge function of machines, and their removal.</summary>
internal sealed class MachineStore(
    Folders folders, ImageCache images, Places places, Link link, DeviceFitting devices, SizeFitting sizes, PowerSwitch power, Networks.NicGuards guards,
    Networks.FloatingAddresses floating, HostTraits host, Leases.QemuProcesses processes)
{
    private const uint Validate = 1;
    private const uint StoredOnly = 2;
    private const int MetadataElement = 2;
    private const uint UndefineEverything = 1 | 2 | 4 | 16;   // managed save, snapshots, NVRAM, checkpoints

    /// <summary>Files, definition, then power and devices in the order in which the guest can follow; each step does nothing when it is done already.</summary>
    public async Task<MachineView> Ensure(ObjectKey key, ulong generation, MachineSpec spec, CancellationToken cancel)
    {
        RefuseOthers(key, await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id));
        await EnsureRootDisk(key, spec, cancel);
        EnsureSeed(key, spec);
        await guards.Ensure(key, spec.Nics, cancel);
        var planned = await link.Call(connect => Define(connect, key, spec), cancel, key.Id, nameof(Define));

        // A suspended guest can release nothing, so one that shall run is resumed first, and one that shall not is fitted before.
        DriverException? misfit = null;
        if (spec.Power is Power.Paused or Power.Saved)
            misfit = await Fit(key.Id, planned, cancel);
        await power.Fit(key.Id, spec, cancel);
        if (spec.Power == Power.Running)
        {
            await sizes.Fit(key.Id, spec, cancel);
            misfit = await Fit(key.Id, planned, cancel);
        }
        if (spec.Power != Power.Off && MachineBoard.Room(spec, host) is var room && spec.Disks.Count + spec.Nics.Count > room)
        {
            misfit ??= new DriverException(
                "no-port", $"Machine {key.Id} is to have {spec.Disks.Count} disks and {spec.Nics.Count} NICs, and has ports for {room} of them in all.", retryable: false);
        }
        if (misfit is not null)
            throw misfit;
        await guards.Keep(key, spec.Nics, cancel);
        await floating.Keep(key, spec.Nics, cancel);
        return await link.On(key.Id, nameof(Native.virDomainSetMetadata), domain => Settle(domain, generation), cancel);
    }

    /// <summary>What a machine that comes from elsewhere finds.</summary>
    public async Task EnsureFiles(ObjectKey key, MachineSpec spec, CancellationToken cancel)
    {
        RefuseOthers(key, await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id));
        await EnsureRootDisk(key, spec, cancel);
        EnsureSeed(key, spec);
        await guards.Ensure(key, spec.Nics, cancel);   // before its taps are there: a tap without rules sends nothing
    }

    /// <summary>One that is not here any more has nothing to be guarded, and nobody would take it away again.</summary>
    public async Task Guard(ObjectKey key, MachineSpec spec, CancellationToken cancel)
    {
        if ((await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id))?.Label?.Incarnation == key.Incarnation)
            await guards.Ensure(key, spec.Nics, cancel);
    }

    public async Task Remove(ObjectKey key, CancellationToken cancel)
    {
        var machine = await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id);
        if (machine?.Label?.Incarnation == key.Incarnation)
        {
            if (machine.Active)
                await power.Destroy(key.Id, cancel);
            await link.On(key.Id, nameof(Native.virDomainUndefineFlags), domain => Checked.Ok(Native.virDomainUndefineFlags(domain, UndefineEverything)), cancel);
        }
        await guards.Keep(key, [], cancel);
        await floating.Keep(key, [], cancel);
        await link.Job(connect => DeleteDisks(connect, key), cancel, nameof(DeleteDisks));
        foreach (var log in folders.ConsoleLogs(key))
            File.Delete(log);
        File.Delete(folders.Variables(key));
    }

    /// <summary>
    /// Neither runs nor has addresses outside any more: whoever has both elsewhere now must not share them. The host has the addresses again when the machine is ensured. Neither waits for
    /// the other, for each may hang.
    /// </summary>
    public async Task<bool> End(ObjectKey key, CancellationToken cancel)
    {
        var killed = processes.End(key.Id) > 0;
        var withdrawn = Task.Run(() => floating.Keep(key, [], cancel), cancel);
        var ended = EndProcess(key, killed, cancel);
        await Task.WhenAll(ended, withdrawn);
        return await ended;
    }

    /// <summary>The process first: libvirtd may be slow, stuck or gone. Then libvirtd must agree, for it may know of a process that we do not see.</summary>
    private async Task<bool> EndProcess(ObjectKey key, bool ended, CancellationToken cancel)
    {
        while (processes.Of(key.Id).Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
            processes.End(key.Id);
        }
        if (processes.Blind is null && (ended || processes.Sees)) return ended;
        if (await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id) is not { Active: true } there || there.Label?.Incarnation != key.Incarnation) return ended;
        await power.Destroy(key.Id, cancel);
        return true;
    }

    private static void RefuseOthers(ObjectKey key, MachineView? there)
    {
        if (there is { Label: null })
            throw new DriverException("foreign", $"Domain {there.Name} has the id {key.Id} and is not ours.", retryable: false);
        if (there is { Label: { } label } && label.Incarnation != key.Incarnation)
        {
            throw new DriverException(
                "incarnation", $"Machine {key.Id} is here as incarnation {label.Incarnation}, and {key.Incarnation} was asked for.", retryable: true);
        }
    }

    private async Task EnsureRootDisk(ObjectKey key, MachineSpec spec, CancellationToken cancel)
    {
        if (spec.Image is null)
            return;
        var (place, path) = RootDisk(key, spec);
        if (!File.Exists(path))
        {
            if (spec.Existing || (spec.RootDisk.Length > 0 && spec.RootDisk != key.Incarnation && !spec.RootDiskUnmade))
                throw new DriverException("disk-lost", $"The root disk of machine {key.Id} was made before, and its file {path} is not there.", retryable: false);
            var image = images.Backing(spec.Image, place);
            var size = Math.Max(ImageHeader.VirtualSize(image, spec.Image.Format), spec.RootDiskBytes);
            await link.Job(
                connect =>
                {
                    place.Pool.Create(connect, path, size, (image, spec.Image.Format));
                    return true;
                },
                cancel);
            images.Backing(spec.Image, place);   // another host may have put it aside before there was a disk that needs it
        }
        if (spec.RootDiskBytes <= ImageHeader.VirtualSize(path, "qcow2"))
            return;
        if (await link.Call(connect => MachineView.Find(connect, key.Id), cancel, key.Id) is { Active: true })
            await link.On(key.Id, nameof(Native.virDomainBlockResize), domain => Domains.GrowDisk(domain, path, spec.RootDiskBytes), cancel);
        else
            await link.Job(connect => place.Pool.Grow(connect, path, spec.RootDiskBytes), cancel);
    }

    private bool DeleteDisks(ConnectHandle connect, ObjectKey key)
    {
        places.Own.Pool.Delete(connect, folders.RootDisk(key));
        places.Own.Pool.DeleteForeign(connect, folders.Seed(key));
        return true;
    }

    /// <summary>The root disk in a shared pool, which outlives incarnations.</summary>
    public Task RemoveRootDisk(string machine, string pool, string disk, CancellationToken cancel)
    {
        var place = places.Of(pool);
        var path = place.RootDisk(ObjectKey.Checked(machine), ObjectKey.Checked(disk));
        return link.Job(
            connect =>
            {
                if (Domains.UsersOfFile(connect, path) is [var user, ..])
                    throw new DriverException("in-use", $"The root disk of machine {machine} is attached to {user.Name}.", retryable: true);
                place.Pool.Delete(connect, path);
                return true;
            },
            cancel);
    }

    /// <summary>Where its root disk is, or would be.</summary>
    public string RootDiskPath(ObjectKey key, MachineSpec spec) => RootDisk(key, spec).Path;

    private (Place Place, string Path) RootDisk(ObjectKey key, MachineSpec spec)
    {
        if (spec.Pool.Length == 0)
            return (places.Own, folders.RootDisk(key));
        var place = places.Of(spec.Pool);
        return (place, place.RootDisk(key.Id, ObjectKey.Checked(spec.RootDisk)));
    }

    /// <summary>Replaced as a whole: a running machine keeps the one that it was started with.</summary>
    private void EnsureSeed(ObjectKey key, MachineSpec spec)
    {
        if (spec.Seed is null)
            return;
        var path = folders.Seed(key);
        var wanted = NoCloud.Disk(spec.Seed);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(wanted))
            return;
        // It may hold a tenant's secrets.
        using (var file = new FileStream(
            path + ".partial", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            file.Write(wanted);
        File.Move(path + ".partial", path, overwrite: true);
    }

    private List<Device> Define(ConnectHandle connect, ObjectKey key, MachineSpec spec)
    {
        var there = MachineView.Find(connect, key.Id);
        RefuseOthers(key, there);
        IReadOnlyList<Device> present = there is null ? [] : [.. Devices.Of(there.Stored), .. there.Running is null ? [] : Devices.Of(there.Running)];
        // What there is no port for is left out, and told when all the rest is done. What is there has its port.
        var wished = Devices.Plan(spec, VolumePath, present);
        var fits = wished.OrderByDescending(device => present.Any(other => other.Link == device.Link)).Take(MachineBoard.Room(spec, host)).ToHashSet();
        var planned = wished.Where(fits.Contains).ToList();
        var plan = new MachinePlan(
            key,
            there?.Name ?? MachineXml.Name(key.Id, spec.Name),
            new MachineLabel(key.Incarnation, there?.Label?.Generation ?? 0, spec.Power, ""),
            spec,
            spec.Image is null ? null : RootDisk(key, spec).Path,
            spec.Seed is null ? null : folders.Seed(key),
            folders.Console(key),
            folders.Variables(key),
            planned,
            host);
        var wanted = MachineXml.Write(plan, there?.Stored);
        if (there is null || there.Label != MachineLabel.Read(wanted))
        {
            using var defined = Checked.Ok(Native.virDomainDefineXMLFlags(connect, wanted.ToString(), Validate));
        }
        return planned;
    }

    private string VolumePath(string id) => places.Find(id) is { Path: var path }
        ? path
        : throw new DriverException("no-volume", $"Volume {id} is not on this host.", retryable: true);

    private async Task<DriverException?> Fit(string id, IReadOnlyList<Device> planned, CancellationToken cancel)
    {
        try
        {
            await devices.Fit(id, planned, cancel);
            return null;
        }
        catch (DriverException misfit)
        {
            return misfit;
        }
        catch (LibvirtException error) when (!error.ConnectionLost)
        {
            return error.ToDriverException();
        }
    }

    /// <summary>All of it is applied: the generation is written down beside what it stands for.</summary>
    private static MachineView Settle(DomainHandle domain, ulong generation)
    {
        var machine = MachineView.Read(domain);
        if (machine.Label is { } label && label.Generation != generation)
        {
            label = label with { Generation = generation };
            Checked.Ok(Native.virDomainSetMetadata(
                domain, MetadataElement, label.WriteBare().ToString(), MachineLabel.Prefix, MachineLabel.Namespace.NamespaceName, StoredOnly));
            machine = machine with { Label = label };
        }
        return machine;
    }
}
