using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// What the QEMU guest agents say, and do. An agent is a process in a guest, which may answer late, never, or lies: nothing waits for it that could not go on without, and not for
/// longer than <see cref="Patience"/>.
/// </summary>
internal sealed class GuestAgents(Link link, TimeProvider time) : IAsyncDisposable
{
    public const string Channel = "org.qemu.guest_agent.0";

    private const uint FromAgent = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>A guest's programs wait while its file systems are frozen: no longer than this, whatever it is frozen for.</summary>
    private static readonly TimeSpan LongestFreeze = TimeSpan.FromSeconds(10);

    private const int ThawAttempts = 3;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, IReadOnlyList<GuestAddress>> _known = new();

    /// <summary>Adds what is known of the guest to what is seen of its machine. What it says of itself is asked for in the background; news is a change of the machine.</summary>
    public ObservedMachine Observe(MachineView machine)
    {
        var observed = machine.Observe();
        if (!machine.AgentConnected)
            return observed;
        if (_known.TryAdd(machine.Id, []))
            _ = Follow(machine.Id);
        foreach (var address in _known.GetValueOrDefault(machine.Id) ?? [])
        {
            if (Devices.Of(machine.Running!).FirstOrDefault(device => device.Kind == "interface" && device.Mac == address.Mac) is { } nic)
                observed.Addresses.Add(new ObservedAddress { LinkId = nic.Link, Address = address.Address, PrefixLength = address.PrefixLength });
        }
        return observed;
    }

    /// <summary>
    /// Does something while the guest's file systems are at rest, where its agent can see to that: what is copied of its disks at that moment is whole. They are always let go
    /// again. Without an agent it is done all the same.
    /// </summary>
    public async Task<T> Quiesced<T>(string id, Func<Task<T>> moment, CancellationToken cancel)
    {
        if (!await Freeze(id, cancel))
            return await moment();
        var doing = moment();
        try
        {
            await ((Task)doing).WaitAsync(LongestFreeze, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await Thaw(id);
        }
        return await doing;
    }

    /// <summary>Lets go what a process of before had frozen.</summary>
    public async Task ThawAll(CancellationToken cancel)
    {
        foreach (var machine in (await link.Call(Domains.All, cancel)).Where(machine => machine is { Label: not null, AgentConnected: true }))
            _ = Thaw(machine.Id);
    }

    /// <summary>A call that may ask the agent, and waits for its answer no longer than we want to.</summary>
    public static int Bounded(DomainHandle domain, Func<int> call)
    {
        _ = Native.virDomainAgentSetResponseTimeout(domain, (int)Patience.TotalSeconds, 0);
        return call();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
    }

    private async Task Follow(string id)
    {
        try
        {
            for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                var now = await Ask(id);
                if (!now.SequenceEqual(_known[id]))
                {
                    _known[id] = now;
                    pause = FirstPause;
                    link.Hint(id);
                }
                await Task.Delay(pause, time, _stop.Token);
                if (await link.Call(connect => MachineView.Find(connect, id), _stop.Token) is not { AgentConnected: true })
                    return;
            }
        }
        catch (Exception away) when (away is OperationCanceledException or DriverException or LibvirtException or ObjectDisposedException)
        {
            // The next look at the machine begins anew.
        }
        finally
        {
            _known.TryRemove(id, out _);
        }
    }

    private async Task<IReadOnlyList<GuestAddress>> Ask(string id)
    {
        try
        {
            return await link.On(id, nameof(Native.virDomainInterfaceAddresses), Addresses, _stop.Token);
        }
        catch (LibvirtException silent) when (!silent.ConnectionLost)
        {
            return [];
        }
    }

    private static unsafe IReadOnlyList<GuestAddress> Addresses(DomainHandle domain)
    {
        VirDomainInterface** nics = null;
        var count = Bounded(domain, () =>
        {
            var found = Native.virDomainInterfaceAddresses(domain, out var list, FromAgent, 0);
            nics = list;
            return Checked.Ok(found);
        });
        var addresses = new List<GuestAddress>();
        for (var i = 0; i < count; i++)
        {
            var mac = Marshal.PtrToStringUTF8((nint)nics[i]->HardwareAddress)?.ToLowerInvariant() ?? "";
            for (var j = 0; j < nics[i]->AddressCount; j++)
                addresses.Add(new(mac, Marshal.PtrToStringUTF8((nint)nics[i]->Addresses[j].Address) ?? "", nics[i]->Addresses[j].Prefix));
            Native.virDomainInterfaceFree(nics[i]);
        }
        NativeMemory.Free(nics);
        return addresses;
    }

    /// <summary>False: nothing is frozen, and nothing will be.</summary>
    private async Task<bool> Freeze(string id, CancellationToken cancel)
    {
        if (await link.Call(connect => MachineView.Find(connect, id), cancel, id) is not { AgentConnected: true })
            return false;
        try
        {
            await link.On(id, nameof(Native.virDomainFSFreeze), domain => Bounded(domain, () => Checked.Ok(Native.virDomainFSFreeze(domain, 0, 0, 0))), cancel);
            return true;
        }
        catch (Exception failed) when (failed is LibvirtException or DriverException or OperationCanceledException)
        {
            await Thaw(id);   // it may do late what it was asked for
            cancel.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Not to be cancelled, and tried again: a guest that stays frozen is a guest that hangs.</summary>
    private async Task Thaw(string id)
    {
        for (var attempt = 0; attempt < ThawAttempts; attempt++)
        {
            if (await Thawed(id))
                return;
        }
    }

    private async Task<bool> Thawed(string id)
    {
        try
        {
            await link.On(id, nameof(Native.virDomainFSThaw), domain => Bounded(domain, () => Checked.Ok(Native.virDomainFSThaw(domain, 0, 0, 0))), CancellationToken.None);
            return true;
        }
        catch (Exception failed) when (failed is LibvirtException or DriverException)
        {
            // Without a guest or an agent there is nothing to let go. What is left frozen, our next start lets go.
            return failed is LibvirtException { Code: LibvirtError.OperationInvalid or LibvirtError.NoDomain };
        }
    }
}

/// <summary>What a guest says of one of its NICs.</summary>
internal readonly record struct GuestAddress(string Mac, string Address, uint PrefixLength);
