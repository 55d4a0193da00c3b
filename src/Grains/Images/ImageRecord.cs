using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Grains.Images;

/// <summary>All that is durable of an image. Persisted: additive changes only.</summary>
internal sealed record ImageRecord(string Term, string Title, string Sha256, string Format, long SizeBytes, long VirtualSizeBytes, DateTimeOffset Created)
{
    public Guid? Project { get; init; }

    public ImageState State { get; init; }

    public string? Message { get; init; }

    public string? Origin { get; init; }

    /// <summary>The save or import that makes its bytes, or made them.</summary>
    public Guid? Save { get; init; }

    /// <summary>When the import began, who asked for it, and the trace id of that request.</summary>
    public DateTimeOffset? Since { get; init; }

    public string? By { get; init; }

    public string? Trace { get; init; }

    /// <summary>While it is being imported.</summary>
    public ImageImport? Import { get; init; }
}

internal static class ImageProjection
{
    public static readonly Func<ImageRecord, long, ImageView?> View = (r, _) => new(
        r.Term, r.Title, r.Sha256, r.Format, r.SizeBytes, r.VirtualSizeBytes, r.Created, r.Project, r.State, r.Message, r.Origin, r.Import);

    public static readonly Func<ImageRecord, EntityIndex> Index = r => new()
    {
        Title = r.Title,
        Project = r.Project,
        State = r.State.ToString().ToLowerInvariant(),
        // No silo gives up an import as long as bytes come: after a day somebody should have a look.
        Operations = r is { State: ImageState.Pending, Import: { } import, Since: { } since }
            ? [new(import.Id, "import", since, since.AddDays(1), since, 0, r.Message) { By = r.By, Trace = r.Trace }] : null,
    };
}
