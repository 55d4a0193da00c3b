namespace Controller.Conformance;

/// <summary>How a run goes about it.</summary>
public sealed record RunOptions
{
    /// <summary>Which rows.</summary>
    public Profile Profile { get; init; } = Profile.All;

    /// <summary>Only these rows; empty: all of the profile.</summary>
    public IReadOnlyCollection<string> Only { get; init; } = [];

    /// <summary>How long a state may take to come. Default: a minute.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The same endpoint with TLS, where it is another URL; null: none is known. Its certificate is not looked at.</summary>
    public Uri? TlsEndpoint { get; init; }

    /// <summary>Whether any certificate of an https endpoint will do. Default: no.</summary>
    public bool AnyCertificate { get; init; }

    /// <summary>Whether collections may be emptied though they hold entities that the suite did not make. Default: no.</summary>
    public bool MayDeleteAll { get; init; }
}
