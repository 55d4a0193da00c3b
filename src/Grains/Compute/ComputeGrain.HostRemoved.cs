using Controller.Contracts;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Compute;

// Its host was removed for good: the machine and its disk are lost, and it says so until somebody deletes it.
internal sealed partial class ComputeGrain
{
    private const string Lost = "The host that it was on was removed, and its disk with it: it can only be deleted.";

    /// <summary>Whether it is nowhere, and has nothing to be started from.</summary>
    private static bool IsLost(ComputeRecord record) => record is { Phase: ComputePhase.Failed, Host: null };

    public async Task HostRemoved(Guid host, string name)
    {
        if (_record.Value is { Migration: { UnderWay: true } migration } && (migration.Source.Host == host || migration.Target.Host == host))
        {
            // Its source can no longer have it: what stands whole on the target is the only one that there is.
            if (migration.Phase == MigrationPhase.Moving && migration.Source.Host == host && MigrationRule.TargetSeen(migration.Target) is EndSeen.Still or EndSeen.Running)
                await SwitchOver();
            else
                await EndMigration(MigrationPhase.Failed, $"Host {name} was removed.");
        }
        await ForgetLeft(host);
        if (_record.Value is not { } present)
            return;
        if (present.Recovery is { State: RecoveryState.Placing } recovery && recovery.From == host && present.Phase != ComputePhase.Deleting)
        {
            // Given up as lost before: it goes on elsewhere, and of what it had here only the claim is left.
            await _record.Write(present with { Recovery = recovery with { IsRemoved = true } });
            await _claims.ReleaseIncarnation(Id, recovery.Lost);
            return;
        }
        if (IsLost(present))
        {
            await _claims.ReleaseIncarnation(Id, present.Incarnation);   // told before, by somebody who died before this
            return;
        }
        if (present.Host != host)
            return;
        if (present.Phase == ComputePhase.Deleting)
        {
            await Release();
            return;
        }
        var next = present with
        {
            Phase = ComputePhase.Failed,
            Power = Power.Off,
            Host = null,
            Operation = null,
            Save = null,
            RestartPending = false,
            Generation = present.Generation + 1,
            Recovery = null,
            Message = $"Its host {name} ({host}) was removed, and the machine and its disk with it: it can only be deleted.",
        };
        await EndSave(present, next, ComputeTrigger.Overdue);
        await _record.Write(next);
        await _claims.ReleaseIncarnation(Id, present.Incarnation);   // its addresses stay its links': a host that was given up may come back all the same
        foreach (var link in present.Links)
            await _links.Of(link).Observed(new(link.Id, false, "", null), machineActive: false);
        await ReleaseLeaving(next, long.MaxValue);
        LogLost(Id, host, name);
    }

    /// <summary>What it left there when it moved away went with the host.</summary>
    private async Task ForgetLeft(Guid host)
    {
        if (_record.Value is not { } present || present.Left.All(l => l.Host != host))
            return;
        foreach (var left in present.Left.Where(l => l.Host == host))
            await _claims.ReleaseIncarnation(Id, left.Incarnation);
        await _record.Write(present with
        {
            Left = [.. present.Left.Where(l => l.Host != host)],
            Recovery = present.Recovery is { State: not RecoveryState.Placing } old && old.From == host ? null : present.Recovery,
        });
        if (_record.Value is { Phase: ComputePhase.Deleting, Host: null, Left.Length: 0 })
            await Release();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Compute {Compute} is lost: its host {Host} ({Name}) was removed")]
    private partial void LogLost(Guid compute, Guid host, string name);
}
