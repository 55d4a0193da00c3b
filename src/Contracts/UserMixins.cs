namespace Controller.Contracts;

/// <summary>A mixin that a user made (GFD.223 §9.3): a tag, without attributes and actions. It belongs to a project, as entities do.</summary>
/// <param name="Type">Its type identifier.</param>
/// <param name="Location">Path of its collection, with slashes at both ends.</param>
/// <param name="Title">For people.</param>
[GenerateSerializer, Immutable, Alias("UserMixin")]
public sealed record UserMixin([property: Id(0)] string Type, [property: Id(1)] string Location, [property: Id(2)] string? Title)
{
    /// <summary>Type identifiers of mixins of the same project that it depends on.</summary>
    [Id(3)] public string[] Depends { get; init; } = [];

    /// <summary>Type identifiers of the kinds that it may be put on; empty: any.</summary>
    [Id(4)] public string[] Applies { get; init; } = [];
}

/// <summary>All mixins that the users of a project made; those that others depend on come first.</summary>
[GenerateSerializer, Immutable, Alias("UserMixinsView")]
public sealed record UserMixinsView([property: Id(0)] Guid Project, [property: Id(1)] UserMixin[] Mixins);

/// <summary>Makes mixins, all or none. What they depend on and the project has not is left out (decision D-49).</summary>
/// <param name="Caller">Who asks; they will be its project's.</param>
/// <param name="Mixins">Checked: none is in the provider's way.</param>
/// <param name="Most">As many may the project have.</param>
[GenerateSerializer, Immutable, Alias("AddUserMixins")]
public sealed record AddUserMixins([property: Id(0)] Caller Caller, [property: Id(1)] UserMixin[] Mixins, [property: Id(2)] int Most);

/// <summary>Removes mixins, all or none, and from all entities that have them.</summary>
/// <param name="Caller">Who asks; they are its project's.</param>
/// <param name="Types">Their type identifiers.</param>
[GenerateSerializer, Immutable, Alias("RemoveUserMixins")]
public sealed record RemoveUserMixins([property: Id(0)] Caller Caller, [property: Id(1)] string[] Types);

/// <summary>
/// The mixins of one project, keyed <c>usermixins/uuid-of-the-project</c>: they are one record, so that identifiers and locations stay unique and several mixins
/// are made or removed in one write.
/// </summary>
[Alias("IUserMixinsGrain")]
public interface IUserMixinsGrain : IGrainWithStringKey
{
    /// <summary>Makes them. One that is there already, just as it was sent, is left alone.</summary>
    [Alias("Add")] Task<Outcome> Add(AddUserMixins command);

    /// <summary>From the answer on they are gone for everybody; the last entities may lose them a little later.</summary>
    [Alias("Remove")] Task<Outcome> Remove(RemoveUserMixins command);

    /// <summary>Goes on with what is unfinished. Takes no input; may be called at any time by anyone.</summary>
    [Alias("Reconcile")] Task Reconcile();
}
