using Controller.Contracts;
using Controller.Grains.Restoring;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Hosts;

// After the database was restored to an earlier state the host says what it has before it is told what is wanted. What is on it and nobody knows of is listed, described and left alone.
internal sealed partial class HostGrain
{
    private static readonly TimeSpan DescribedWithin = TimeSpan.FromSeconds(5);

    private readonly Restoration _restoration;
    private readonly Dictionary<Guid, TaskCompletionSource<MachineDescription?>> _describing = [];

    private ObservedReport? _toCompare;

    /// <summary>Whether it has said what it has since the last restore.</summary>
    private bool IsCompared => _record.Value?.Era == _restoration.Era;

    public async Task<MachineDescription?> Describe(Guid machine, Guid incarnation)
    {
        if (_stream is not { } stream)
            return null;
        var (request, answer) = (Guid.NewGuid(), new TaskCompletionSource<MachineDescription?>(TaskCreationOptions.RunContinuationsAsynchronously));
        _describing[request] = answer;
        try
        {
            await stream.SendDescribe(request, machine, incarnation);
            return await answer.Task.WaitAsync(DescribedWithin, _time);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _describing.Remove(request);
        }
    }

    public Task Described(Guid request, MachineDescription? described)
    {
        if (_describing.TryGetValue(request, out var answer))
            answer.TrySetResult(described);
        return Task.CompletedTask;
    }

    public async Task Adopted(Guid machine, Guid incarnation)
    {
        if (_record.Value is { } present && present.Unmanaged.Any(u => u.Incarnation == incarnation))
            await _record.Write(present with { Unmanaged = [.. present.Unmanaged.Where(u => u.Incarnation != incarnation)] });
    }

    private async Task TakeComplete(ObservedReport report)
    {
        _toCompare = IsCompared ? null : report;
        await Compare();
        if (!IsCompared)
            LookSoon();
        UnmanagedMachine[] unmanaged = [.. report.Unmanaged, .. await Unknown(report)];
        if (!unmanaged.SequenceEqual(_record.Value!.Unmanaged))
            await _record.Write(_record.Value with { Unmanaged = unmanaged });
    }

    /// <summary>Tells whatever is placed here what the host has of it. What fails is repeated: until all have heard it nothing is wanted of the host.</summary>
    private async Task Compare()
    {
        if (_toCompare is not { } report || IsCompared)
            return;
        try
        {
            var machines = report.Machines.Where(m => m.Power != Power.Absent).ToDictionary(m => (m.Id, m.Incarnation));
            var volumes = report.Volumes.Where(v => v.Present).ToDictionary(v => (v.Id, v.Incarnation));
            foreach (var placed in await _claims.OnHost(Id))
            {
                var key = (placed.Consumer, placed.Incarnation);
                if (placed.Term == "compute")
                    await Entity<IComputeGrain>("compute", placed.Consumer).Compared(Id, placed.Incarnation, machines.GetValueOrDefault(key));
                else if (placed.Term == "storage")
                    await Entity<IStorageGrain>("storage", placed.Consumer).Compared(Id, placed.Incarnation, volumes.GetValueOrDefault(key));
            }
            await _record.Write(_record.Value! with { Era = _restoration.Era });
            (_toCompare, _resyncDue) = (null, _time.GetUtcNow());
            LookSoon();
            LogCompared(Id, _record.Value!.Name, _restoration.Era);
        }
        catch (Exception e)
        {
            LogNotCompared(e, Id);
        }
    }

    /// <summary>Machines that carry our mark and that no compute stands by.</summary>
    private async Task<IReadOnlyList<UnmanagedMachine>> Unknown(ObservedReport report)
    {
        var there = report.Machines.Where(m => m.Power != Power.Absent).ToList();
        if (there.Count == 0)
            return [];
        var placed = (await _claims.OnHost(Id)).Select(p => (p.Consumer, p.Incarnation)).ToHashSet();
        var unknown = new List<UnmanagedMachine>();
        foreach (var machine in there.Where(m => !placed.Contains((m.Id, m.Incarnation))))
        {
            var compute = GrainFactory.At<IClaimant>(GrainId.Create("compute", GrainKeys.Of("compute", machine.Id)));
            if (!await compute.StandsBy(Id, machine.Incarnation))
                unknown.Add(new(machine.Id.ToString("D"), "", machine.Power) { Incarnation = machine.Incarnation });
        }
        return unknown;
    }

    /// <summary>A lease may have been granted after the backup: no later one than this. And who saw to it then is not known.</summary>
    private DateTimeOffset? LeaseUntil(HostRecord present) =>
        IsCompared || _restoration.Last is not { } last ? present.LeaseUntil : Later(last.At + _availability.Lease + (_availability.Lease / 4), present.LeaseUntil);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) has said what it has: compared in era {Era}")]
    private partial void LogCompared(Guid host, string name, long era);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host}: what it has could not be compared; it is tried again")]
    private partial void LogNotCompared(Exception cause, Guid host);
}
