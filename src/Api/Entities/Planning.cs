using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>What a request is going to create: everything checked, ids chosen, in an order in which it can be.</summary>
/// <param name="Entities">In the order of creation.</param>
/// <param name="Shown">Ids of all that was sent, in its order.</param>
internal sealed record Plan(PlannedEntity[] Entities, Guid[] Shown);

/// <summary>
/// Makes a plan of what was sent. Entities of one message may name each other by id or location; a link whose source is among them is created with its
/// source, so that a machine is placed where its disks are.
/// </summary>
internal sealed class Planning(EntityRows inventory, DeclaredLinks declared)
{
    private sealed record Member(Representation Sent, CheckedEntity Entity, Guid Id, bool Existed)
    {
        public string Path => Showing.PathOf(Entity.Kind, Id);

        public bool IsLink => Entity.Kind.Is(CoreKinds.Link);
    }

    public async Task<(Plan? Plan, Problem? Problem)> Of(OcciRequest request, IReadOnlyList<Representation> sent, Kind? expected)
    {
        var (entities, wrong) = Checked(request, sent, expected);
        if (wrong is not null)
            return (null, wrong);
        if (entities.Find(e => e.Kind.ComesBy is not null) is { } uncreated)
            return (null, Problems.Immutable($"{uncreated.Kind} can't be created by a request: {uncreated.Kind.ComesBy}."));
        var given = sent.Select(GivenId).ToArray();
        if (given.OfType<Guid>().GroupBy(id => id).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return (null, Problems.Invalid($"The id {twice.Key} is in the request twice."));
        var members = new Member[sent.Count];
        for (var i = 0; i < members.Length; i++)
        {
            var (id, existed) = await FreeId(request, entities[i].Kind, given[i]);
            members[i] = new(sent[i], entities[i], id, existed);
        }
        return await Arrange(request, members, expected);
    }

    /// <summary>The command that creates a checked entity, with new ids for its links: what clients say of those comes from templates (clients.md).</summary>
    public static CreateEntity Command(Caller caller, CheckedEntity entity, Guid id) => new()
    {
        Caller = caller,
        Id = id,
        Kind = entity.Kind.Id.ToString(),
        Mixins = [.. entity.Mixins.Select(m => m.Id.ToString())],
        Attributes = new(entity.Attributes),
        Links = [.. entity.Links.Select(l => Command(caller, l, Guid.NewGuid()))],
    };

    // All of them are checked, and all that is wrong is told at once.
    private static (List<CheckedEntity> Entities, Problem? Problem) Checked(OcciRequest request, IReadOnlyList<Representation> sent, Kind? expected)
    {
        var entities = new List<CheckedEntity>();
        var problems = new List<Problem>();
        foreach (var one in sent)
        {
            // A link that comes with its source needn't be posted to its own collection; whether it does is seen later.
            var wanted = IsLinkBeside(request.Catalogue, one, sent, expected) ? null : expected;
            var (entity, error) = Check.Entity(request.Catalogue, one, Purpose.Create, expected: wanted);
            var problem = entity is null ? Problems.From(error!)   // one of the two is there
                : entity.Kind.IsOffered() ? null
                : Problems.Invalid($"{entity.Kind} stands for its descendants; an entity needs one of their kinds.");
            if (problem is null)
                entities.Add(entity!);
            else
                problems.Add(problem with { Message = At(one, sent.Count, problem.Message) });
        }
        if (problems.Count == 0)
            return (entities, null);
        return ([], sent.Count == 1 ? problems[0] : problems[0] with { Details = [.. problems.Select(p => p.Message)] });
    }

    private static bool IsLinkBeside(Catalogue catalogue, Representation one, IReadOnlyList<Representation> sent, Kind? expected) =>
        sent.Count > 1 && expected is not null && !expected.Is(CoreKinds.Link) && one.Kind is { } id && catalogue.Find(id) is Kind kind && kind.Is(CoreKinds.Link);

    private static string At(Representation one, int of, string message) => of == 1 || one.Where is null ? message : $"{one.Where}: {message}";

    private static Guid? GivenId(Representation sent) =>
        sent.Attributes.TryGetValue(CoreKinds.Id.Name, out var given) && EntityIds.TryParse(given.Text, out var id) ? id : null;

    // The client's id if it is a UUID that is free (decision D-24). If an entity of this kind and project has it, it may be the same request again,
    // and gets the same answer.
    private async Task<(Guid Id, bool Existed)> FreeId(OcciRequest request, Kind kind, Guid? given)
    {
        if (given is not { } id)
            return (Guid.NewGuid(), false);
        var users = await inventory.Users(id, request.Catalogue.TermsBelow(CoreKinds.Entity), request.Aborted);
        return users.TrueForAll(u => u.Term == kind.Id.Term && u.Project == request.Caller.Project) ? (id, users.Count > 0) : (Guid.NewGuid(), false);
    }

    private async Task<(Plan? Plan, Problem? Problem)> Arrange(OcciRequest request, Member[] members, Kind? expected)
    {
        var names = Names(request, members);
        var commands = members.Select(m => Command(request.Caller, m.Entity, m.Id)).Select(c => Resolved(request, c, names, members)).ToArray();
        var planned = new List<(int At, IReadOnlyCollection<int> Needs)>();
        for (var i = 0; i < members.Length; i++)
        {
            var source = members[i].IsLink ? MemberAt(commands[i], CoreKinds.Source, members) : null;
            if (expected is not null && !members[i].Entity.Kind.Is(expected) && source is null)
                return (null, Problems.Invalid(At(members[i].Sent, members.Length, $"expected the kind {expected}, or a link whose source comes with it, found {members[i].Entity.Kind}")));
            if (source is { } s && !members[s].Existed && !members[s].IsLink && !declared.Are(members[i].Entity.Kind))
                commands[s] = commands[s] with { Links = [.. commands[s].Links, commands[i]] };
            else
                planned.Add((i, []));
        }
        var order = Order(planned.ConvertAll(p => p.At), commands, members);
        var (resources, links) = (new List<PlannedEntity>(), new List<PlannedEntity>());
        foreach (var i in order)
        {
            var member = members[i];
            var where = members.Length == 1 ? "" : member.Sent.Where ?? "";
            var (own, inline) = declared.Split(commands[i].Links, member.Path, member.Id);
            if (!declared.Are(member.Entity.Kind))
                resources.Add(new(member.Entity.Kind.Id.Term, commands[i] with { Links = own }, where, member.Existed));
            else
                inline = [(member.Entity.Kind, commands[i])];
            foreach (var (kind, command) in inline)
            {
                var (link, refusal) = await declared.Checked(request, kind, command);
                if (refusal is not null)
                    return (null, Problems.From(refusal, request.Path));
                links.Add(new(kind.Id.Term, link, where, member.Existed && command.Id == member.Id));
            }
        }
        // Links of declared kinds are nobody's inline links: they come when all that they may join is there.
        return (new Plan([.. resources, .. links], [.. members.Select(m => m.Id)]), null);
    }

    private static IEnumerable<int> Order(List<int> planned, CreateEntity[] commands, Member[] members)
    {
        int[] Needed(CreateEntity command) =>
        [
            .. new[] { MemberAt(command, CoreKinds.Source, members), MemberAt(command, CoreKinds.Target, members) }.OfType<int>().Select(m => planned.IndexOf(m)).Where(i => i >= 0),
            .. command.Links.SelectMany(Needed),
        ];
        var layers = Layers.Of([.. planned.Select(i => Needed(commands[i]))]);
        return planned.Index().OrderBy(p => (members[p.Item].IsLink, layers[p.Index], p.Index)).Select(p => p.Item);
    }

    /// <summary>By what the members may call each other: the ids as they were sent, and the locations that follow from them.</summary>
    private static Dictionary<string, int> Names(OcciRequest request, Member[] members)
    {
        var names = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var (i, member) in members.Index())
        {
            names.TryAdd(member.Path, i);
            if (member.Sent.Location is { } location)
                names.TryAdd(request.PathOf(location), i);
            if (!member.Sent.Attributes.TryGetValue(CoreKinds.Id.Name, out var given))
                continue;
            foreach (var id in new[] { given.Text, GivenId(member.Sent) is { } uuid ? uuid.ToString("D") : given.Text })
            {
                names.TryAdd(id, i);
                names.TryAdd("urn:uuid:" + id, i);
                names.TryAdd(member.Entity.Kind.Location + id, i);
            }
        }
        return names;
    }

    private static CreateEntity Resolved(OcciRequest request, CreateEntity command, Dictionary<string, int> names, Member[] members)
    {
        var attributes = new Dictionary<string, AttributeValue>(command.Attributes);
        foreach (var end in new[] { CoreKinds.Source, CoreKinds.Target })
        {
            if (attributes.TryGetValue(end.Name, out var value) && names.TryGetValue(request.PathOf(value.Text), out var member))
                attributes[end.Name] = AttributeValue.Of(members[member].Path);
        }
        return command with { Attributes = attributes, Links = [.. command.Links.Select(l => Resolved(request, l, names, members))] };
    }

    private static int? MemberAt(CreateEntity command, Attr end, Member[] members) =>
        command.Attributes.TryGetValue(end.Name, out var value) && Array.FindIndex(members, m => m.Path == value.Text) is var at and >= 0 ? at : null;
}
