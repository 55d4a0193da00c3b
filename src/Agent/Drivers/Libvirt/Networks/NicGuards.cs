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

    /// <summary>
    /// Before a machine starts or gets a NIC, and when its rules change; its running NICs have them at once. What guards it has for others stays until <see cref="Keep"/>.
    /// </summary>
    public async Task Ensure(ObjectKey machine, IEnumerable<Nic> nics, CancellationToken cancel)
    {
        List<NicGuard> wanted = [.. nics.Select(NicGuard.Of)];
        await _turn.WaitAsync(cancel);
        try
        {
            var file = folders.Guards(machine);
            var known = Read(file);
            if (!options.AntiSpoofing && known.Count == 0 && wanted.All(guard => guard.Filter is null))
                return;
            Write(file, [.. wanted, .. known.Where(other => wanted.All(guard => guard.Device != other.Device))]);
            await firewall.Guard(wanted, cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Once the machine has these NICs and no other. Taps are named by link, and a machine that comes back to a host has the taps of its incarnation before, which may go only now:
    /// what another incarnation guards is not this one's to take away.
    /// </summary>
    public async Task Keep(ObjectKey machine, IEnumerable<Nic> nics, CancellationToken cancel)
    {
        var kept = nics.Select(nic => NicGuard.TapOf(nic.LinkId)).ToHashSet();
        await _turn.WaitAsync(cancel);
        try
        {
            var file = folders.Guards(machine);
            var known = Read(file);
            var gone = known.Where(guard => !kept.Contains(guard.Device)).Select(guard => guard.Device).ToList();
            if (gone.Count == 0)
                return;
            var others = folders.AllGuards().Where(other => other != file).SelectMany(Read).Select(guard => guard.Device).ToHashSet();
            await firewall.Unguard(gone.Where(device => !others.Contains(device)), cancel);
            known.RemoveAll(guard => !kept.Contains(guard.Device));
            Write(file, known);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>The latest last: of two incarnations of a machine, the one that came later.</summary>
    private Task PutBack(CancellationToken cancel) => firewall.Guard(folders.AllGuards().OrderBy(File.GetLastWriteTimeUtc).SelectMany(Read), cancel);

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
