using System.Text.Json;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>
/// All machines' NICs under guard. A file for each machine tells which ones, so that they can be put back after whatever took the host's rules
/// away: a restart of the nftables service, say.
/// </summary>
internal sealed class NicGuards(LibvirtOptions options, Folders folders, HostFirewall firewall, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _turn = new(1);
    private long _checked;

    public async Task Start(CancellationToken cancel)
    {
        if (!HostNetwork.Has("nft"))
            return;   // told by the first machine that needs it
        await firewall.Ensure(cancel);
        await PutBack(cancel);
        _checked = time.GetTimestamp();
    }

    /// <summary>Looks now and then whether the rules are there.</summary>
    public async Task Check(CancellationToken cancel)
    {
        if (!HostNetwork.Has("nft") || time.GetElapsedTime(_checked) < CheckEvery || !await _turn.WaitAsync(0, cancel))
            return;
        try
        {
            _checked = time.GetTimestamp();
            if (await firewall.IsThere(cancel))
                return;
            await firewall.Ensure(cancel);
            await PutBack(cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Before a machine starts or gets a NIC. What guards it has for others stays until <see cref="Keep"/>.</summary>
    public async Task Ensure(ObjectKey machine, IEnumerable<Nic> nics, CancellationToken cancel)
    {
        if (!options.AntiSpoofing)
            return;
        List<NicGuard> wanted = [.. nics.Select(NicGuard.Of)];
        var file = folders.Guards(machine);
        Write(file, [.. wanted, .. Read(file).Where(known => wanted.All(guard => guard.Device != known.Device))]);
        await firewall.Guard(wanted, cancel);
    }

    /// <summary>Once the machine has these NICs and no other.</summary>
    public async Task Keep(ObjectKey machine, IEnumerable<Nic> nics, CancellationToken cancel)
    {
        if (!options.AntiSpoofing)
            return;
        var file = folders.Guards(machine);
        var taps = nics.Select(nic => NicGuard.TapOf(nic.LinkId)).ToHashSet();
        var known = Read(file);
        await firewall.Unguard(known.Select(guard => guard.Device).Where(device => !taps.Contains(device)), cancel);
        if (known.RemoveAll(guard => !taps.Contains(guard.Device)) > 0 || taps.Count == 0)
            Write(file, known);
    }

    public void Dispose() => _turn.Dispose();

    private Task PutBack(CancellationToken cancel) => firewall.Guard(folders.AllGuards().SelectMany(Read), cancel);

    private static List<NicGuard> Read(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize<List<NicGuard>>(File.ReadAllBytes(file)) ?? [] : [];

    private static void Write(string file, List<NicGuard> guards)
    {
        if (guards.Count == 0)
            File.Delete(file);
        else
            AtomicFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(guards));
    }
}
