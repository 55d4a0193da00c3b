using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Protocol;
using Controller.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Controller.Agent.Tests.Drivers;

/// <summary>A libvirtd of our own in namespaces of its own, and the demo guest. Both end with the tests, however those end.</summary>
public class LibvirtHost : IDriverHost, IAsyncLifetime
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"occi-test-{Guid.NewGuid():N}"[..20]);
    private LibvirtDriver? _driver;
    private LibvirtDriver? _neighbour;
    private Process? _libvirtd;
    private string _image = "";

    // The first host builds it for all.
    private static readonly Lazy<Task<string>> Demo = new(async () =>
    {
        var image = Path.Combine(MovingPool.Of("guest"), "demo.qcow2");
        // The packages that the guest is made of are kept, so only the first run needs a network.
        await Finish(Process.Start(Script(Path.Combine(Repository.Root, "deploy/guest/build.sh"), image, Path.Combine(Repository.Root, ".cache/guest")))!);
        return image;
    });

    public IHypervisorDriver Driver => _driver!;

    public Capabilities Capabilities { get; private set; } = new();

    public Image Image { get; private set; } = new();

    /// <inheritdoc cref="LibvirtDriver.Instance"/>
    public string Instance => _driver!.Instance;

    /// <summary>What it is plugged into, and its address there; null: nothing.</summary>
    internal (Fabric Fabric, string Underlay)? Port { get; init; }

    public string Uri => $"qemu+unix:///system?socket={_directory}/libvirt/run/libvirt-sock";

    /// <summary>The host's name; libvirt moves nothing between two of one name.</summary>
    protected virtual string Name => "contract";

    public string PoolDirectory => Shared ?? Path.Combine(_directory, "shared");

    /// <summary>The directory of its shared pool, where it has that in common with another host.</summary>
    protected virtual string? Shared => null;

    public Stream OpenImage() => File.OpenRead(_image);

    public async Task<Image> AgentImage()
    {
        var file = Path.Combine(_directory, "agent.qcow2");
        await Finish(Process.Start(Script(Path.Combine(Repository.Root, "deploy/guest/build.sh"), "--agent", file, Path.Combine(Repository.Root, ".cache/guest")))!);
        return await Import(file);
    }

    public async Task InitializeAsync()
    {
        if (LibvirtNeeds.WhyNot() is not null)
            return;
        try
        {
            await Begin();
        }
        catch
        {
            // Nobody disposes of a fixture that did not come to life.
            await DisposeAsync();
            throw;
        }
    }

    private async Task Begin()
    {
        Directory.CreateDirectory(_directory);
        _image = await Demo.Value;
        await StartLibvirtd();

        _driver = new LibvirtDriver(Options(), TimeProvider.System, NullLogger<LibvirtDriver>.Instance);
        Capabilities = await _driver.Start(default);
        Image = await Import(_image);
    }

    private async Task<Image> Import(string file)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        var image = new Image { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), Format = "qcow2", SizeBytes = (ulong)bytes.Length };
        await Driver.EnsureImage(image, new MemoryStream(bytes), default);
        return image;
    }

    public async Task DisposeAsync()
    {
        if (_neighbour is not null)
            await _neighbour.DisposeAsync();
        if (_driver is not null)
            await _driver.DisposeAsync();
        if (_libvirtd is not null)
        {
            _libvirtd.StandardInput.Close();
            await _libvirtd.WaitForExitAsync();
            _libvirtd.Dispose();
        }
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    internal virtual LibvirtOptions Options() => new()
    {
        Uri = Uri,
        Directory = Path.Combine(_directory, "pool"),
        NamespacePidFile = Path.Combine(_directory, "libvirt/run/init.pid"),
        UnderlayAddress = Port?.Underlay,
        SharedPools = { ["shared"] = Directory.CreateDirectory(PoolDirectory).FullName },
    };

    /// <summary>The same libvirtd serves it, with a directory of its own: the kernel's locks on files are the same as between hosts.</summary>
    public async Task<IHypervisorDriver> Neighbour()
    {
        if (_neighbour is null)
        {
            var options = Options();
            (options.Directory, options.Acceleration) = (Path.Combine(_directory, "neighbour"), Acceleration.Tcg);
            _neighbour = new LibvirtDriver(options, TimeProvider.System, NullLogger<LibvirtDriver>.Instance);
            await _neighbour.Start(default);
        }
        return _neighbour;
    }

    /// <summary>The guest's shell is on its serial console, whose pseudo-terminal takes input from outside too.</summary>
    public async Task PowerOffGuest(string machine)
    {
        var terminal = await Ask(connect => (string?)MachineView.Find(connect, machine)!.Running!.Element("devices")!.Element("serial")!.Element("source")!.Attribute("path"));
        await using var console = new FileStream(terminal!, FileMode.Open, FileAccess.Write);
        console.Write("\npoweroff -f\n"u8);
        await console.FlushAsync();
        // QEMU looks once a second whether anyone has the terminal open, and reads nothing while nobody has.
        await Bench.Until(
            () => Ask(connect => MachineView.Find(connect, machine) is not { Active: true }), () => Task.FromResult($"the guest of {machine} to power itself off"));
    }

    public Task<IReadOnlyList<string>> Traces(params string[] ids) => Ask<IReadOnlyList<string>>(connect =>
    [
        .. from path in Directory.EnumerateFileSystemEntries(_directory, "*", SearchOption.AllDirectories)
           where ids.Any(id => Path.GetFileName(path).Contains(id, StringComparison.Ordinal)) && !IsLibvirtsOwn(path)
           select path,
        .. Domains.All(connect).Where(domain => ids.Contains(domain.Id)).Select(domain => $"domain {domain.Name}"),
    ]);

    /// <summary>QEMU's log outlives its machine on purpose, and libvirt leaves empty folders and pid files of what ended in /run.</summary>
    private static bool IsLibvirtsOwn(string path) =>
        path.Contains("/libvirt/log/", StringComparison.Ordinal) || path.Contains("/libvirt/run/", StringComparison.Ordinal);

    /// <summary>libvirtd has asked the machine's QEMU something and waits for the answer.</summary>
    internal Task<bool> Waits(string machine) => Ask(connect =>
    {
        using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, machine));
        Checked.Ok(virDomainGetControlInfo(domain, out var info, 0));
        return info.State == ControlInfo.Occupied;
    });

    /// <summary>A connection of the test's own.</summary>
    internal Task<T> Ask<T>(Func<ConnectHandle, T> question) => Task.Run(() =>
    {
        using var connect = Checked.Ok(Native.virConnectOpen(Uri));
        return question(connect);
    });

    /// <summary>The libvirtd process; deploy/libvirtd/run.sh starts another one when it dies.</summary>
    internal HostProcess Libvirtd()
    {
        var mark = $"{_directory}/libvirt/etc/libvirtd.conf";
        return HostProcess.Find(arguments => arguments.Contains(mark) && arguments[0].EndsWith("libvirtd", StringComparison.Ordinal), $"libvirtd with {mark}");
    }

    private string[] Plug() => Port is { } port ? ["--fabric", port.Fabric.Directory, "--underlay", $"{port.Underlay}/24"] : [];

    private async Task StartLibvirtd()
    {
        var script = Script(Path.Combine(Repository.Root, "deploy/libvirtd/run.sh"), ["--until-eof", .. Plug(), Path.Combine(_directory, "libvirt"), Port is { } port ? "host-" + port.Underlay.Replace('.', '-') : Name]);
        script.RedirectStandardInput = true;
        script.RedirectStandardOutput = true;
        _libvirtd = Process.Start(script)!;
        var line = await _libvirtd.StandardOutput.ReadLineAsync().WaitAsync(Bench.Patience);
        Assert.StartsWith("ready ", line ?? await _libvirtd.StandardError.ReadToEndAsync());
    }

    [DllImport("libvirt.so.0")]
    private static extern int virDomainGetControlInfo(DomainHandle domain, out ControlInfo info, uint flags);

    private static ProcessStartInfo Script(string script, params string[] arguments) => new("bash", [script, .. arguments]) { RedirectStandardError = true };

    private static async Task Finish(Process process)
    {
        using (process)
        {
            var errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, errors);
        }
    }
}

/// <summary><c>virDomainControlInfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct ControlInfo
{
    public const uint Occupied = 2;
    public readonly uint State;
    public readonly uint Details;
    public readonly ulong StateTime;
}

/// <summary>Its driver does not find out first whether KVM is good for anything, which keeps a processor busy for eight seconds where it is not.</summary>
public class TcgLibvirtHost : LibvirtHost
{
    internal override LibvirtOptions Options()
    {
        var options = base.Options();
        options.Acceleration = Acceleration.Tcg;
        return options;
    }
}

/// <summary>Its driver soon gives up what is not answered.</summary>
public sealed class ImpatientLibvirtHost : LibvirtHost
{
    internal override LibvirtOptions Options()
    {
        var options = base.Options();
        (options.Acceleration, options.CallTimeout, options.JobTimeout) = (Acceleration.Tcg, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(90));
        return options;
    }
}
