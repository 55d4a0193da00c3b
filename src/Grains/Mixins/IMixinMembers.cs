namespace Controller.Grains.Mixins;

/// <summary>Who has a mixin, by the inventory.</summary>
public interface IMixinMembers
{
    /// <summary>Entities of a project that have any of these mixins, in creation order; those after a place in that order.</summary>
    Task<IReadOnlyList<MixinMember>> Having(Guid project, IReadOnlyCollection<string> mixins, long after, int most);
}

/// <summary>An entity, by its kind's term and its id, and its place in creation order.</summary>
public readonly record struct MixinMember(string Term, Guid Id, long Place);
