using Controller.Agent.Ledger;
using Controller.Agent.Reconciling;

namespace Controller.Agent.Leases;

/// <summary>
/// The host's lease: machines that are leased may run while it lasts. It is measured from when a renewal was <em>sent</em>, so it ends here before the control plane believes
/// that it has; and when it has ended, that is in the ledger before anything that comes later can make it good again.
/// </summary>
internal sealed class Lease
{
    private readonly Lock _lock = new();
    private readonly HostLedger _ledger;
    private readonly EpochFence _fence;
    private readonly TimeProvider _clock;
    private readonly LeaseFile _file;
    private readonly HostLife _life;
    private readonly Dictionary<ulong, long> _sent = [];
    private long _until;
    private ulong _epoch;
    private ulong _number;
    private bool _isOver;
    private ulong _ranOutIn;

    /// <param name="ledger">Which machines are leased.</param>
    /// <param name="fence">Which session is the present one.</param>
    /// <param name="life">The host's kernel's: a lease of another life is over.</param>
    /// <param name="file">What the guard knows.</param>
    /// <param name="clock">One that goes on while the host sleeps.</param>
    public Lease(HostLedger ledger, EpochFence fence, HostLife life, LeaseFile file, TimeProvider clock)
    {
        (_ledger, _fence, _life, _file, _clock) = (ledger, fence, life, file, clock);
        if (file.Read() is { } last && last.BootId == life.BootId)
            _until = last.Until;
    }

    /// <summary>Set when a lease ran out, or was renewed.</summary>
    public Signal Changed { get; } = new();

    public bool IsValid
    {
        get { lock (_lock) return Look(); }
    }

    /// <summary>Whether machines wait for a session after that one.</summary>
    public bool RanOutIn(ulong epoch)
    {
        lock (_lock) return _ranOutIn >= epoch;
    }

    /// <summary>How long it lasts from now on; nothing when it is over.</summary>
    public TimeSpan Left
    {
        get { lock (_lock) return Look() ? TimeSpan.FromSeconds((_until - _clock.GetTimestamp()) / (double)_clock.TimestampFrequency) : TimeSpan.Zero; }
    }

    /// <summary>A renewal is about to be sent: its number.</summary>
    public ulong Sending(ulong epoch)
    {
        lock (_lock)
        {
            if (epoch != _epoch)
            {
                _sent.Clear();
                (_epoch, _number) = (epoch, 0);
            }
            _sent[++_number] = _clock.GetTimestamp();
            return _number;
        }
    }

    /// <summary>The control plane has answered a renewal.</summary>
    public void Granted(ulong epoch, ulong number, TimeSpan lease)
    {
        lock (_lock)
        {
            if (epoch != _epoch || !_sent.Remove(number, out var sent)) return;
            foreach (var older in _sent.Keys.Where(other => other < number).ToList()) _sent.Remove(older);
            Look();   // what ran out before this came has run out
            var until = sent + (long)(lease.TotalSeconds * _clock.TimestampFrequency);
            if (until <= _clock.GetTimestamp() || until <= _until) return;
            (_until, _isOver) = (until, false);
            TryTell();
        }
        Changed.Set();
    }

    /// <summary>A leased machine is about to run: the guard knows of it first.</summary>
    public void Cover()
    {
        lock (_lock) Tell();
    }

    /// <summary>Machines that must not run when the lease is over.</summary>
    public IReadOnlyList<ObjectKey> Machines => [.. _ledger.All.Where(IsLeased).Select(entry => ObjectKey.Of(entry.Desired))];

    private static bool IsLeased(LedgerObject entry) => entry is { Removed: false, Desired.Machine.Leased: true };

    private bool Look()
    {
        if (_until > _clock.GetTimestamp()) return true;
        if (_isOver) return false;
        var machines = Machines;
        foreach (var key in machines) _ledger.Fence(key, _fence.Highest);
        (_isOver, _ranOutIn) = (true, machines.Count > 0 ? _fence.Highest : _ranOutIn);
        TryTell();
        Changed.Set();
        return false;
    }

    // A guard that does not hear of it goes by what it knew, which ends earlier; the next renewal tells it again.
    private void TryTell()
    {
        try
        {
            Tell();
        }
        catch (IOException)
        {
        }
    }

    private void Tell() => _file.Write(new(_life.BootId, _until, Machines));
}
