namespace Controller.Grains.Restoring;

/// <summary>
/// That the database was restored from a backup: hosts then know more than it does. The same for as long as a silo lives, since a restore wants all of them stopped.
/// <para>
/// Agents are told generations with the era before them (<see cref="ToWire"/>): whatever they were told before the restore is older than what is wanted after it, and what they say that
/// they have applied of it counts as nothing (0).
/// </para>
/// </summary>
public sealed class Restoration
{
    private const int GenerationBits = 32;

    /// <summary>0: it never was.</summary>
    public long Era { get; private set; }

    /// <summary>When it was restored, and when what is in it was so.</summary>
    public (DateTimeOffset At, DateTimeOffset Taken)? Last { get; private set; }

    /// <summary>The newest restore, as it stands in the database. Before the first grain is called.</summary>
    public void Note(long era, DateTimeOffset at, DateTimeOffset taken) => (Era, Last) = (era, (at, taken));

    /// <summary>Whether something that came to be at that time is older than the restore, so that nothing is known of what became of it since.</summary>
    public bool IsBefore(DateTimeOffset created) => Last is { } last && created < last.At;

    /// <summary>A generation as agents are told it. <see cref="long.MaxValue"/>, the last word on an object, stays.</summary>
    public long ToWire(long generation) => generation == long.MaxValue ? generation : (Era << GenerationBits) | generation;

    /// <summary>A generation that an agent tells of; 0 where it is one of before the restore.</summary>
    public long FromWire(long generation) => generation == long.MaxValue ? generation : generation >> GenerationBits == Era ? generation & uint.MaxValue : 0;

    /// <summary>Whether the agent has what it tells of from before the restore, or does not say.</summary>
    public bool IsBefore(long wireGeneration) => Era > 0 && wireGeneration != long.MaxValue && wireGeneration >> GenerationBits != Era;
}
