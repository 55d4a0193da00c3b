using Controller.Contracts;
using Controller.Grains.Restoring;
using Google.Protobuf;
using Proto = Controller.Agent.Protocol;

namespace Controller.Silo.Gateway;

/// <summary>Between the messages of agent.proto and those of the grains: the same things, said in two languages.</summary>
internal static class Mapping
{
    public static AgentHello ToContract(this Proto.Hello hello) => new(
        hello.BootId, hello.AgentVersion, hello.Name, (long)hello.HighestEpochSeen,
        new(
            hello.Capabilities.Driver, hello.Capabilities.Hypervisor, (int)hello.Capabilities.Cores, (long)hello.Capabilities.MemoryBytes,
            (long)hello.Capabilities.DiskBytes, hello.Capabilities.Architecture, [.. hello.Capabilities.Features])
        {
            Kernel = string.IsNullOrEmpty(hello.Capabilities.Kernel) ? null : hello.Capabilities.Kernel,
            Pools = [.. hello.Capabilities.Pools.Where(p => Ours(p.Id)).Select(p => new HostPool(Guid.Parse(p.Id), p.Name, (long)p.SizeBytes, (long)p.FreeBytes))],
            UnderlayAddress = hello.Capabilities.UnderlayAddress is { Length: > 0 } underlay ? underlay : null,
            PeerEndpoint = hello.Capabilities.PeerEndpoint is { Length: > 0 } peer ? peer : null,
            Leases = hello.Capabilities.Leases,
        });

    /// <summary>Objects whose ids are not UUIDs are none of ours and are left out.</summary>
    public static ObservedReport ToContract(this Proto.Observed seen, Restoration restoration) => new(
        seen.Complete,
        seen.Driver?.Healthy ?? true,
        string.IsNullOrEmpty(seen.Driver?.Why) ? null : seen.Driver.Why,
        [.. seen.Machines.Where(m => Ours(m.Id, m.Incarnation)).Select(m => ToContract(m, restoration))],
        [.. seen.Volumes.Where(v => Ours(v.Id, v.Incarnation)).Select(v => new ObservedVolume(
            Guid.Parse(v.Id), Guid.Parse(v.Incarnation), restoration.FromWire((long)v.Generation), (long)v.Sequence, v.Present, (long)v.SizeBytes, v.Failure.ToContract(restoration))
        {
            Before = restoration.IsBefore((long)v.Generation),
        })],
        [.. seen.Networks.Where(n => Ours(n.Id, n.Incarnation)).Select(n => new ObservedNetwork(
            Guid.Parse(n.Id), Guid.Parse(n.Incarnation), restoration.FromWire((long)n.Generation), (long)n.Sequence, n.Present, n.Active, n.Failure.ToContract(restoration))
        {
            Before = restoration.IsBefore((long)n.Generation),
        })],
        [.. seen.Unmanaged.Select(u => new UnmanagedMachine(u.Uuid, u.Name, (Power)u.Power))]);

    public static Failure? ToContract(this Proto.Failure? failure, Restoration restoration) =>
        failure is null ? null : new(failure.Code, failure.Message, failure.Retryable, restoration.FromWire((long)failure.Generation));

    public static OperationFinished ToContract(this Proto.OperationFinished finished, Guid operation, Guid machine, Restoration restoration) => new(
        operation, machine, finished.Failure.ToContract(restoration),
        finished.Saved?.Image is { } image ? new(new(image.Sha256, image.Format, (long)image.SizeBytes), (long)finished.Saved.VirtualSizeBytes) : null);

    public static OperationProgress ToContract(this Proto.OperationProgress progress, Guid operation, Guid machine) => new(
        operation, machine, (long)progress.TotalBytes, (long)progress.DoneBytes, (long)progress.RemainingBytes, (int)progress.DowntimeMilliseconds);

    public static Proto.Migrate ToProto(this MigrateOrder order) => new()
    {
        MigrationId = order.Migration.ToString("D"),
        TargetHost = order.TargetHost.ToString("D"),
        TargetEndpoint = order.TargetEndpoint,
        TargetIncarnation = order.TargetIncarnation.ToString("D"),
        Secret = order.Secret,
        Method = order.Method == MigrateMethod.Cold ? Proto.MigrateMethod.MigrateCold : Proto.MigrateMethod.MigrateLive,
        BandwidthMib = (uint)order.BandwidthMiB,
        GraceSeconds = (uint)order.Grace.TotalSeconds,
        AutoConverge = order.AutoConverge,
        Volumes = { order.Volumes.Select(ToProto) },
    };

    private static Proto.MovingVolume ToProto(MovingVolume moving) => new()
    {
        VolumeId = moving.Volume.ToString("D"), Incarnation = moving.Incarnation.ToString("D"), TargetIncarnation = moving.TargetIncarnation.ToString("D"),
    };

    public static Proto.DesiredObject ToProto(this DesiredObject desired, Restoration restoration)
    {
        var proto = new Proto.DesiredObject
        {
            Id = desired.Id.ToString("D"),
            Incarnation = desired.Incarnation.ToString("D"),
            Generation = (ulong)restoration.ToWire(desired.Generation),
            Absent = desired.Absent,
        };
        switch (desired)
        {
            case DesiredMachine machine:
                (proto.Kind, proto.Machine) = (Proto.ObjectKind.ObjectMachine, machine.ToProto());
                break;
            case DesiredVolume volume:
                (proto.Kind, proto.Volume) = (Proto.ObjectKind.ObjectVolume, volume.ToProto());
                break;
            case DesiredNetwork network:
                (proto.Kind, proto.Network) = (Proto.ObjectKind.ObjectNetwork, network.ToProto());
                break;
        }
        return proto;
    }

    private static ObservedMachine ToContract(Proto.ObservedMachine m, Restoration restoration) => new(
        Guid.Parse(m.Id), Guid.Parse(m.Incarnation), restoration.FromWire((long)m.Generation), (long)m.Sequence, (Power)m.Power, m.Failure.ToContract(restoration),
        [.. m.Attachments.Where(a => Ours(a.LinkId)).Select(a => new ObservedAttachment(Guid.Parse(a.LinkId), a.Attached, a.Device, a.Failure.ToContract(restoration)))],
        m.RestartPending,
        Transfer: m.Transfer is { } transfer && Guid.TryParse(transfer.MigrationId, out var migration) ? new(migration, (TransferState)transfer.State) : null)
    {
        AgentConnected = m.AgentConnected,
        Before = restoration.IsBefore((long)m.Generation),
        Unapplied = m.Generation == 0,
        Addresses = [.. m.Addresses.Where(a => Ours(a.LinkId)).Select(a => new ObservedAddress(Guid.Parse(a.LinkId), a.Address, (int)a.PrefixLength))],
    };

    private static Proto.MachineSpec ToProto(this DesiredMachine m)
    {
        var spec = new Proto.MachineSpec
        {
            Name = m.Name,
            Hostname = m.Hostname,
            Cores = (uint)m.Cores,
            MemoryBytes = (ulong)m.MemoryBytes,
            CpuShares = (uint)m.CpuShares,
            Leased = m.Leased,
            Architecture = m.Architecture,
            Power = (Proto.Power)m.Power,
            Stop = (Proto.StopMethod)m.Stop,
            StopGraceSeconds = (uint)m.StopGrace.TotalSeconds,
            RootDiskBytes = (ulong)m.RootDiskBytes,
            Pool = Id(m.Pool),
            RootDisk = Id(m.RootDisk),
            RootDiskUnmade = m.RootDiskUnmade,
            Existing = m.Existing,
            Seed = new()
            {
                InstanceId = m.Id.ToString("D"), Hostname = m.Hostname, UserData = ByteString.CopyFrom(m.UserData), NetworkConfig = m.NetworkConfig,
            },
            Firmware = (Proto.Firmware)m.Firmware,
            MachineType = (Proto.MachineType)m.MachineType,
        };
        if (m.Incoming is { } incoming)
        {
            spec.Incoming = new()
            {
                MigrationId = incoming.Migration.ToString("D"), SourceHost = incoming.SourceHost.ToString("D"), Secret = incoming.Secret, Volumes = { incoming.Volumes.Select(ToProto) },
            };
        }
        if (m.Outgoing is { } outgoing)
            spec.Outgoing = new() { MigrationId = outgoing.ToString("D") };
        if (m.Image is { } image)
            spec.Image = image.ToProto();
        spec.Seed.SshKeys.AddRange(m.SshKeys);
        spec.Disks.AddRange(m.Disks.Select(d => new Proto.Disk { LinkId = d.Link.ToString("D"), VolumeId = d.Volume.ToString("D"), Device = d.Device ?? "" }));
        spec.Nics.AddRange(m.Nics.Select(n => new Proto.Nic
        {
            LinkId = n.Link.ToString("D"), NetworkId = n.Network.ToString("D"), Mac = n.Mac, Address = n.Address ?? "", Device = n.Device, Address6 = n.Address6 ?? "",
            Filtered = n.Filtered, Rules = { n.Rules.Select(ToProto) },
            Floating = { n.Floating.Select(f => new Proto.FloatingAddress { Address = f.Address, NetworkId = f.Network.ToString("D"), Cidr = f.Cidr, Gateway = f.Gateway }) },
        }));
        return spec;
    }

    private static Proto.SecurityRule ToProto(this SecurityRule r) => new()
    {
        Egress = r.Egress, Family = (uint)r.Family, Protocol = (uint)r.Protocol, FirstPort = (uint)(r.FirstPort ?? 0), LastPort = (uint)(r.LastPort ?? 0), Remote = r.Remote ?? "",
    };

    private static Proto.VolumeSpec ToProto(this DesiredVolume v)
    {
        var spec = new Proto.VolumeSpec
        {
            Name = v.Name,
            SizeBytes = (ulong)v.SizeBytes,
            Pool = Id(v.Pool),
            Existing = v.Existing,
            Wipe = v.Wipe,
            Released = v.Released,
        };
        if (v.Image is { } image)
            spec.Image = image.ToProto();
        if (v.Source is { } source)
            spec.Source = source.ToProto();
        if (v.Revert is { } revert)
            spec.Revert = revert.ToProto();
        return spec;
    }

    private static Proto.VolumeSource ToProto(this VolumeSource s) =>
        new() { VolumeId = s.Volume.ToString("D"), Incarnation = s.Incarnation.ToString("D"), Pool = Id(s.Pool) };

    private static Proto.Image ToProto(this ImageRef image) => new() { Sha256 = image.Sha256, Format = image.Format, SizeBytes = (ulong)image.SizeBytes };

    private static string Id(Guid? id) => id?.ToString("D") ?? "";

    private static Proto.NetworkSpec ToProto(this DesiredNetwork n)
    {
        var spec = new Proto.NetworkSpec
        {
            Name = n.Name,
            Active = n.Active,
            Mode = n.Physical is not null ? Proto.NetworkSpec.Types.Mode.Bridged
                : n.Nat ? Proto.NetworkSpec.Types.Mode.Nat : Proto.NetworkSpec.Types.Mode.Isolated,
            Cidr = n.Cidr ?? "",
            Gateway = n.Gateway ?? "",
            Dhcp = n.Dhcp,
            Vni = (uint)n.Vni,
            Mtu = (uint)n.Mtu,
            Cidr6 = n.Cidr6 ?? "",
            Gateway6 = n.Gateway6 ?? "",
            Physical = n.Physical ?? "",
            Vlan = (uint)n.Vlan,
        };
        spec.Peers.AddRange(n.Peers);
        spec.Dns.AddRange(n.Dns);
        spec.Reservations.AddRange(n.Reservations.Select(r => new Proto.Reservation
        {
            Mac = r.Mac, Address = r.Address, Hostname = r.Hostname ?? "", Address6 = r.Address6 ?? "",
        }));
        return spec;
    }

    /// <summary>What an agent's ledger has of a machine, its volumes and its networks; null: nothing.</summary>
    public static MachineDescription? ToContract(this Proto.Described described)
    {
        var objects = described.Objects.Where(o => Ours(o.Id, o.Incarnation) && !o.Absent).ToList();
        return objects.FirstOrDefault(o => o.Machine is not null) is { } machine
            ? new(ToDesired(machine), [.. objects.Where(o => o.Volume is not null).Select(ToVolume)])
            : null;
    }

    private static DesiredMachine ToDesired(Proto.DesiredObject o) => new()
    {
        Id = Guid.Parse(o.Id),
        Incarnation = Guid.Parse(o.Incarnation),
        Generation = 0,   // of its own counting, from now on
        Name = o.Machine.Name,
        Hostname = o.Machine.Hostname,
        Cores = (int)o.Machine.Cores,
        MemoryBytes = (long)o.Machine.MemoryBytes,
        CpuShares = (int)o.Machine.CpuShares,
        Architecture = o.Machine.Architecture,
        Image = ToImage(o.Machine.Image),
        RootDiskBytes = (long)o.Machine.RootDiskBytes,
        Pool = ToId(o.Machine.Pool),
        RootDisk = ToId(o.Machine.RootDisk),
        Firmware = (Firmware)o.Machine.Firmware,
        MachineType = (MachineType)o.Machine.MachineType,
        Disks = [.. o.Machine.Disks.Where(d => Ours(d.LinkId, d.VolumeId)).Select(d => new DesiredDisk(Guid.Parse(d.LinkId), Guid.Parse(d.VolumeId), d.Device is { Length: > 0 } device ? device : null))],
        Nics = [.. o.Machine.Nics.Where(n => Ours(n.LinkId, n.NetworkId)).Select(n => new DesiredNic(
            Guid.Parse(n.LinkId), Guid.Parse(n.NetworkId), n.Mac, n.Address is { Length: > 0 } address ? address : null, n.Device) { Filtered = n.Filtered })],
    };

    private static DesiredVolume ToVolume(Proto.DesiredObject o) => new()
    {
        Id = Guid.Parse(o.Id),
        Incarnation = Guid.Parse(o.Incarnation),
        Generation = 0,   // of its own counting, from now on
        Name = o.Volume.Name,
        SizeBytes = (long)o.Volume.SizeBytes,
        Pool = ToId(o.Volume.Pool),
        Wipe = o.Volume.Wipe,
    };

    private static ImageRef? ToImage(Proto.Image? image) => image is null ? null : new(image.Sha256, image.Format, (long)image.SizeBytes);

    private static Guid? ToId(string id) => Guid.TryParse(id, out var parsed) ? parsed : null;

    private static bool Ours(params ReadOnlySpan<string> ids)
    {
        foreach (var id in ids)
        {
            if (!Guid.TryParse(id, out _))
                return false;
        }
        return true;
    }
}
