using System.Collections.Concurrent;
using System.Collections.Frozen;
using Occi;

namespace Controller.Api.Model;

/// <summary>The categories that a project has, the provider's and its own, and their renderings: they are the same until one of them changes.</summary>
internal sealed class ProjectModel(Catalogue catalogue, IEnumerable<TypeId> own)
{
    private static long _last;
    private readonly FrozenSet<TypeId> _own = own.ToFrozenSet();
    private readonly ConcurrentDictionary<Rendering, (Message Message, byte[] Body)> _renderings = new();

    public Catalogue Catalogue => catalogue;

    /// <summary>Another one for each: who keeps what was made by it need not keep all its categories as well.</summary>
    public long Number { get; } = Interlocked.Increment(ref _last);

    /// <summary>What of it exists for a caller of that role: kinds that are for operators do not for anybody else.</summary>
    public ProjectModel For(Contracts.Role role) => role >= Contracts.Role.Operator ? this : Tenants;

    private ProjectModel Tenants => field ??= new(catalogue.WithoutOperators(), _own);

    /// <summary>Whether it is the project's own: then it says nothing about other projects' entities, though theirs may have one of that name.</summary>
    public bool IsOwn(TypeId mixin) => _own.Contains(mixin);

    /// <summary>All categories rendered, and the bytes of the body; locations are paths (decision D-26), so the authority does not matter.</summary>
    public (Message Message, byte[] Body) Rendered(Rendering rendering, OcciWriter writer) => _renderings.GetOrAdd(
        rendering,
        static (r, a) =>
        {
            var message = a.writer.Categories(a.catalogue.All, r);
            return (message, System.Text.Encoding.UTF8.GetBytes(message.Body));
        },
        (writer, catalogue));

    /// <summary>Whether numbers of the attribute are written with a point and a digit behind it.</summary>
    public bool IsDecimal(ReadOnlySpan<byte> attribute)
    {
        Span<char> name = stackalloc char[Math.Min(attribute.Length, 256)];
        return System.Text.Encoding.UTF8.TryGetChars(attribute, name, out var length) && Decimals.Contains(name[..length]);
    }

    private FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Decimals => (_decimals ??= catalogue.Kinds.Cast<Category>().Concat(catalogue.Mixins).SelectMany(c => c.Attributes)
        .Select(a => a.Name).Distinct().Where(a => catalogue.FindAttribute(a)?.Type == AttrType.Decimal).ToFrozenSet()).GetAlternateLookup<ReadOnlySpan<char>>();

    private FrozenSet<string>? _decimals;

    /// <summary>Whether it is known here, or could not be anybody's but the provider's: then it is shown, known or not (any more).</summary>
    public bool Shows(TypeId mixin) => catalogue.Find(mixin) is not null || ProviderNames.Reserves(mixin.Scheme);

    /// <summary>Whether it shows each mixin of the entity and of its links.</summary>
    public bool ShowsAllOf(Contracts.EntityView view) =>
        view.Links.SelectMany(l => l.Mixins).Concat(view.Mixins).All(m => !TypeId.TryParse(m, out var id) || Shows(id));
}
