using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Drivers.Libvirt.Networks;
using Controller.Testing;

namespace Controller.Agent.Tests.Drivers;

/// <summary>Two hosts on a fabric: each has an address of the underlay and a port to the outside world.</summary>
public sealed class LibvirtPair : IAsyncLifetime
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"occi-fabric-{Guid.NewGuid():N}"[..20]);
    private Fabric? _fabric;

    public JoinedHost One { get; private set; } = null!;

    public JoinedHost Other { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (LibvirtNeeds.WhyNot() is not null)
            return;
        _fabric = await Fabric.Start(_directory);
        (One, Other) = (new() { Port = (_fabric, "10.77.0.1") }, new() { Port = (_fabric, "10.77.0.2") });
        // One by one: the first probes QEMU, which is work for all cores.
        await One.InitializeAsync();
        await Other.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        if (_fabric is null)
            return;
        foreach (var host in (JoinedHost?[])[One, Other])
        {
            if (host is not null)
                await host.DisposeAsync();
        }
        await _fabric.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

/// <summary>One of the two.</summary>
public sealed class JoinedHost : LibvirtHost
{
    /// <summary>Where the Open vSwitch of the test that needs one is.</summary>
    internal string Switch { get; } = Path.Combine(Path.GetTempPath(), $"occi-ovs-{Guid.NewGuid():N}"[..17]);

    public string Underlay => Port!.Value.Underlay;

    internal HostNetwork Network => new(Options());

    internal override LibvirtOptions Options()
    {
        var options = base.Options();
        options.Acceleration = Acceleration.Tcg;
        options.PhysicalNetworks["public"] = "external0";
        options.PhysicalNetworks["switched"] = TestSwitch.Bridge;
        options.OpenVSwitch = TestSwitch.Database(Switch);
        return options;
    }
}
