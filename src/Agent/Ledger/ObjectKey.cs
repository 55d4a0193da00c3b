using Controller.Agent.Protocol;

namespace Controller.Agent.Ledger;

/// <summary>One placement of one entity on this host. Two placements of an entity are two things, known apart for as long as both exist.</summary>
internal readonly record struct ObjectKey(string Id, string Incarnation)
{
    public static ObjectKey Of(DesiredObject desired) => new(desired.Id, desired.Incarnation);

    /// <summary>Both parts are UUIDs in lower case: they become file names, so nothing else may come this far.</summary>
    public bool IsValid => IsUuid(Id) && IsUuid(Incarnation);

    public string FileName => $"{Id}.{Incarnation}";

    public override string ToString() => FileName;

    private static bool IsUuid(string text) => Guid.TryParseExact(text, "D", out var uuid) && uuid.ToString("D") == text;
}
