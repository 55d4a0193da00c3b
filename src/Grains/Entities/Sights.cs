using Controller.Contracts;

namespace Controller.Grains.Entities;

/// <summary>What readers were shown of an entity last, and the stamp that it has. A projection is made anew with each change, so another object is another sight.</summary>
internal sealed class Sights
{
    private EntityView? _last;
    private long _stamp;

    /// <summary>What to tell a reader.</summary>
    /// <param name="view">What it may see now; null: nothing.</param>
    /// <param name="known">The stamp of what it has seen; 0: nothing.</param>
    public Sight Of(EntityView? view, long known)
    {
        if (view is null)
            return default;
        // By chance, and not counted: another activation would count the same.
        if (!ReferenceEquals(view, _last))
            (_last, _stamp) = (view, Random.Shared.NextInt64(1, long.MaxValue));
        return new(_stamp, known == _stamp ? null : view);
    }
}
