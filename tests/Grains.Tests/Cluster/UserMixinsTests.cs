using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Testing;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>A mixin that is removed leaves no entity with it, whatever happens in between. In a cluster of its own, whose clock is put forward.</summary>
public sealed class UserMixinsTests : IClassFixture<SweeperTests.Swept>, IAsyncLifetime
{
    private const string Tag = "http://example.com/tags#tag";
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(31);   // they get rarer, up to half a minute
    private readonly SweeperTests.Swept _cluster;
    private readonly Caller _me = new(Guid.NewGuid(), Role.Member, "tester");
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public UserMixinsTests(SweeperTests.Swept cluster) => _cluster = cluster;

    private IUserMixinsGrain Mixins => _cluster.Grains.UserMixins(_me.Project);

    public async Task InitializeAsync() => _host = await _cluster.Host();

    public Task DisposeAsync() => _cluster.Retire(_host);

    [Fact]
    public async Task A_removal_that_was_cut_short_is_finished_although_nobody_calls_it()
    {
        Assert.Equal(OutcomeKind.Created, (await Mixins.Add(Adding())).Kind);
        var (one, other) = (await Network(Tag), await Network(Tag));
        // The other one's row has moved under its grain: what it writes next fails, once.
        await Execute("UPDATE entity SET version = version + 1 WHERE entity_id = $1", other);
        Assert.Equal(OutcomeKind.Done, (await Mixins.Remove(Removing())).Kind);
        Assert.Equal((0, 1, 1), (await Having(one), await Having(other), await Unfinished()));
        Assert.Equal(0, await _cluster.Count($"SELECT jsonb_array_length(convert_from(payload, 'UTF8')::jsonb #> '{{view,mixins}}')::bigint FROM entity WHERE state_name = 'usermixins' AND entity_id = $1", _me.Project));

        await Forget();
        _cluster.Clock.Forward(NextLook);
        await Eventually.Is("the other one has lost it, too", async () => await Having(other) == 0);
        Assert.Equal(OutcomeKind.AlreadyDone, (await Mixins.Remove(Removing())).Kind);
    }

    [Fact]
    public async Task An_update_that_comes_late_does_not_bring_it_back_and_the_watch_ends()
    {
        Assert.Equal(OutcomeKind.Created, (await Mixins.Add(Adding())).Kind);
        var network = await Network();
        Assert.Equal(OutcomeKind.Done, (await Mixins.Remove(Removing())).Kind);
        // Checked before the removal, carried out after it.
        Assert.True((await _cluster.Entity("network", network).Update(new() { Caller = _me, Mixins = [Tag] })).Ok);
        Assert.Equal(1, await Having(network));
        await Wake();
        _cluster.Clock.Forward(NextLook);
        await Eventually.Is("it was taken away again", async () => await Having(network) == 0);
        await Eventually.Is("nothing is unfinished", async () =>
        {
            _cluster.Clock.Forward(NextLook);
            return await Unfinished() == 0;
        });
        Assert.Equal(OutcomeKind.NotFound, (await Mixins.Remove(Removing())).Kind);
    }

    [Fact]
    public async Task Who_has_the_old_one_does_not_get_the_new_one_of_that_name()
    {
        Assert.Equal(OutcomeKind.Created, (await Mixins.Add(Adding())).Kind);
        var network = await Network();
        Assert.Equal(OutcomeKind.Done, (await Mixins.Remove(Removing())).Kind);
        Assert.True((await _cluster.Entity("network", network).Update(new() { Caller = _me, Mixins = [Tag] })).Ok);
        Assert.Equal(OutcomeKind.Created, (await Mixins.Add(Adding())).Kind);
        Assert.Equal((0, 0), (await Having(network), await Unfinished()));
        Assert.Equal(OutcomeKind.AlreadyDone, (await Mixins.Add(Adding())).Kind);
    }

    [Fact]
    public async Task Many_entities_lose_it_and_keep_what_else_they_have()
    {
        Assert.Equal(OutcomeKind.Created, (await Mixins.Add(new(_me, [new(Tag, "/tag/", null), new("http://example.com/tags#kept", "/kept/", null)], 10))).Kind);
        var networks = await Task.WhenAll(Enumerable.Range(0, 70).Select(_ => Network(Tag, "http://example.com/tags#kept")));
        Assert.Equal(OutcomeKind.Done, (await Mixins.Remove(Removing())).Kind);
        await Wake();
        await Eventually.Is("none has it", async () =>
        {
            _cluster.Clock.Forward(NextLook);
            return await _cluster.Count($"SELECT count(*) FROM entity WHERE project = $1 AND mixins && array['{Tag}']", _me.Project) == 0;
        });
        foreach (var network in networks)
            Assert.Equal(["http://example.com/tags#kept"], (await _cluster.Entity("network", network).View(_me))!.Mixins);
    }

    private AddUserMixins Adding() => new(_me, [new(Tag, "/tag/", null)], 10);

    private RemoveUserMixins Removing() => new(_me, [Tag]);

    private async Task<Guid> Network(params string[] mixins)
    {
        var id = Guid.NewGuid();
        var made = await _cluster.Entity("network", id).Create(new() { Caller = _me, Id = id, Kind = Model.Network.Kind.ToString(), Mixins = mixins });
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        return id;
    }

    private Task<long> Having(Guid entity) => _cluster.Count($"SELECT count(*) FROM entity WHERE entity_id = $1 AND mixins && array['{Tag}']", entity);

    private Task<long> Unfinished() => _cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'usermixins' AND due IS NOT NULL AND entity_id = $1", _me.Project);

    private async Task Execute(string sql, Guid about)
    {
        await using var command = _cluster.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = about });
        await command.ExecuteNonQueryAsync();
    }

    private Task Wake() => _cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();

    /// <summary>All grains leave memory, as when their silos died; then the sweeper is woken, as every silo does all few seconds.</summary>
    private async Task Forget()
    {
        await _cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await Wake();
    }
}
