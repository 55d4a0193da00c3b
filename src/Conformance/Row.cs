namespace Controller.Conformance;

/// <summary>How strongly the standard asks for it.</summary>
public enum Level
{
    Must,
    MustNot,
    Should,
    May,

    /// <summary>Not in the standard; a client or a test tool in use needs it.</summary>
    Int,
}

/// <summary>How sure it is.</summary>
public enum Certainty
{
    /// <summary>Stated by OCCI 1.2.</summary>
    C,

    /// <summary>Stated by OCCI 1.1 only.</summary>
    C11,

    /// <summary>Taken from implementations.</summary>
    R,

    /// <summary>The standard is silent or contradicts itself; the expectation is a decision.</summary>
    U,
}

/// <summary>Which rows a run takes; each takes those of the one before it, too.</summary>
public enum Profile
{
    /// <summary>What OCCI 1.2 states.</summary>
    Core12,

    /// <summary>And what OCCI 1.1 stated.</summary>
    Compat11,

    /// <summary>And what clients and test tools need.</summary>
    Interop,

    /// <summary>And where the standard is silent.</summary>
    All,
}

/// <summary>Marks the check of one row of the list. The method takes a <see cref="Session"/>; that it returns means that the row holds.</summary>
/// <param name="id">C-001 to C-313.</param>
/// <param name="level">How strongly.</param>
/// <param name="certainty">How sure.</param>
/// <param name="sends">What is sent.</param>
/// <param name="expects">What must come back.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RowAttribute(string id, Level level, Certainty certainty, string sends, string expects) : Attribute
{
    public string Id { get; } = id;

    public Level Level { get; } = level;

    public Certainty Certainty { get; } = certainty;

    public string Sends { get; } = sends;

    public string Expects { get; } = expects;
}

/// <summary>A row with its check.</summary>
public sealed record Row(RowAttribute Is, Func<Session, Task> Check)
{
    public string Id => Is.Id;

    /// <summary>The first profile that has it.</summary>
    public Profile Profile => Is switch
    {
        { Certainty: Certainty.U } => Profile.All,
        { Level: Level.Int } or { Certainty: Certainty.R } => Profile.Interop,
        { Certainty: Certainty.C11 } => Profile.Compat11,
        _ => Profile.Core12,
    };

    public override string ToString() => $"{Id} {Is.Sends} → {Is.Expects}";
}
