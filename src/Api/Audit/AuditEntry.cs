using System.Net;

namespace Controller.Api.Audit;

/// <summary>One thing that somebody did or tried. No secret is in it: of a request only the path and the name of an action, of an answer only its status and the refusal's name.</summary>
internal sealed record AuditEntry
{
    public required DateTimeOffset At { get; init; }

    /// <summary>The token's name; null: nobody was authenticated.</summary>
    public string? User { get; init; }

    public Guid? Project { get; init; }

    public string? Role { get; init; }

    /// <summary>The project that the entity belongs to.</summary>
    public Guid? Owner { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public string? Action { get; init; }

    public string? Kind { get; init; }

    public Guid? Entity { get; init; }

    public required short Status { get; init; }

    public required string Result { get; init; }

    public IPAddress? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? Request { get; init; }

    public string? Trace { get; init; }

    /// <summary>How many attempts of nobody it stands for.</summary>
    public int Times { get; init; } = 1;
}

/// <summary>Which entities a request touched, as its handlers tell.</summary>
internal sealed class Touched
{
    private readonly Lock _adding = new();
    private readonly List<(string Kind, Guid Id, Guid? Owner)> _entities = [];

    public void Add(string kind, Guid id, Guid? owner)
    {
        lock (_adding)
        {
            if (!_entities.Any(e => e.Id == id))
                _entities.Add((kind, id, owner));
        }
    }

    public IReadOnlyList<(string Kind, Guid Id, Guid? Owner)> Entities
    {
        get
        {
            lock (_adding)
                return [.. _entities];
        }
    }
}

internal static class TouchedExtensions
{
    /// <summary>The request is about that entity, or has made it; <paramref name="owner"/> is its project, where that is known.</summary>
    public static void Touch(this HttpContext http, string kind, Guid id, Guid? owner = null) => http.Features.Get<Touched>()?.Add(kind, id, owner);
}
