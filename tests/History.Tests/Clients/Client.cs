using System.Globalization;
using Controller.History.Tests.Cluster;

namespace Controller.History.Tests.Clients;

/// <summary>
/// One user of a tenant: does one random thing after the other with entities of its own, and writes down what it was told. Nobody else changes them, so that it knows what must be.
/// </summary>
internal sealed partial class Client(int number, string tenant, Session session, Shared shared, Account account, int seed)
{
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";
    private const int Most = 5;   // of a kind at a time

    private readonly Random _random = new(seed);
    private readonly List<Tracked> _mine = [];
    private int _copies;
    private int _made;

    /// <summary>Everything that it ever asked for.</summary>
    public IReadOnlyList<Tracked> Mine => _mine;

    public async Task Run(Func<bool> goesOn)
    {
        while (goesOn())
            await Step();
    }

    private IEnumerable<Tracked> Own(string kind) => _mine.Where(t => t.Kind == kind && t.Fate == Fate.Must);

    private Task Step()
    {
        var (computes, storages, networks) = (Own("compute").ToList(), Own("storage").ToList(), Own("network").ToList());
        var (groups, reservations) = (Own("securitygroup").ToList(), Own("ipreservation").ToList());
        (int Weight, Func<Task> Do)[] choices =
        [
            (computes.Count < Most ? 14 : 0, CreateCompute),
            (storages.Count < Most ? 5 : 0, CreateStorage),
            (networks.Count < 2 ? 3 : 0, CreateNetwork),
            (computes.Count > 0 ? 14 : 0, () => Power(Any(computes))),
            (computes.Count > 0 ? 6 : 0, () => Resize(Any(computes))),
            (storages.Count > 0 ? 4 : 0, () => Grow(Any(storages))),
            (6, () => Own("compute").Concat(Own("storage")).Concat(Own("network")).ToList() is { Count: > 0 } any ? Rename(Any(any)) : Task.CompletedTask),
            (8, () => _mine.Where(t => t.Fate == Fate.Must).ToList() is { Count: > 0 } any ? Read(Any(any)) : Task.CompletedTask),
            (1, List),
            (computes.Count > 0 ? 7 : 0, () => Attach(Any(computes))),
            (5, () => _mine.Where(t => t.Fate == Fate.Must && t.Source is not null).ToList() is { Count: > 0 } links ? Delete(Any(links)) : Task.CompletedTask),
            (computes.Count > 2 ? 10 : 1, () => computes.Count > 0 ? Delete(Any(computes)) : Task.CompletedTask),
            (storages.Count > 2 ? 4 : 1, () => storages.Count > 0 ? Delete(Any(storages)) : Task.CompletedTask),
            (networks.Count > 1 ? 2 : 0, () => Delete(Any(networks))),
            (3, () => _mine.Where(t => t.Fate == Fate.May).ToList() is { Count: > 0 } lost ? Delete(Any(lost)) : Task.CompletedTask),
            (2, Batch),
            (computes.Count < Most ? 3 : 0, CreateAvailable),
            (computes.Count < Most ? 3 : 0, CreateConnected),
            (computes.Count > 0 ? 1 : 0, () => Save(Any(computes))),
            (storages.Count > 0 && _copies++ % 8 == 0 ? 1 : 0, () => Copy(Any(storages))),
            (storages.Count > 0 ? 1 : 0, () => Switch(Any(storages))),
            (networks.Count > 0 ? 1 : 0, () => UpOrDown(Any(networks))),
            (groups.Count < 2 ? 1 : 0, CreateGroup),
            (groups.Count > 0 ? 1 : 0, () => ChangeGroup(Any(groups))),
            (groups.Count > 0 && computes.Count > 0 ? 2 : 0, () => Join(Any(computes), Any(groups))),
            (groups.Count > 1 ? 1 : 0, () => Delete(Any(groups))),
            (reservations.Count < 2 ? 1 : 0, Reserve),
            (reservations.Count > 0 ? 1 : 0, () => Delete(Any(reservations))),
            (2, Tag),
            (2, Meddle),
        ];
        var at = _random.Next(choices.Sum(c => c.Weight));
        return choices.First(c => (at -= c.Weight) < 0).Do();
    }

    // ---------------------------------------------------------------- creating

    private Task CreateCompute()
    {
        var made = New("compute");
        var cores = _random.Next(1, 4);
        var memory = _random.Next(1, 5) * 0.5m;
        made.Cores.Acknowledged(cores);
        made.Size.Acknowledged(memory);
        made.State.Acknowledged("active");
        return Create(made, $"\"occi.compute.cores\":{cores},\"occi.compute.memory\":{memory.ToString(CultureInfo.InvariantCulture)}");
    }

    private Task CreateStorage()
    {
        var made = New("storage");
        var size = _random.Next(1, 5);
        made.Size.Acknowledged(size);
        made.State.Acknowledged("online");
        return Create(made, $"\"occi.storage.size\":{size}", _random.Next(2) == 0 ? "" : "\"http://controller.local/occi/storage#pool\"", "\"local.controller.storage.pool\":\"shared\"");
    }

    private Task CreateNetwork()
    {
        var made = New("network");
        made.State.Acknowledged("active");
        return Create(made, "", _random.Next(3) == 0 ? "" : "\"http://schemas.ogf.org/occi/infrastructure/network#ipnetwork\"");
    }

    private Tracked New(string kind, Tracked? source = null, Tracked? target = null, Guid? batch = null, bool leased = false)
    {
        // Not with a random number of its own: the same seed gives the same ids.
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        var made = new Tracked(tenant, kind, new Guid(bytes), $"{tenant}-{number}-{++_made}") { Source = source, Target = target, Batch = batch, IsLeased = leased };
        lock (_mine)
            _mine.Add(made);
        return made;
    }

    /// <summary>In one of the ways in which a client creates: with an id that it chooses (POST or PUT), or with an Idempotency-Key and an id that the server chooses. What is not answered is mostly asked again.</summary>
    private async Task Create(Tracked made, string attributes, string mixin = "", string mixinAttributes = "", string more = "", string scheme = Infrastructure)
    {
        var way = made.Source is null ? _random.Next(3) : 0;
        attributes = string.Join(',', ((string[])[attributes, mixin.Length > 0 ? mixinAttributes : ""]).Where(a => a.Length > 0));
        var body =
            $$$"""{"kind":"{{{scheme}}}{{{made.Kind}}}","title":"{{{made.Title.Sure}}}"{{{(way == 2 ? "" : $",\"id\":\"urn:uuid:{made.Id:D}\"")}}},"mixins":[{{{mixin}}}],"attributes":{ {{{attributes}}} }{{{more}}} }""";
        made.HasUnknownId = way == 2;
        (string, string)[] headers = way == 2 ? [("Idempotency-Key", made.Title.Sure)] : [];
        for (var tries = 0; ; tries++)
        {
            var reply = await Send("create " + made.Kind, made, way == 1 ? "PUT" : "POST", way == 1 ? made.Path : $"/{made.Kind}/", body, Session.OcciJson, headers);
            if (reply.Acknowledged)
            {
                if (reply.Location?.Split('/')[^1] is { } id)
                    made.Id = Guid.Parse(id);
                made.HasUnknownId = false;
                made.Fate = Fate.Must;
                return;
            }
            if (reply.Refused)
            {
                // Of an earlier try it may have come to be.
                made.Fate = tries == 0 ? Fate.MustNot : Fate.May;
                return;
            }
            made.MadeTwice = TimeProvider.System.GetTimestamp();
            if (tries > 6 || _random.Next(8) == 0)
                return;
            await Pause();
        }
    }

    private async Task Attach(Tracked compute)
    {
        if (_random.Next(2) == 0)
        {
            var networks = Own("network").Concat(Own("ipreservation").Where(r => !_mine.Any(l => l.Target == r && l.Fate != Fate.MustNot))).ToList();
            if (networks.Count == 0)
                return;
            var network = Any(networks);
            await Link(New("networkinterface", compute, network));
        }
        else if (Own("storage").Where(s => !_mine.Any(l => l.Target == s && l.Fate != Fate.MustNot)).ToList() is { Count: > 0 } free)
        {
            await Link(New("storagelink", compute, Any(free)));
        }
    }

    private Task Link(Tracked link)
    {
        link.State.Anything();
        return Create(link, "", more: $$$""","source":{"location":"{{{link.Source!.Path}}}"},"target":{"location":"{{{link.Target!.Path}}}"}""");
    }

    /// <summary>Some networks and storages in one request: all come to be, or none.</summary>
    private async Task Batch()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        var batch = new Guid(bytes);
        var members = Enumerable.Range(0, _random.Next(2, 4)).Select(_ => New("storage", batch: batch)).ToList();
        foreach (var member in members)
            member.State.Acknowledged("online");
        var bodies = members.Select(m => $$$"""{"kind":"{{{Infrastructure}}}storage","id":"urn:uuid:{{{m.Id:D}}}","title":"{{{m.Title.Sure}}}","attributes":{"occi.storage.size":1}}""");
        var reply = await Send("create batch", members[0], "POST", "/", $$"""{"resources":[{{string.Join(',', bodies)}}]}""", Session.OcciJson, ("Idempotency-Key", members[0].Title.Sure));
        foreach (var member in members)
        {
            member.Fate = reply.Acknowledged ? Fate.Must : reply.Refused ? Fate.MustNot : Fate.May;
            member.MadeTwice = reply.Unknown ? TimeProvider.System.GetTimestamp() : null;
            member.Note($"batch {batch}: {reply}");
        }
    }

    // ---------------------------------------------------------------- changing

    private async Task Power(Tracked compute)
    {
        var (action, parameter, state) = _random.Next(9) switch
        {
            0 or 1 => ("start", "", "active"),
            2 => ("stop", "poweroff", "inactive"),
            3 => ("stop", "acpioff", "inactive"),
            4 => ("stop", "graceful", "inactive"),
            5 => ("restart", "cold", "active"),
            6 => ("restart", "warm", "active"),
            7 => ("suspend", "suspend", "suspended"),
            _ => ("suspend", "hibernate", "suspended"),
        };
        var reply = await Send(
            action, compute, "POST", $"{compute.Path}?action={action}",
            $"Category: {action}; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/action#\"; class=\"action\"" + (parameter.Length > 0 ? $"\nX-OCCI-Attribute: method=\"{parameter}\"" : ""));
        Learn(compute.State, state, reply);
    }

    private async Task Resize(Tracked compute)
    {
        var cores = _random.Next(1, 4);
        Learn(compute.Cores, cores, await Send("resize", compute, "POST", compute.Path, $"X-OCCI-Attribute: occi.compute.cores={cores}"));
    }

    private async Task Grow(Tracked storage)
    {
        var size = storage.Size.Sure + 1;
        var reply = _random.Next(2) == 0
            ? await Send("grow", storage, "POST", storage.Path, $"X-OCCI-Attribute: occi.storage.size={size}")
            : await Send(
                "grow", storage, "POST", $"{storage.Path}?action=resize",
                $"Category: resize; scheme=\"http://schemas.ogf.org/occi/infrastructure/storage/action#\"; class=\"action\"\nX-OCCI-Attribute: size={size}");
        Learn(storage.Size, size, reply);
    }

    /// <summary>A new title, sometimes on the condition that nobody else has changed the entity meanwhile.</summary>
    private async Task Rename(Tracked entity)
    {
        var title = $"{entity.Title.Sure.Split('/')[0]}/{_random.Next(1_000_000)}";
        (string, string)[] headers = [];
        if (_random.Next(2) == 0 && await Read(entity) is { ETag: { } tag })
            headers = [("If-Match", tag)];
        Learn(entity.Title, title, await Send("rename", entity, "POST", entity.Path, $"X-OCCI-Attribute: occi.core.title=\"{title}\"", "text/plain", headers));
    }

    private static void Learn<T>(Possible<T> of, T value, Reply reply)
    {
        if (reply.Acknowledged)
            of.Acknowledged(value);
        else if (reply.Unknown)
            of.Unknown(value);
    }

    // ---------------------------------------------------------------- deleting

    private async Task Delete(Tracked entity)
    {
        if (!entity.IsSettled || entity.HasUnknownId)
            return;
        var links = _mine.Where(l => l.Source == entity && l.Fate != Fate.MustNot).ToList();
        if (links.Any(l => !l.IsSettled))
            return;
        var reply = await Send("delete " + entity.Kind, entity, "DELETE", entity.Path, expectsAbsence: entity.Fate != Fate.Must);
        // From the moment on that nobody answers it may be gone; nobody will bring it back.
        foreach (var gone in links.Prepend(entity))
        {
            if (reply.Acknowledged || reply.Status == 404)
                gone.Fate = Fate.MustNot;
            else if (reply.Unknown)
                gone.Fate = Fate.May;
        }
    }

    // ---------------------------------------------------------------- looking

    private async Task<Reply> Read(Tracked entity)
    {
        var reply = await Send("read", entity, "GET", entity.Path);
        if (reply.Status == 200)
        {
            var title = reply.Json.GetProperty("title").GetString()!;
            if (!entity.Title.Allows(title))
                Wrong(entity, $"its title is {title}, and should be {entity.Title}");
        }
        return reply;
    }

    /// <summary>It as it is now, outside the history.</summary>
    public Task<Reply> Look(Tracked entity) => session.Send("GET", entity.Path);

    private async Task List()
    {
        var reply = await session.Send("GET", "/compute/", api: Api(), accept: "text/uri-list");
        account.Operation("list", reply, tenant);
        if (!reply.Acknowledged)
            return;
        var found = reply.Body.Split('\n').Select(l => l.Trim().Split('/')[^1]).ToHashSet();
        foreach (var compute in _mine.Where(t => t.Kind == "compute"))
        {
            if (compute.Fate == Fate.Must != found.Contains(compute.Id.ToString("D")) && compute.Fate != Fate.May)
                Wrong(compute, $"its fate is {compute.Fate}, and it is {(compute.Fate == Fate.Must ? "not " : "")}in the list");
        }
    }

    // ---------------------------------------------------------------- common

    private async Task<Reply> Send(
        string what, Tracked about, string method, string path, string? body = null, string contentType = "text/plain", (string, string)[]? headers = null, bool expectsAbsence = false)
    {
        var must = about.Fate == Fate.Must;
        var reply = await session.Send(method, path, body, contentType, Api(), Session.OcciJson, headers ?? []);
        about.Note($"{what} {(body is { Length: < 200 } ? body.ReplaceLineEndings(" ") : "")}: {reply}");
        account.Operation(what, reply, about.Path);
        if (must && !expectsAbsence && reply.Status == 404)
            Wrong(about, $"{what} was answered with 404, and its creation was acknowledged");
        return reply;
    }

    private Task<Reply> Send(string what, Tracked about, string method, string path, string? body, string contentType, params (string, string)[] headers) =>
        Send(what, about, method, path, body, contentType, headers, false);

    private void Wrong(Tracked about, string what) => account.Violation($"{about}: {what}\n  {string.Join("\n  ", about.Story)}");

    private int Api() => _random.Next(2);

    private Task Pause() => Task.Delay(_random.Next(100, 500));

    private T Any<T>(List<T> of) => of[_random.Next(of.Count)];
}
