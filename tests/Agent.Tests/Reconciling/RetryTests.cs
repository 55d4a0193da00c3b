using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Observing;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;
using Controller.Agent.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Controller.Agent.Tests.Reconciling;

/// <summary>The reconciler alone, on a clock of our own.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private readonly ScratchDirectory _scratch = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private IHost _host = null!;
    private Task _running = null!;

    private Reconciler Reconciler => _host.Services.GetRequiredService<Reconciler>();

    private SimulatedFaults Faults => _host.Services.GetRequiredService<SimulatedFaults>();

    public async Task InitializeAsync()
    {
        _host = TestAgent.Build(_scratch.Path, null, [], services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(_time)));
        await _host.Services.GetRequiredService<DriverFactory>().Start(_host.Services.GetRequiredService<ActiveDriver>(), CancellationToken.None);
        _running = Reconciler.Run(_stop.Token);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await ((IAsyncDisposable)_host).DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Waits_longer_after_each_failure()
    {
        Faults.Fail("EnsureVolume", 4, "no-space");
        var volume = Want.Volume();
        var began = _time.GetTimestamp();

        Accept(volume);
        await Eventually.That(() => Seen(volume) is { IsPresent: true }, "the volume", () => _time.Advance(TimeSpan.FromMilliseconds(20)));

        // Waits of at least half of 0.5, 1, 2 and 4 s, at most the whole, and a little for our steps.
        Assert.InRange(_time.GetElapsedTime(began).TotalSeconds, 3.75, 9);
    }

    [Theory]
    [InlineData("Inspect")]
    [InlineData("EnsureVolume")]
    public async Task A_bug_ends_no_entity(string operation)
    {
        Faults.Break(operation, new IOException("nobody expects this"));
        var volume = Want.Volume();

        Accept(volume);
        await Eventually.That(() => Seen(volume) is { IsPresent: true }, "the volume", () => _time.Advance(TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task A_new_generation_is_tried_at_once()
    {
        Faults.Fail("EnsureVolume", 8, "no-space");
        var volume = Want.Volume();
        Accept(volume);
        await Eventually.That(() => !IsLeft("EnsureVolume"), "eight failures", () => _time.Advance(TimeSpan.FromSeconds(1)));
        Faults.Fail("EnsureVolume", 1, "no-space"); // consumed by the next of the long waits, unless the new generation comes first
        var newer = volume.Clone();
        newer.Generation = 2;
        var began = _time.GetTimestamp();

        Accept(newer);
        await Eventually.That(() => Seen(volume) is { IsPresent: true, Generation: 2 }, "the new generation", () => _time.Advance(TimeSpan.FromMilliseconds(20)));

        Assert.InRange(_time.GetElapsedTime(began).TotalSeconds, 0.25, 2);
    }

    [Fact]
    public async Task What_cannot_help_is_not_tried_again()
    {
        Faults.Fail("EnsureVolume", 1, "invalid", retryable: false);
        var volume = Want.Volume();

        Accept(volume);
        await Eventually.That(() => Seen(volume) is { Failure.Code: "invalid" }, "the failure");
        Faults.Slow("Inspect", TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromMinutes(10));
        var marker = Want.Volume();
        Accept(marker);
        await Eventually.That(() => Seen(marker) is { IsPresent: true }, "another volume", () => _time.Advance(TimeSpan.FromSeconds(1)));

        Assert.False(Seen(volume)!.IsPresent);
    }

    [Fact]
    public async Task A_machine_that_leaves_is_guarded_as_is_wanted_and_otherwise_left_alone()
    {
        var machine = Want.Machine();
        Accept(machine);
        await Eventually.That(() => Seen(machine) is { Generation: 1, Machine.Power: Power.Running }, "the machine", () => _time.Advance(TimeSpan.FromMilliseconds(20)));

        Faults.Fail("GuardMachine", 1, "no-nft");
        Faults.Fail("EnsureMachine", 1, "nobody-asked");
        var leaving = machine.Clone();
        (leaving.Generation, leaving.Machine.Outgoing) = (2, new Outgoing { MigrationId = Guid.NewGuid().ToString() });
        Accept(leaving);
        await Eventually.That(() => Seen(machine) is { Failure.Code: "no-nft" }, "the failure");
        await Eventually.That(() => Seen(machine) is { Failure: null, Machine.Transfer: not null }, "the guards", () => _time.Advance(TimeSpan.FromMilliseconds(20)));
        Assert.Equal((1UL, true), (Seen(machine)!.Generation, IsLeft("EnsureMachine")));

        // Every generation is, and each once.
        Faults.Fail("GuardMachine", 1, "no-nft");
        Faults.Fail("GuardMachine", 1, "not-again");
        leaving.Generation = 3;
        Accept(leaving);
        await Eventually.That(() => Seen(machine) is { Failure.Code: "no-nft" }, "the failure");
        await Eventually.That(() => Seen(machine) is { Failure.Code: "not-again" }, "the other one", () => _time.Advance(TimeSpan.FromMilliseconds(20)));
        await Eventually.That(() => Seen(machine) is { Failure: null }, "the guards", () => _time.Advance(TimeSpan.FromMilliseconds(20)));
        Faults.Fail("GuardMachine", 1, "not-again");
        _time.Advance(TimeSpan.FromMinutes(1));
        var marker = Want.Volume();
        Accept(marker);
        await Eventually.That(() => Seen(marker) is { IsPresent: true }, "another object", () => _time.Advance(TimeSpan.FromSeconds(1)));
        Assert.True(IsLeft("GuardMachine"));
    }

    private void Accept(DesiredObject wanted) => Reconciler.Accept(new Desired { Objects = { wanted } }, default);

    private Sighting? Seen(DesiredObject wanted) => _host.Services.GetRequiredService<Observations>().Find(Controller.Agent.Ledger.ObjectKey.Of(wanted));

    private bool IsLeft(string operation) => Faults.IsLeft(operation);
}
