using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>From what was checked to the command that changes an entity.</summary>
internal static class Updates
{
    /// <summary>An update (GFD.223 §10.2, §10.3); at a replacement, <paramref name="entity"/> is all that the entity is to be.</summary>
    public static UpdateEntity Of(Caller caller, Catalogue catalogue, EntityView view, CheckedEntity entity, bool replace, long? version)
    {
        string[] mixins = [.. entity.Mixins.Select(m => m.Id.ToString())];
        // Of an update, only what the catalogue knows: a template that was deleted was not checked, and stays what the entity was made from.
        string[] gone = [.. view.Mixins.Except(mixins).Where(m => replace || Find(catalogue, m) is not null)];
        return new()
        {
            Caller = caller,
            Replace = replace,
            // Only what is new, so that two updates at once don't undo each other; gone is a template whose place another one takes.
            Mixins = replace ? mixins : [.. mixins.Except(view.Mixins)],
            RemoveMixins = gone,
            RemoveAttributes = replace ? [] : OnlyOf(catalogue, entity.Kind, gone, entity.Mixins),
            Attributes = new(entity.Attributes),
            Links = [.. entity.Links.Select(l => Planning.Command(caller, l, Guid.NewGuid()))],
            IfVersion = version,
        };
    }

    /// <summary>Takes a mixin away, and the attributes that came with it. Sizes that a resource template gave are the compute's own: they stay.</summary>
    public static UpdateEntity Without(Caller caller, Catalogue catalogue, Kind kind, EntityView view, Mixin mixin)
    {
        string gone = mixin.Id.ToString();
        var left = view.Mixins.Where(m => m != gone).Select(m => Find(catalogue, m)).OfType<Mixin>();
        return new() { Caller = caller, RemoveMixins = [gone], RemoveAttributes = OnlyOf(catalogue, kind, [gone], left) };
    }

    private static string[] OnlyOf(Catalogue catalogue, Kind kind, IEnumerable<string> gone, IEnumerable<Mixin> left)
    {
        var kept = kind.AllAttributes.Concat(left.SelectMany(m => m.Closure).SelectMany(m => m.Attributes)).Select(a => a.Name);
        return [.. gone.Select(m => Find(catalogue, m)).OfType<Mixin>().SelectMany(m => m.Closure).SelectMany(m => m.Attributes).Select(a => a.Name).Except(kept)];
    }

    private static Category? Find(Catalogue catalogue, string mixin) => TypeId.TryParse(mixin, out var id) ? catalogue.Find(id) : null;
}
