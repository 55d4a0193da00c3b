using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Occi.Declared;

namespace Controller.Grains.Declared;

/// <summary>All that is durable of an entity whose kind a data file declares. Persisted: additive changes only.</summary>
internal sealed record DeclaredRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>The kind's type identifier: the key holds its term alone.</summary>
    public required string Kind { get; init; }

    public string[] Mixins { get; init; } = [];

    /// <summary>What clients set.</summary>
    public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    /// <summary>What lifecycles set: states and stamps.</summary>
    public Dictionary<string, AttributeValue> Own { get; init; } = [];

    /// <summary>Of a link.</summary>
    public LinkEnd? Source { get; init; }

    /// <summary>Of a link.</summary>
    public LinkEnd? Target { get; init; }
}

/// <summary>An end of a link: its path, or the URI of what lies outside; kind and id where it is local.</summary>
internal sealed record LinkEnd(string Uri, string? Kind = null, Guid? Id = null);

/// <summary>What clients see of such an entity: one pure function of its record and the model.</summary>
internal static class DeclaredProjection
{
    public static EntityView View(DeclaredRecord record, long version, DeclaredModel model)
    {
        var shown = new Dictionary<string, AttributeValue>(record.Attributes);
        foreach (var (name, value) in record.Own)
            shown[name] = value;
        Show(shown, record.Source, CoreKinds.Source, CoreKinds.SourceKind);
        Show(shown, record.Target, CoreKinds.Target, CoreKinds.TargetKind);
        return new()
        {
            Id = record.Id,
            Kind = record.Kind,
            Project = record.Project,
            Mixins = record.Mixins,
            Attributes = shown,
            Actions = [.. Lifecycles(record, model).SelectMany(l => l.ActionsIn(StateOf(record, l))).Select(a => a.Id.ToString())],
            Version = version,
            Created = record.Created,
            Source = record.Source?.Id,
        };
    }

    public static EntityIndex Index(DeclaredRecord record, DeclaredModel model) => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        Source = record.Source?.Id,
        Target = record.Target?.Id,
        State = Lifecycles(record, model) is [var first, ..] ? StateOf(record, first) : null,
        Title = record.Attributes.Text(CoreKinds.Title),
        Mixins = record.Mixins,
    };

    /// <summary>The lifecycles that apply to it; mixins that the model does not know (a user's) have none.</summary>
    public static IReadOnlyList<Lifecycle> Lifecycles(DeclaredRecord record, DeclaredModel model) =>
        TypeId.TryParse(record.Kind, out var id) && model.Catalogue.Find(id) is Kind kind ? model.LifecyclesOf(kind, MixinsOf(record, model)) : [];

    public static IEnumerable<Mixin> MixinsOf(DeclaredRecord record, DeclaredModel model) =>
        record.Mixins.Select(m => TypeId.TryParse(m, out var id) ? model.Catalogue.Find(id) as Mixin : null).OfType<Mixin>();

    /// <summary>A lifecycle that came after the entity starts where new ones do.</summary>
    public static string StateOf(DeclaredRecord record, Lifecycle lifecycle) => record.Own.Text(lifecycle.State) ?? lifecycle.Initial;

    private static void Show(Dictionary<string, AttributeValue> shown, LinkEnd? end, Attr uri, Attr kind)
    {
        if (end is null)
            return;
        shown[uri.Name] = AttributeValue.Of(end.Uri);
        if (end.Kind is { } known)
            shown[kind.Name] = AttributeValue.Of(known);
    }
}
