using System.Collections.Frozen;
using System.Text.Json.Serialization;
using Occi;

namespace Controller.Contracts;

/// <summary>
/// An OCCI entity as clients see it: computed from its record by its kind's projection. It is answered by grains and stands in the
/// inventory (member <c>view</c> of a row's payload), so lists need no grain.
/// </summary>
[GenerateSerializer, Immutable, Alias("EntityView")]
public sealed record EntityView
{
    /// <summary>UUID: <c>occi.core.id</c> is <c>urn:uuid:</c> and this; the path is the kind's location and this.</summary>
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>The kind's type identifier.</summary>
    [Id(1)] public required string Kind { get; init; }

    /// <summary>The project that it belongs to.</summary>
    [Id(2)] public required Guid Project { get; init; }

    /// <summary>Associated mixins' type identifiers.</summary>
    [Id(3)] public string[] Mixins { get; init; } = [];

    /// <summary>
    /// All attributes shown, core's title and summary included, <c>occi.core.id</c> not. Of a link: <c>occi.core.source</c> and <c>occi.core.target</c>
    /// as paths, and their kinds.
    /// </summary>
    [Id(4)] public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    /// <summary>Type identifiers of the actions that can be invoked now.</summary>
    [Id(5)] public string[] Actions { get; init; } = [];

    /// <summary>Outgoing links, in creation order. Only in a grain's answer; the inventory's rows have none (their links are rows).</summary>
    [Id(6), JsonIgnore] public EntityView[] Links { get; init; } = [];

    /// <summary>Grows with every change of the record: the entity's tag.</summary>
    [Id(7)] public long Version { get; init; }

    /// <summary>When it was created.</summary>
    [Id(8)] public DateTimeOffset Created { get; init; }

    /// <summary>Of a link: the resource that it starts at.</summary>
    [Id(9)] public Guid? Source { get; init; }
}

/// <summary>What a reader is told who may have seen the entity before.</summary>
/// <param name="Stamp">Names what the entity looks like now, to be sent along the next time. It is another one for each change and each activation. 0: it is not there, or not the caller's.</param>
/// <param name="View">The entity with its links; null where it is not there, and where it still looks as the reader knows it.</param>
[GenerateSerializer, Immutable, Alias("Sight")]
public readonly record struct Sight([property: Id(0)] long Stamp, [property: Id(1)] EntityView? View);

/// <summary>How a command ended. Persisted nowhere, but on the wire: append only.</summary>
public enum OutcomeKind : byte
{
    /// <summary>Done, or accepted and on its way.</summary>
    Done = 0,

    /// <summary>A new entity exists.</summary>
    Created = 1,

    /// <summary>It was so already; nothing changed.</summary>
    AlreadyDone = 2,

    /// <summary>No such entity, or not one that the caller may see.</summary>
    NotFound = 3,

    /// <summary>The command makes no sense: a link to nothing, a size that can't be.</summary>
    Invalid = 4,

    /// <summary>The caller's role does not allow it.</summary>
    Forbidden = 5,

    /// <summary>Impossible in this state.</summary>
    Conflict = 6,

    /// <summary>No host has room; the reason says what each was short of.</summary>
    NoCapacity = 7,

    /// <summary>The project's quota is used up.</summary>
    QuotaExceeded = 8,

    /// <summary>Known to the standard, not offered here.</summary>
    NotImplemented = 9,

    /// <summary>Something that it needs (database, host) does not answer; trying again may help.</summary>
    Unavailable = 10,
}

/// <summary>What became of a command: a value, never an exception, for everything that can be expected.</summary>
[GenerateSerializer, Immutable, Alias("Outcome")]
public sealed record Outcome([property: Id(0)] OutcomeKind Kind, [property: Id(1)] string? Why = null, [property: Id(2)] EntityView? View = null)
{
    /// <summary>The OS template that came of it, where it is that what the client is answered (GFD.224 §3.1: save).</summary>
    [Id(3)] public ImageView? Template { get; init; }

    /// <summary>Whether the command was carried out (now or before).</summary>
    [JsonIgnore] public bool Ok => Kind <= OutcomeKind.AlreadyDone;
}

/// <summary>Creates an entity. Repeating it with the same id returns the first one's result.</summary>
[GenerateSerializer, Immutable, Alias("CreateEntity")]
public sealed record CreateEntity
{
    [Id(0)] public required Caller Caller { get; init; }

    /// <summary>Chosen by the client (a free UUID) or by the API.</summary>
    [Id(1)] public required Guid Id { get; init; }

    /// <summary>Kind's type identifier.</summary>
    [Id(2)] public required string Kind { get; init; }

    /// <summary>Mixins' type identifiers; checked: known, applicable.</summary>
    [Id(3)] public string[] Mixins { get; init; } = [];

    /// <summary>Checked attributes, defaults filled in. A link's source and target are paths or <c>urn:uuid:</c>s, as sent.</summary>
    [Id(4)] public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    /// <summary>Inline links; their source is this entity.</summary>
    [Id(5)] public CreateEntity[] Links { get; init; } = [];
}

/// <summary>Changes an entity: partially, or as a whole.</summary>
[GenerateSerializer, Immutable, Alias("UpdateEntity")]
public sealed record UpdateEntity
{
    [Id(0)] public required Caller Caller { get; init; }

    /// <summary>False: only what is named changes, mixins are added. True: mutable attributes and mixins that are missing are removed.</summary>
    [Id(1)] public bool Replace { get; init; }

    [Id(2)] public string[] Mixins { get; init; } = [];

    [Id(3)] public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    /// <summary>New links to add (partial update only).</summary>
    [Id(4)] public CreateEntity[] Links { get; init; } = [];

    /// <summary>Only if the entity's version is still this one; null: whatever it is. Else: <see cref="OutcomeKind.Conflict"/>.</summary>
    [Id(5)] public long? IfVersion { get; init; }

    /// <summary>Mixins to take away (a mixin collection's business).</summary>
    [Id(6)] public string[] RemoveMixins { get; init; } = [];

    /// <summary>Attributes to take away: those of mixins that go.</summary>
    [Id(7)] public string[] RemoveAttributes { get; init; } = [];
}

/// <summary>Invokes an action.</summary>
[GenerateSerializer, Immutable, Alias("InvokeAction")]
public sealed record InvokeAction(
    [property: Id(0)] Caller Caller, [property: Id(1)] string Action, [property: Id(2)] Dictionary<string, AttributeValue> Attributes, [property: Id(3)] long? IfVersion = null);

/// <summary>Deletes an entity and the links that start there. Accepted in every state.</summary>
[GenerateSerializer, Immutable, Alias("DeleteEntity")]
public sealed record DeleteEntity([property: Id(0)] Caller Caller, [property: Id(1)] long? IfVersion = null);

/// <summary>
/// Any OCCI entity. The key is <c>term/uuid</c>, the grain type the kind's term or, for kinds of data files, <c>declared</c>: see <see cref="GrainKeys"/>.
/// </summary>
[Alias("IEntityGrain")]
public interface IEntityGrain : IGrainWithStringKey
{
    [Alias("Create")] Task<Outcome> Create(CreateEntity command);

    /// <summary>The entity with its links; null when it is not there or not the caller's.</summary>
    [Alias("View"), Orleans.Concurrency.AlwaysInterleave] Task<EntityView?> View(Caller caller);

    /// <summary>As <see cref="View"/>, for a reader who has seen it: what still looks as it knows it is not sent again.</summary>
    [Alias("Look"), Orleans.Concurrency.AlwaysInterleave] Task<Sight> Look(Caller caller, long known);

    [Alias("Update")] Task<Outcome> Update(UpdateEntity command);

    [Alias("Invoke")] Task<Outcome> Invoke(InvokeAction command);

    [Alias("Delete")] Task<Outcome> Delete(DeleteEntity command);

    /// <summary>What <see cref="Update"/> would answer as far as the entity itself knows, without doing it: a collection is asked before any member changes.</summary>
    [Alias("MayUpdate"), Orleans.Concurrency.AlwaysInterleave] Task<Outcome> MayUpdate(UpdateEntity command);

    /// <summary>What <see cref="Invoke"/> would answer now, without doing it.</summary>
    [Alias("MayInvoke"), Orleans.Concurrency.AlwaysInterleave] Task<Outcome> MayInvoke(InvokeAction command);

    /// <summary>What <see cref="Delete"/> would answer once the links <paramref name="going"/> are gone, without doing it.</summary>
    [Alias("MayDelete"), Orleans.Concurrency.AlwaysInterleave] Task<Outcome> MayDelete(DeleteEntity command, Guid[] going);

    /// <summary>Does the next step of whatever is unfinished. Takes no input; may be called at any time by anyone.</summary>
    [Alias("Reconcile")] Task Reconcile();
}

/// <summary>The database does not answer. Nothing was acknowledged that is not durable; trying again may help.</summary>
[GenerateSerializer, Alias("UnavailableException")]
public sealed class UnavailableException(string message) : Exception(message);

/// <summary>Keys of grains. Never bare hexadecimal: the storage provider would normalise such a key.</summary>
public static class GrainKeys
{
    /// <summary><c>compute/0b7a…</c>: lower case, with hyphens.</summary>
    public static string Of(string term, Guid id) => $"{term}/{id:D}";

    /// <summary>The grain type of all kinds that data files declare.</summary>
    public const string Declared = "declared";

    // Kinds with a grain of their own; core's are nobody's.
    private static readonly FrozenSet<string> Compiled =
        StandardModel.Catalogue.Kinds.Where(k => k.Id.Scheme != Occi.Core.CoreKinds.Scheme).Select(k => k.Id.Term).ToFrozenSet();

    /// <summary>The term in a key.</summary>
    public static string TermOf(string key) => key[..key.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>The UUID in a key.</summary>
    public static Guid IdOf(string key) => Guid.Parse(key.AsSpan(key.IndexOf('/', StringComparison.Ordinal) + 1));

    /// <summary>The grain of an entity, by its kind's term: one of its own for a kind with behaviour, else the one for whatever files declare.</summary>
    public static IEntityGrain Entity(this IGrainFactory grains, string term, Guid id) =>
        grains.At<IEntityGrain>(GrainId.Create(Compiled.Contains(term) ? term : Declared, Of(term, id)));

    /// <summary>The grain of a host.</summary>
    public static IHostGrain Host(this IGrainFactory grains, Guid id) => grains.At<IHostGrain>(GrainId.Create("host", Of("host", id)));

    /// <summary>
    /// As <see cref="IGrainFactory.GetGrain{TGrainInterface}(GrainId)"/>, which reads the interface's attributes by reflection and writes its name into a string each time: that was 7 % of an
    /// API's CPU.
    /// </summary>
    public static T At<T>(this IGrainFactory grains, GrainId id)
        where T : IAddressable
    {
        if (InterfaceOf<T>.Type is { } known)
            return (T)grains.GetGrain(id, known);
        var grain = grains.GetGrain<T>(id);
        InterfaceOf<T>.Type = ((GrainReference)(IAddressable)grain).InterfaceType;
        return grain;
    }

    /// <summary>What Orleans knows an interface by: the same in the whole process.</summary>
    private static class InterfaceOf<T>
    {
        private static volatile Tuple<GrainInterfaceType>? _type;

        public static GrainInterfaceType? Type
        {
            get => _type?.Item1;
            set => _type = value is { } type ? Tuple.Create(type) : null;
        }
    }

    /// <summary>State name of <see cref="IUserMixinsGrain"/>, and the term in its key.</summary>
    public const string UserMixinsTerm = "usermixins";

    /// <summary>The mixins that a project's users made.</summary>
    public static IUserMixinsGrain UserMixins(this IGrainFactory grains, Guid project) => grains.GetGrain<IUserMixinsGrain>(Of(UserMixinsTerm, project));

    /// <summary>The term under which requests that create are kept, beside entities'.</summary>
    public const string Creation = "creation";

    /// <summary>The grain of a request that creates.</summary>
    public static ICreationGrain CreationOf(this IGrainFactory grains, Guid id) =>
        grains.At<ICreationGrain>(GrainId.Create(Creation, Of(Creation, id)));
}
