using Controller.Agent.Drivers;
using Controller.Agent.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Controller.Agent.Tests.Drivers;

public sealed class DriverChoiceTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Auto_takes_the_simulated_driver_where_libvirt_does_not_answer_and_says_why()
    {
        var active = await Start(TimeSpan.FromSeconds(30));

        Assert.Equal("simulated", active.Capabilities.Driver);
        Assert.Contains(_scratch.Path, active.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auto_keeps_to_libvirt_once_it_had_it()
    {
        await File.WriteAllTextAsync(Path.Combine(_scratch.Path, "driver"), "libvirt\n");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Start(TimeSpan.FromSeconds(3)));
        Assert.Equal("libvirt\n", await File.ReadAllTextAsync(Path.Combine(_scratch.Path, "driver")));
    }

    [Fact]
    public async Task Auto_keeps_to_the_simulated_driver_once_it_had_it()
    {
        await File.WriteAllTextAsync(Path.Combine(_scratch.Path, "driver"), "simulated\n");

        Assert.Equal("simulated: as before", (await Start(TimeSpan.FromSeconds(30))).Why);
    }

    private async Task<ActiveDriver> Start(TimeSpan within)
    {
        var host = TestAgent.Build(_scratch.Path, null,
        [
            ("Agent:Driver", "Auto"), ("Libvirt:Uri", $"qemu+unix:///system?socket={_scratch.Path}/nobody"),
            ("Libvirt:Directory", Path.Combine(_scratch.Path, "libvirt")), ("Libvirt:ConnectTimeout", "00:00:01"),
        ]);
        await using var disposing = (IAsyncDisposable)host;
        using var patience = new CancellationTokenSource(within);
        var active = host.Services.GetRequiredService<ActiveDriver>();
        await host.Services.GetRequiredService<DriverFactory>().Start(active, patience.Token);
        return active;
    }
}
