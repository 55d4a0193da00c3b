using System.Security.Cryptography;
using System.Text;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Drivers;

/// <summary>The contract, guests included, on the simulated driver.</summary>
public sealed class SimulatedContract(SimulatedTestHost host) : HardwareContract(host), IClassFixture<SimulatedTestHost>
{
    [Fact]
    public async Task A_guest_without_a_power_button_is_pulled_off_after_its_grace_and_not_before()
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        host.Faults.IgnoreAcpi = true;
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            var stopped = await bench.Ensure(machine, spec => (spec.Power, spec.Stop, spec.StopGraceSeconds) = (Power.Off, StopMethod.StopGraceful, 1));
            Assert.Equal(Power.Off, stopped.Power);
            Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromSeconds(0.9));
        }
        finally
        {
            host.Faults.IgnoreAcpi = false;
        }
    }

    [Fact]
    public async Task A_full_pool_takes_no_volume()
    {
        await using var bench = new Bench(host);
        await Bench.Refused("no-space", () => bench.Volume(1UL << 60));
    }

    [Fact]
    public async Task A_file_dials_faults()
    {
        using var scratch = new ScratchDirectory();
        await File.WriteAllTextAsync(Path.Combine(scratch.Path, "faults.json"), """{ "unhealthy": "by file", "fail": [ { "operation": "HasImage", "code": "x", "times": 1 } ] }""");
        await using var driver = new SimulatedDriver(new SimulatedOptions { Directory = scratch.Path }, TimeProvider.System);
        await Record.ExceptionAsync(() => driver.Start(default)); // it may find the file before it is started

        await Eventually.That(() => driver.Health is { Healthy: false, Why: "by file" }, "the file's fault");
        await File.WriteAllTextAsync(Path.Combine(scratch.Path, "faults.json"), """{ "fail": [ { "operation": "HasImage", "code": "x", "times": 1 } ] }""");
        await Eventually.That(() => driver.Health.Healthy, "the fault's end");

        await Bench.Refused("x", () => driver.HasImage(host.Image, default));
        Assert.False(await driver.HasImage(host.Image, default));
    }
}

public class SimulatedTestHost : IDriverHost, IAsyncLifetime
{
    private readonly ScratchDirectory _scratch = new();
    private readonly ScratchDirectory _pool = new();
    private static readonly byte[] _image = RandomNumberGenerator.GetBytes(10_000);   // one for all: what moves between hosts finds its image there
    private SimulatedDriver? _driver;
    private SimulatedDriver? _neighbour;

    internal SimulatedFaults Faults { get; } = new();

    public IHypervisorDriver Driver => _driver!;

    public Capabilities Capabilities { get; private set; } = new();

    public Image Image { get; private set; } = new();

    public string PoolDirectory => _pool.Path;

    /// <summary>The directory of its shared pool, where it has that in common with another host.</summary>
    protected virtual string? Shared => null;

    public Stream OpenImage() => new MemoryStream(_image);

    public Task PowerOffGuest(string machine)
    {
        Faults.PowerOffGuest(machine);
        return Task.CompletedTask;
    }

    public async Task<IHypervisorDriver> Neighbour()
    {
        if (_neighbour is null)
        {
            _neighbour = new SimulatedDriver(Options(""), TimeProvider.System);
            await _neighbour.Start(default);
        }
        return _neighbour;
    }

    public async Task<IReadOnlyList<string>> Traces(params string[] ids)
    {
        var kept = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(_scratch.Path, "host")));
        return [.. ids.Where(id => kept.Contains(id, StringComparison.Ordinal)), .. Directory.GetFiles(_pool.Path).Where(path => ids.Any(id => path.Contains(id, StringComparison.Ordinal)))];
    }

    private SimulatedOptions Options(string directory)
    {
        var options = new SimulatedOptions { Directory = directory };
        options.SharedPools["shared"] = Shared ?? _pool.Path;
        return options;
    }

    public async Task InitializeAsync()
    {
        _driver = new SimulatedDriver(Options(_scratch.Path), TimeProvider.System, Faults);
        Capabilities = await _driver.Start(default);
        Image = new Image { Sha256 = Convert.ToHexStringLower(SHA256.HashData(_image)), Format = "raw", SizeBytes = (ulong)_image.Length };
        await _driver.EnsureImage(Image, OpenImage(), default);
    }

    public async Task DisposeAsync()
    {
        await _driver!.DisposeAsync();
        if (_neighbour is not null) await _neighbour.DisposeAsync();
        _scratch.Dispose();
        _pool.Dispose();
    }
}
