using Controller.History.Tests.Cluster;

namespace Controller.History.Tests.Clients;

// What is beside machines, their disks and networks: templates, tags, security groups, reserved addresses, copies.
internal sealed partial class Client
{
    private const string Own_ = "http://controller.local/occi/infrastructure#";
    private const string Rules = "[{\\\"direction\\\":\\\"ingress\\\",\\\"protocol\\\":\\\"tcp\\\",\\\"ports\\\":\\\"22\\\"}]";
    private const string TagScheme = "http://example.org/tags#";

    /// <summary>A machine that goes on elsewhere when its host is lost.</summary>
    private Task CreateAvailable()
    {
        var made = New("compute", leased: true);
        made.State.Acknowledged("active");
        return Create(
            made, "\"occi.compute.cores\":1,\"occi.compute.memory\":1",
            "\"http://controller.local/occi/os_tpl#base\",\"http://controller.local/occi/placement#ha\",\"http://controller.local/occi/compute#pool\"", "\"local.controller.compute.pool\":\"shared\"");
    }

    /// <summary>A machine from a template, with a NIC in the same request. The NIC's id is the server's to choose.</summary>
    private async Task CreateConnected()
    {
        var networks = Own("network").ToList();
        if (networks.Count == 0)
            return;
        var network = Any(networks);
        var made = New("compute");
        made.HasInlineLinks = true;
        made.State.Acknowledged("active");
        made.Size.Acknowledged(0.5m);
        await Create(
            made, "\"occi.compute.cores\":1,\"occi.compute.memory\":0.5", "\"http://controller.local/occi/os_tpl#base\"",
            more: $$$""","links":[{"kind":"{{{Infrastructure}}}networkinterface","target":{"location":"{{{network.Path}}}"}}]""");
    }

    /// <summary>The template that comes of it is the project's; that its creation ends is seen by what is under way.</summary>
    private async Task Save(Tracked compute)
    {
        var name = $"{tenant}-{number}-saved-{_random.Next(1_000_000)}";
        await Send(
            "save", compute, "POST", $"{compute.Path}?action=save",
            $"Category: save; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/action#\"; class=\"action\"\nX-OCCI-Attribute: name=\"{name}\"\nX-OCCI-Attribute: method=\"{(_random.Next(2) == 0 ? "hot" : "deferred")}\"");
    }

    private async Task Copy(Tracked storage)
    {
        var action = _random.Next(2) == 0 ? "backup" : "snapshot";
        await Send(action, storage, "POST", $"{storage.Path}?action={action}", $"Category: {action}; scheme=\"http://schemas.ogf.org/occi/infrastructure/storage/action#\"; class=\"action\"");
    }

    private async Task Switch(Tracked storage)
    {
        var action = _random.Next(2) == 0 ? "online" : "offline";
        Learn(storage.State, action, await Send(
            action, storage, "POST", $"{storage.Path}?action={action}", $"Category: {action}; scheme=\"http://schemas.ogf.org/occi/infrastructure/storage/action#\"; class=\"action\""));
    }

    private async Task UpOrDown(Tracked network)
    {
        var (action, state) = _random.Next(2) == 0 ? ("up", "active") : ("down", "inactive");
        Learn(network.State, state, await Send(
            action, network, "POST", $"{network.Path}?action={action}", $"Category: {action}; scheme=\"http://schemas.ogf.org/occi/infrastructure/network/action#\"; class=\"action\""));
    }

    private async Task CreateGroup()
    {
        var made = New("securitygroup");
        made.State.Anything();
        await Create(made, $"\"local.controller.securitygroup.rules\":{Rules.Replace("\\", "", StringComparison.Ordinal)}", scheme: Own_);
    }

    private Task<Reply> ChangeGroup(Tracked group) =>
        Send("change group", group, "POST", group.Path, $"X-OCCI-Attribute: local.controller.securitygroup.rules=\"{(_random.Next(2) == 0 ? "[]" : Rules)}\"");

    private Task Join(Tracked compute, Tracked group)
    {
        var link = New("securitygrouplink", compute, group);
        link.State.Anything();
        return Create(link, "", more: $$$""","source":{"location":"{{{compute.Path}}}"},"target":{"location":"{{{group.Path}}}"}""", scheme: Own_);
    }

    private Task Reserve()
    {
        var made = New("ipreservation");
        made.State.Anything();
        return Create(made, "");
    }

    /// <summary>A tag is put on something, or taken off it, or made, or deleted; only the tag's collection is looked at.</summary>
    private async Task Tag()
    {
        var term = $"t{number}";
        var category = $"Category: {term}; scheme=\"{TagScheme}\"; class=\"mixin\"; location=\"/tag-{tenant}-{term}/\"";
        var reply = _random.Next(4) switch
        {
            0 => await session.Send("POST", "/-/", category, api: Api()),
            1 => await session.Send("DELETE", "/-/", category, api: Api()),
            2 when _mine.FirstOrDefault(t => t.Fate == Fate.Must && t.Source is null) is { } any => await session.Send("POST", $"/tag-{tenant}-{term}/", $"X-OCCI-Location: {any.Path}", api: Api()),
            _ when _mine.LastOrDefault(t => t.Fate == Fate.Must && t.Source is null) is { } any => await session.Send("DELETE", $"/tag-{tenant}-{term}/", $"X-OCCI-Location: {any.Path}", api: Api()),
            _ => await session.Send("GET", $"/tag-{tenant}-{term}/", api: Api()),
        };
        account.Operation("tag", reply, term);
    }

    /// <summary>What belongs to another user of the tenant is started and stopped; nobody knows then what it should be.</summary>
    private async Task Meddle()
    {
        if (shared.Others(this) is not { } other)
            return;
        other.State.Anything();
        var action = _random.Next(2) == 0 ? "start" : "stop";
        var reply = await session.Send(
            "POST", $"{other.Path}?action={action}", $"Category: {action}; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/action#\"; class=\"action\"", api: Api());
        other.Note($"{action} by client {number}: {reply}");
        account.Operation("meddle", reply, other.Path);
    }

    /// <summary>Somebody else has changed whether that machine is on.</summary>
    public void Forget(Guid machine)
    {
        lock (_mine)
            _mine.FirstOrDefault(t => t.Id == machine)?.State.Anything();
    }

    /// <summary>One that could be meddled with.</summary>
    public Tracked? Exposed
    {
        get
        {
            lock (_mine)
                return _mine.LastOrDefault(t => t.Kind == "compute" && t.Fate == Fate.Must);
        }
    }
}

/// <summary>What clients of a tenant know of each other.</summary>
internal sealed class Shared
{
    private readonly List<Client> _clients = [];

    public void Add(Client client) => _clients.Add(client);

    /// <summary>A compute of another client.</summary>
    public Tracked? Others(Client than) => _clients.FirstOrDefault(c => c != than)?.Exposed;
}
