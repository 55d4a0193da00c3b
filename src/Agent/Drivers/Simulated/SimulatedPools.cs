using Google.Protobuf;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>
/// Shared pools of simulated hosts: real directories, so that agents in processes of their own see the same. A volume, or a root disk, is a small file there that tells its size
/// and how often it was booted from.
/// </summary>
internal sealed class SimulatedPools(IReadOnlyDictionary<string, string> settings)
{
    public IReadOnlyList<SharedPool> All { get; private set; } = [];

    public void Open() => All = [.. settings.Select(pool => SharedPool.Open(pool.Key, pool.Value))];

    public SharedPool Of(string id) =>
        (All.FirstOrDefault(pool => pool.Id == id) ?? throw new DriverException("no-pool", $"This host does not see the shared pool {id}.", retryable: true)).Checked();

    public SimulatedVolume? Read(string pool, string id, string incarnation)
    {
        var path = Volume(Of(pool), id, incarnation);
        return File.Exists(path) ? SimulatedVolume.Parser.ParseFrom(File.ReadAllBytes(path)) : null;
    }

    public uint? Boots(string pool, string machine, string disk)
    {
        var path = RootDisk(Of(pool), machine, disk);
        return File.Exists(path) ? SimulatedVolume.Parser.ParseFrom(File.ReadAllBytes(path)).Boots : null;
    }

    public void Delete(string pool, string id, string incarnation) => File.Delete(Volume(Of(pool), id, incarnation));

    public void DeleteRootDisk(string pool, string machine, string disk) => File.Delete(RootDisk(Of(pool), machine, disk));

    /// <summary>What a host's guests have done to what is in pools.</summary>
    public void Write(SimulatedHost host)
    {
        foreach (var volume in host.Volumes.Where(volume => volume.Pool.Length > 0)) Write(Volume(Of(volume.Pool), volume.Id, volume.Incarnation), volume);
        // One that is off may be running elsewhere by now.
        foreach (var machine in host.Machines.Where(machine => machine.Spec is { Pool.Length: > 0, Image: not null }))
        {
            if (machine.Running is null && File.Exists(RootDisk(Of(machine.Spec.Pool), machine.Id, machine.Spec.RootDisk))) continue;
            Write(RootDisk(Of(machine.Spec.Pool), machine.Id, machine.Spec.RootDisk), new SimulatedVolume { Id = machine.Id, Boots = machine.Boots });
        }
    }

    private static void Write(string path, SimulatedVolume volume)
    {
        var bytes = volume.ToByteArray();
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes)) AtomicFile.Write(path, bytes);
    }

    private static string Volume(SharedPool pool, string id, string incarnation) => Path.Combine(pool.Directory, $"volume-{id}.{incarnation}");

    private static string RootDisk(SharedPool pool, string machine, string disk) => Path.Combine(pool.Directory, $"machine-{machine}.{disk}");
}
