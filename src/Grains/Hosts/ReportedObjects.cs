using Controller.Contracts;

namespace Controller.Grains.Hosts;

/// <summary>What is on a host: the last complete report, and what changed since. Only in memory: the next complete report is never far.</summary>
internal sealed class ReportedObjects
{
    private readonly Dictionary<(string Term, Guid Id, Guid Incarnation), ReportedObject> _there = [];
    private DateTimeOffset? _since;

    public HostReport? Report => _since is { } since ? new(since, [.. _there.Values]) : null;

    public void Take(ObservedReport report, DateTimeOffset now)
    {
        if (report.Complete)
        {
            _there.Clear();
            _since = now;
        }
        foreach (var machine in report.Machines)
            Note("compute", machine.Id, machine.Incarnation, machine.Power != Power.Absent);
        foreach (var volume in report.Volumes)
            Note("storage", volume.Id, volume.Incarnation, volume.Present);
        foreach (var network in report.Networks)
            Note("network", network.Id, network.Incarnation, network.Present);
    }

    public void Forget()
    {
        _there.Clear();
        _since = null;
    }

    private void Note(string term, Guid id, Guid incarnation, bool there)
    {
        if (there)
            _there[(term, id, incarnation)] = new(term, id, incarnation);
        else
            _there.Remove((term, id, incarnation));
    }
}
