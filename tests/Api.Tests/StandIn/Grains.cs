using System.Text.Json;
using Controller.Contracts;
using Npgsql;
using NpgsqlTypes;
using Occi;
using Occi.Core;

namespace Controller.Api.Tests.StandIn;

/// <summary>Writes rows as the silo's storage does.</summary>
internal sealed class RowWriter(NpgsqlDataSource database)
{
    public async Task Put(string key, byte[] payload, EntityView? view)
    {
        await using var command = database.CreateCommand("""
            insert into entity(state_name, id, entity_id, project, source, mixins, payload) values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (id, state_name) do update set payload = $7, mixins = $6, version = entity.version + 1
            """);
        var p = command.Parameters;
        p.AddWithValue(key[..key.IndexOf('/', StringComparison.Ordinal)]);
        p.AddWithValue(key);
        p.Add(new() { Value = (object?)view?.Id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        p.Add(new() { Value = (object?)view?.Project ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        p.Add(new() { Value = (object?)view?.Source ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        p.AddWithValue(view?.Mixins ?? []);
        p.AddWithValue(payload);
        await command.ExecuteNonQueryAsync();
    }

    public async Task Delete(string key)
    {
        await using var command = database.CreateCommand("delete from entity where id = $1");
        command.Parameters.AddWithValue(key);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Entities without machines: enough for HTTP's side of every request.</summary>
internal abstract class EntityStandIn(RowWriter rows) : Grain, IEntityGrain
{
    private const string StateAction = "start";
    private readonly List<(string Term, Guid Id)> _links = [];
    private EntityView? _view;

    private string Key => this.GetPrimaryKeyString();

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (_view is not null)
            return _view.Project == command.Caller.Project ? new(OutcomeKind.AlreadyDone, View: await View(command.Caller)) : new(OutcomeKind.Conflict, "taken");
        if (command.Attributes.TryGetValue(CoreKinds.Title.Name, out var title) && title.Text == "refuse me")
            return new(OutcomeKind.NoCapacity, "no host has room: 1 too small");
        var source = command.Attributes.TryGetValue(CoreKinds.Source.Name, out var from) ? Guid.Parse(from.Text.AsSpan(from.Text.LastIndexOf('/') + 1)) : (Guid?)null;
        await Write(new EntityView
        {
            Id = command.Id, Kind = command.Kind, Project = command.Caller.Project, Mixins = command.Mixins, Attributes = command.Attributes,
            Actions = TypeId.TryParse(command.Kind, out var id) && StandardModel.Catalogue.Find(id) is Kind kind ? [.. kind.AllActions.Take(1).Select(a => a.Id.ToString())] : [],
            Version = 1, Source = source,
        });
        foreach (var link in command.Links)
            await AddLink(link);
        return new(OutcomeKind.Created, View: await View(command.Caller));
    }

    public async Task<EntityView?> View(Caller caller)
    {
        if (_view is null || !caller.Sees(_view.Project))
            return null;
        var links = await Task.WhenAll(_links.Select(l => GrainFactory.Entity(l.Term, l.Id).View(caller)));
        return _view with { Links = [.. links.OfType<EntityView>()] };
    }

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (await View(command.Caller) is not { } view)
            return new(OutcomeKind.NotFound);
        if (command.IfVersion is { } wanted && wanted != view.Version)
            return new(OutcomeKind.Conflict, "version");
        var attributes = command.Replace ? [] : new Dictionary<string, AttributeValue>(view.Attributes);
        foreach (var (name, value) in command.Attributes)
            attributes[name] = value;
        await Write(view with
        {
            Attributes = attributes, Version = view.Version + 1,
            Mixins = command.Replace ? command.Mixins : [.. view.Mixins.Except(command.RemoveMixins).Union(command.Mixins)],
        });
        foreach (var link in command.Links)
            await AddLink(link);
        return new(OutcomeKind.Done, View: await View(command.Caller));
    }

    public async Task<Outcome> Invoke(InvokeAction command)
    {
        if (await View(command.Caller) is not { } view)
            return new(OutcomeKind.NotFound);
        return command.Action.EndsWith('#' + StateAction, StringComparison.Ordinal)
            ? new(OutcomeKind.Done, View: view)
            : new(OutcomeKind.Conflict, "Not possible while inactive.");
    }

    public async Task<Outcome> Delete(DeleteEntity command)
    {
        if (await View(command.Caller) is null)
            return new(OutcomeKind.NotFound);
        foreach (var (term, id) in _links)
            await GrainFactory.Entity(term, id).Delete(command);
        (_view, _) = (null, 0);
        await rows.Delete(Key);
        return new(OutcomeKind.Done);
    }

    public Task Reconcile() => Task.CompletedTask;

    private async Task AddLink(CreateEntity link)
    {
        Assert.True(TypeId.TryParse(link.Kind, out var kind));
        var path = $"/{Key}";
        await GrainFactory.Entity(kind.Term, link.Id).Create(link with
        {
            Attributes = new(link.Attributes) { [CoreKinds.Source.Name] = AttributeValue.Of(path) },
        });
        _links.Add((kind.Term, link.Id));
    }

    private Task Write(EntityView view) =>
        rows.Put(Key, JsonSerializer.SerializeToUtf8Bytes(new Row<EntityView>(_view = view), ContractsJson.Default.RowEntityView), view);
}

[GrainType("compute")] internal sealed class ComputeStandIn(RowWriter rows) : EntityStandIn(rows);

[GrainType("network")] internal sealed class NetworkStandIn(RowWriter rows) : EntityStandIn(rows);

[GrainType("storage")] internal sealed class StorageStandIn(RowWriter rows) : EntityStandIn(rows);

[GrainType("networkinterface")] internal sealed class NetworkInterfaceStandIn(RowWriter rows) : EntityStandIn(rows);

[GrainType("storagelink")] internal sealed class StorageLinkStandIn(RowWriter rows) : EntityStandIn(rows);

[GrainType("token")]
internal sealed class TokenStandIn(RowWriter rows) : Grain, ITokenGrain
{
    private TokenView? _view;

    public async Task<bool> Create(string name, Guid project, Role role, DateTimeOffset? expires)
    {
        await Write(new(Guid.NewGuid(), name, project, role, TimeProvider.System.GetUtcNow(), expires, null));
        return true;
    }

    public Task<TokenView?> View() => Task.FromResult(_view);

    public async Task<bool> Revoke()
    {
        await Write(_view! with { Revoked = TimeProvider.System.GetUtcNow() });
        return true;
    }

    private Task Write(TokenView view) =>
        rows.Put(this.GetPrimaryKeyString(), JsonSerializer.SerializeToUtf8Bytes(new Row<TokenView>(_view = view), ContractsJson.Default.RowTokenView), null);
}

[GrainType("project")]
internal sealed class ProjectStandIn(RowWriter rows) : Grain, IProjectGrain
{
    private ProjectView? _view;

    public async Task<bool> Create(string name, Quota quota)
    {
        _view = new(GrainKeys.IdOf(this.GetPrimaryKeyString()), name, TimeProvider.System.GetUtcNow(), quota);
        await rows.Put(this.GetPrimaryKeyString(), JsonSerializer.SerializeToUtf8Bytes(new Row<ProjectView>(_view), ContractsJson.Default.RowProjectView), null);
        return true;
    }

    public Task<ProjectView?> View() => Task.FromResult(_view);

    public Task<bool> SetQuota(Quota quota) => Task.FromResult(false);
}

[GrainType("join")]
internal sealed class JoinTokenStandIn : Grain, IJoinTokenGrain
{
    public Task<bool> Create(string createdBy, DateTimeOffset expires) => Task.FromResult(true);

    public Task<JoinResult> Redeem() => Task.FromResult(new JoinResult(null, "used"));
}

[GrainType("image")]
internal sealed class ImageStandIn(RowWriter rows) : Grain, IImageGrain
{
    private ImageView? _view;

    public async Task<ImageView> Put(string title, string sha256, string format, long sizeBytes, long virtualSizeBytes)
    {
        var key = this.GetPrimaryKeyString();
        _view = new(key["image/".Length..], title, sha256, format, sizeBytes, virtualSizeBytes, TimeProvider.System.GetUtcNow());
        await rows.Put(key, JsonSerializer.SerializeToUtf8Bytes(new Row<ImageView>(_view), ContractsJson.Default.RowImageView), null);
        return _view;
    }

    public Task<ImageView?> View() => Task.FromResult(_view);

    public async Task<bool> Delete()
    {
        if (_view is null)
            return false;
        _view = null;
        await rows.Delete(this.GetPrimaryKeyString());
        return true;
    }
}
