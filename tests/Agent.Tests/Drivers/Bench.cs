using System.Diagnostics;
using System.Text;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Google.Protobuf;

namespace Controller.Agent.Tests.Drivers;

/// <summary>One test's objects on a host: made with few words, and removed at the end, whatever the end was.</summary>
public sealed class Bench(IDriverHost host) : IAsyncDisposable
{
    /// <summary>A guest boots in three seconds on an idle host; tests run on busy ones.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private const int ConsoleBytes = 1 << 20;

    private readonly List<Func<Task>> _undo = [];

    public IHypervisorDriver Driver => host.Driver;

    /// <summary>Done when the test is over.</summary>
    public void AtEnd(Func<Task> undo) => _undo.Add(undo);

    public static string NewId() => Guid.NewGuid().ToString("D");

    /// <summary>A machine that is off when it is first ensured; tests change the spec.</summary>
    public Placed<MachineSpec> Machine(Action<MachineSpec>? change = null)
    {
        var id = NewId();
        var spec = new MachineSpec
        {
            Name = "con</name><devices/>\"'&;$(reboot)../tract",   // a tenant's to choose
            Hostname = "contract",
            Cores = 1,
            MemoryBytes = 128 << 20,
            Architecture = "x64",
            Power = Power.Off,
            Stop = StopMethod.StopPoweroff,
            Image = host.Image,
            Seed = new Seed { InstanceId = id, Hostname = "contract", SshKeys = { "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9+/x contract" } },
        };
        change?.Invoke(spec);
        var machine = new Placed<MachineSpec>(id, NewId(), spec);
        _undo.Add(() => Driver.RemoveMachine(machine.Id, machine.Incarnation, CancellationToken.None));
        return machine;
    }

    public async Task<Placed<VolumeSpec>> Volume(ulong bytes, Action<VolumeSpec>? change = null)
    {
        var volume = new Placed<VolumeSpec>(NewId(), NewId(), new VolumeSpec { Name = "con</name>\"'&;$(reboot)../tract", SizeBytes = bytes });
        change?.Invoke(volume.Spec);
        if (volume.Spec.Pool.Length == 0 || host.Capabilities.Pools.Any(pool => pool.Id == volume.Spec.Pool))
            _undo.Add(() => Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, CancellationToken.None));
        await Ensure(volume);
        return volume;
    }

    /// <param name="change">Changes the spec of one that is isolated and has no addresses.</param>
    /// <param name="id">Where another host has it already.</param>
    public async Task<Placed<NetworkSpec>> Network(Action<NetworkSpec>? change = null, string? id = null)
    {
        var spec = new NetworkSpec { Name = "con</name>\"'&;$(reboot)../tract", Active = true, Mode = NetworkSpec.Types.Mode.Isolated };
        change?.Invoke(spec);
        var network = new Placed<NetworkSpec>(id ?? NewId(), NewId(), spec);
        _undo.Add(() => Driver.RemoveNetwork(network.Id, network.Incarnation, CancellationToken.None));
        await Ensure(network);
        return network;
    }

    /// <summary>Ensures the object with the next generation.</summary>
    public Task<ObservedMachine> Ensure(Placed<MachineSpec> machine, Action<MachineSpec>? change = null)
    {
        change?.Invoke(machine.Spec);
        return Driver.EnsureMachine(machine.Id, machine.Incarnation, ++machine.Generation, machine.Spec.Clone(), CancellationToken.None);
    }

    public Task<ObservedVolume> Ensure(Placed<VolumeSpec> volume, Action<VolumeSpec>? change = null)
    {
        change?.Invoke(volume.Spec);
        return Driver.EnsureVolume(volume.Id, volume.Incarnation, ++volume.Generation, volume.Spec.Clone(), CancellationToken.None);
    }

    public Task<ObservedNetwork> Ensure(Placed<NetworkSpec> network, Action<NetworkSpec>? change = null)
    {
        change?.Invoke(network.Spec);
        return Driver.EnsureNetwork(network.Id, network.Incarnation, ++network.Generation, network.Spec.Clone(), CancellationToken.None);
    }

    public static Disk Disk(Placed<VolumeSpec> volume) => new() { LinkId = NewId(), VolumeId = volume.Id };

    public static Nic Nic(Placed<NetworkSpec> network, string mac, string address = "") =>
        new() { LinkId = NewId(), NetworkId = network.Id, Mac = mac, Address = address };

    public async Task<ObservedMachine?> See(Placed<MachineSpec> machine) =>
        (await Driver.Inspect(CancellationToken.None)).Machines.SingleOrDefault(seen => seen.Id == machine.Id);

    public Task<string> Console(Placed<MachineSpec> machine) => Console(Driver, machine.Id);

    private static async Task<string> Console(IHypervisorDriver driver, string machine) =>
        Encoding.UTF8.GetString((await driver.ReadConsole(machine, 0, ConsoleBytes, CancellationToken.None)).Data.Span);

    public Task WaitForConsole(Placed<MachineSpec> machine, string text, int times = 1) => WaitForConsole(Driver, machine.Id, text, times);

    public static Task WaitForConsole(IHypervisorDriver driver, string machine, string text, int times = 1) => Until(
        async () => Count(await Console(driver, machine), text) >= times,
        async () => $"'{text}' {times} time(s) on the console of {machine}, which says:\n{await Console(driver, machine)}");

    public Task WaitForPower(Placed<MachineSpec> machine, Power power) => Until(
        async () => (await See(machine))?.Power == power,
        async () => $"machine {machine.Id} to be {power}, and it is {(await See(machine))?.Power}");

    public static async Task Until(Func<Task<bool>> reached, Func<Task<string>> wanted)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            if (Stopwatch.GetElapsedTime(since) > Patience)
                Assert.Fail($"Waited {Patience} for {await wanted()}");
            await Task.Delay(50);
        }
    }

    public static int Count(string text, string part) => text.Split(part).Length - 1;

    public static async Task<DriverException> Refused(string code, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<DriverException>(call);
        Assert.Equal(code, refused.Code);
        return refused;
    }

    public async ValueTask DisposeAsync()
    {
        // Machines before what they use: the last made goes first.
        _undo.Reverse();
        var machinesFirst = _undo.ToList();
        for (var round = 0; round < 2; round++)
        {
            foreach (var undo in machinesFirst.ToList())
            {
                try
                {
                    await undo();
                    machinesFirst.Remove(undo);
                }
                catch (DriverException) when (round == 0)
                {
                    // In use by a machine that goes later.
                }
            }
        }
    }
}

/// <summary>An object as the control plane knows it.</summary>
public sealed class Placed<TSpec>(string id, string incarnation, TSpec spec) where TSpec : IMessage<TSpec>
{
    public string Id { get; } = id;
    public string Incarnation { get; } = incarnation;
    public ulong Generation { get; set; }
    public TSpec Spec { get; } = spec;
}
