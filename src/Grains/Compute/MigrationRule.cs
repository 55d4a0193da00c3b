using Controller.Contracts;

namespace Controller.Grains.Compute;

internal enum MigrationVerdict
{
    /// <summary>Not known yet. The machine is the source's.</summary>
    Wait = 0,

    /// <summary>From now on it is the target's.</summary>
    SwitchOver = 1,

    /// <summary>It stays the source's for good.</summary>
    Stay = 2,
}

/// <summary>What an end of a migration looks like.</summary>
internal enum EndSeen
{
    /// <summary>Nothing was heard since it began, or its host cannot be reached.</summary>
    Unknown = 0,

    /// <summary>Nothing that could be started without losing what the machine knew: absent, off or crashed.</summary>
    Nothing = 1,

    /// <summary>Being copied.</summary>
    UnderWay = 2,

    /// <summary>All of it is there and stands still: suspended, or off with all of its disks.</summary>
    Still = 3,
    Running = 4,
}

/// <summary>
/// Who has the machine, by what the two agents say. No decision here lets it run twice: a target's incarnation runs only once SwitchOver was written, and a source's agent never starts
/// one that is leaving, so a wrong guess loses at most what was in the machine's memory; which is why there are no guesses: unknown is not failed.
/// <code>
///  answer      source     target           verdict
///  handed over any        any              SwitchOver   the agent's word: off there, all of it here
///  none        Running    any              Wait
///  none        Nothing    Still, Running   SwitchOver   the answer was lost: a machine that stands whole on the target and nowhere else
///  none        Still      Still, Running   SwitchOver   (libvirtd died on the source between the last page and the answer)
///  none        others                      Wait
///  failed      Running    any              Stay
///  failed      Nothing, Still   Still, Running   SwitchOver
///  failed      Nothing, Still   Nothing, UnderWay   Stay
///  failed      others                      Wait, and Stay once its time is over
/// </code>
/// </summary>
internal static class MigrationRule
{
    public static MigrationVerdict Decide(MigrationAnswer answer, EndSeen source, EndSeen target, bool overdue)
    {
        if (answer == MigrationAnswer.HandedOver)
            return MigrationVerdict.SwitchOver;
        if (source is EndSeen.Nothing or EndSeen.Still && target is EndSeen.Still or EndSeen.Running)
            return MigrationVerdict.SwitchOver;
        if (answer == MigrationAnswer.None)
            return MigrationVerdict.Wait;
        var known = source == EndSeen.Running || (source is EndSeen.Nothing or EndSeen.Still && target != EndSeen.Unknown);
        return known || overdue ? MigrationVerdict.Stay : MigrationVerdict.Wait;
    }

    public static MigrationVerdict Decide(ComputeMigration migration, DateTimeOffset now) => Decide(
        migration.Answer, SourceSeen(migration.Source, migration.Method), TargetSeen(migration.Target), now > migration.Operation.Deadline);

    /// <summary>A suspended source counts as standing still only where its agent says that nothing is under way.</summary>
    public static EndSeen SourceSeen(MigrationSide side, MigrateMethod method) => side switch
    {
        { Transfer: TransferState.UnderWay } => EndSeen.UnderWay,
        { Seen: Power.Unknown } => EndSeen.Unknown,
        { Seen: Power.Running } => EndSeen.Running,
        { Seen: Power.Paused } => EndSeen.Still,
        { Seen: Power.Off or Power.Saved } when method == MigrateMethod.Cold => EndSeen.Still,
        _ => EndSeen.Nothing,
    };

    public static EndSeen TargetSeen(MigrationSide side) => side switch
    {
        { Transfer: TransferState.UnderWay } => EndSeen.UnderWay,
        { Transfer: TransferState.Arrived, Seen: Power.Running } => EndSeen.Running,
        { Transfer: TransferState.Arrived } => EndSeen.Still,
        { Seen: Power.Unknown } => EndSeen.Unknown,
        { Seen: Power.Running } => EndSeen.Running,
        _ => EndSeen.Nothing,
    };
}
