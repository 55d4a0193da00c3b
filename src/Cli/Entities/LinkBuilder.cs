using Occi;
using Occi.Core;
using Occi.Extension;
using Occi.Infrastructure;

namespace Controller.Cli.Entities;

/// <summary>Makes links as people type them: the target tells the kind.</summary>
internal static class LinkBuilder
{
    // The model does not say which kind of link leads to which resource (GFD.224 §3.4 does, in prose).
    private static readonly Dictionary<TypeId, TypeId> KindByTarget = new()
    {
        [Network.Kind.Id] = NetworkInterface.Kind.Id,
        [Storage.Kind.Id] = StorageLink.Kind.Id,
        [IpReservation.Kind.Id] = NetworkInterface.Kind.Id,
        [SecurityGroup.Kind.Id] = SecurityGroupLink.Kind.Id,
    };

    /// <summary>The representation, without a source.</summary>
    public static async Task<Representation> Build(Session session, LinkWords words, CancellationToken cancel)
    {
        var target = await session.Finder.Find(words.Target, cancel);
        var kind = words.Kind is { } named ? session.Model.Kind(named)
            : session.Model.Find(target.Kind is { } of ? KindByTarget.GetValueOrDefault(of, CoreKinds.Link.Id) : CoreKinds.Link.Id)
                ?? throw new CliException($"the server has no kind of link for {target.Kind}; give one with kind=…");
        var mixins = words.Mixins.Select(session.Model.Mixin).ToList();
        // An address is given by a mixin of its own, which one easily forgets.
        if (mixins.Count == 0 && kind.Id == NetworkInterface.Kind.Id && words.Attributes.Any(a => a.Name is "address" or "gateway" or "allocation"))
            mixins.Add(session.Model.Mixin(IpNetworkInterface.Mixin.Id.ToString()));
        var link = session.Describe(kind, mixins, words.Attributes);
        return link with
        {
            Attributes = new Dictionary<string, AttributeValue>(link.Attributes)
            {
                [CoreKinds.Target.Name] = AttributeValue.Of(session.Model.PathOf(target)),
                [CoreKinds.TargetKind.Name] = AttributeValue.Of(target.Kind?.ToString() ?? ""),
            },
        };
    }
}
