using System.Collections.Concurrent;

namespace Controller.History.Tests.Clients;

internal enum Fate
{
    /// <summary>Acknowledged.</summary>
    Must,

    /// <summary>An answer was lost.</summary>
    May,

    /// <summary>Refused, or deleted.</summary>
    MustNot,
}

/// <summary>What its owner knows of one entity.</summary>
internal sealed class Tracked(string tenant, string kind, Guid id, string title)
{
    private readonly ConcurrentQueue<string> _story = new();

    public string Tenant => tenant;

    public string Kind => kind;

    public Guid Id { get; set; } = id;

    public string Path => $"/{kind}/{Id:D}";

    public Fate Fate { get; set; } = Fate.May;

    /// <summary>It is not deleted before: the request that made it may be under way twice.</summary>
    public long? MadeTwice { get; set; }

    public Possible<string> Title { get; } = new(title);

    public Possible<int> Cores { get; } = new(1);

    /// <summary>Of a compute: its memory; of a storage: its size. In GiB.</summary>
    public Possible<decimal> Size { get; } = new(1);

    public Possible<string> State { get; } = new("");

    /// <summary>It runs only while its host has a lease.</summary>
    public bool IsLeased { get; init; }

    /// <summary>The server chose its id, and nobody was told of it: it cannot be asked for by that.</summary>
    public bool HasUnknownId { get; set; }

    /// <summary>It was made together with links whose ids nobody was told.</summary>
    public bool HasInlineLinks { get; set; }

    /// <summary>Of a link.</summary>
    public Tracked? Source { get; init; }

    public Tracked? Target { get; init; }

    /// <summary>The other entities of a request that makes all of them or none.</summary>
    public Guid? Batch { get; init; }

    /// <summary>Whether it can be deleted now without its creation coming after.</summary>
    public bool IsSettled => MadeTwice is not { } since || TimeProvider.System.GetElapsedTime(since) > Possible<int>.Straggling;

    public IEnumerable<string> Story => _story;

    public void Note(string what) => _story.Enqueue($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {what}");

    public override string ToString() => $"{kind} {Id:D} of {tenant}";
}
