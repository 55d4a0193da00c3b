namespace Controller.History.Tests.Clients;

/// <summary>
/// A value as its only writer knows it: what was acknowledged last, and what was asked for without an answer. Such a request may still be on its way for a while, so it can also win over
/// one that was acknowledged after it.
/// </summary>
internal sealed class Possible<T>(T first)
{
    /// <summary>Nothing that was asked for is done later than that.</summary>
    public static readonly TimeSpan Straggling = TimeSpan.FromSeconds(45);

    private readonly List<(T Value, long Since)> _unknown = [];
    private readonly List<T> _ever = [first];
    private bool _any;

    public T Sure { get; private set; } = first;

    /// <summary>Everything that was ever asked for.</summary>
    public IReadOnlyList<T> Ever => _ever;

    public void Acknowledged(T value)
    {
        _ever.Add(value);
        Sure = value;
        _unknown.RemoveAll(u => TimeProvider.System.GetElapsedTime(u.Since) > Straggling);
    }

    public void Unknown(T value)
    {
        _ever.Add(value);
        _unknown.Add((value, TimeProvider.System.GetTimestamp()));
    }

    /// <summary>Nothing is known of it any more.</summary>
    public void Anything() => _any = true;

    public bool Allows(T value) => _any || Equals(Sure, value) || _unknown.Any(u => Equals(u.Value, value));

    public override string ToString() => _any ? "anything" : string.Join(" or ", _unknown.Select(u => u.Value).Prepend(Sure).Distinct());
}
