using System.Security.Cryptography;
using Controller.Agent.Protocol;

namespace Controller.Agent.Tests.Harness;

/// <summary>Desired objects.</summary>
internal static class Want
{
    public static DesiredObject Volume(ulong size = 1 << 20) =>
        New(new DesiredObject { Kind = ObjectKind.ObjectVolume, Volume = new VolumeSpec { Name = "data", SizeBytes = size } });

    public static DesiredObject Network() => New(new DesiredObject
    {
        Kind = ObjectKind.ObjectNetwork,
        Network = new NetworkSpec { Name = "net", Active = true, Mode = NetworkSpec.Types.Mode.Nat, Cidr = "10.128.3.0/24", Gateway = "10.128.3.1", Dhcp = true },
    });

    public static DesiredObject Machine(params DesiredObject[] with)
    {
        var spec = new MachineSpec { Name = "web", Hostname = "web", Cores = 1, MemoryBytes = 1 << 26, Architecture = "x64", Power = Power.Running };
        foreach (var part in with)
        {
            if (part.Kind == ObjectKind.ObjectVolume) spec.Disks.Add(new Disk { LinkId = Guid.NewGuid().ToString(), VolumeId = part.Id });
            else spec.Nics.Add(new Nic { LinkId = Guid.NewGuid().ToString(), NetworkId = part.Id, Mac = "52:54:00:00:00:07" });
        }
        return New(new DesiredObject { Kind = ObjectKind.ObjectMachine, Machine = spec });
    }

    public static DesiredObject Of(this DesiredObject desired, Power power, StopMethod stop = StopMethod.StopPoweroff, uint grace = 0)
    {
        var next = desired.Clone();
        next.Generation++;
        (next.Machine.Power, next.Machine.Stop, next.Machine.StopGraceSeconds) = (power, stop, grace);
        return next;
    }

    public static DesiredObject Absent(this DesiredObject desired) => new()
    {
        Id = desired.Id, Incarnation = desired.Incarnation, Generation = desired.Generation + 1, Kind = desired.Kind, Absent = true,
    };

    public static (Image Image, byte[] Bytes) Image()
    {
        var bytes = RandomNumberGenerator.GetBytes(5_500);
        return (new Image { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), Format = "raw", SizeBytes = (ulong)bytes.Length }, bytes);
    }

    private static DesiredObject New(DesiredObject desired)
    {
        (desired.Id, desired.Incarnation, desired.Generation) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), 1);
        return desired;
    }
}
