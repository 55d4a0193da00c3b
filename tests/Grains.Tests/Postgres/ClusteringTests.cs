using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Orleans' membership protocol on our own queries: every write names the table version that it was decided on, and one of two wins.</summary>
[Collection("database")]
public sealed class ClusteringTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);
    private readonly string _cluster = Guid.NewGuid().ToString("N");
    private IHost _host = null!;   // set by InitializeAsync, as the other
    private IMembershipTable _table = null!;

    public async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (_cluster, _cluster))
            .UseAdoNetClustering(o => (o.Invariant, o.DataSource) = ("Npgsql", fixture.Database)));
        _host = builder.Build();
        _table = _host.Services.GetRequiredService<IMembershipTable>();
        await _table.InitializeMembershipTableAsync(true);
    }

    public async Task DisposeAsync()
    {
        await _table.DeleteMembershipTableEntriesAsync(_cluster);
        _host.Dispose();
    }

    [Fact]
    public async Task A_new_cluster_is_empty_and_has_a_version()
    {
        await _table.InitializeMembershipTableAsync(true);   // by the second silo: it changes nothing
        var all = await _table.ReadAllAsync();
        Assert.Empty(all.Members);
        Assert.Equal(0, all.Version.Version);
    }

    [Fact]
    public async Task A_row_goes_in_with_the_present_version_only()
    {
        var before = (await _table.ReadAllAsync()).Version;
        Assert.True(await _table.InsertRowAsync(Silo(1), before.Next()));
        var all = await _table.ReadAllAsync();
        Assert.Equal(before.Version + 1, all.Version.Version);
        Assert.NotEqual(before.VersionEtag, all.Version.VersionEtag);

        Assert.False(await _table.InsertRowAsync(Silo(2), before.Next()));
        Assert.Single((await _table.ReadAllAsync()).Members);
        Assert.Equal(all.Version, (await _table.ReadAllAsync()).Version);
    }

    [Fact]
    public async Task A_silo_that_is_there_is_not_inserted_again_and_the_version_stays()
    {
        await Insert(Silo(1));
        var before = (await _table.ReadAllAsync()).Version;
        Assert.False(await _table.InsertRowAsync(Silo(1, status: SiloStatus.Dead), before.Next()));
        var all = await _table.ReadAllAsync();
        Assert.Equal((before, SiloStatus.Active), (all.Version, Assert.Single(all.Members).Item1.Status));
    }

    [Fact]
    public async Task Of_many_who_insert_at_once_one_wins()
    {
        var version = (await _table.ReadAllAsync()).Version;
        var won = await Task.WhenAll(Enumerable.Range(1, 8).Select(i => Task.Run(() => _table.InsertRowAsync(Silo(i), version.Next()))));
        Assert.Single(won, w => w);
        Assert.Single((await _table.ReadAllAsync()).Members);
        Assert.Equal(version.Version + 1, (await _table.ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task An_update_with_a_stale_version_is_refused()
    {
        await Insert(Silo(1));
        var read = await _table.ReadRowAsync(Silo(1).SiloAddress);
        var (entry, etag) = Assert.Single(read.Members);
        entry.Status = SiloStatus.ShuttingDown;
        Assert.True(await _table.UpdateRowAsync(entry, etag, read.Version.Next()));
        entry.Status = SiloStatus.Dead;
        Assert.False(await _table.UpdateRowAsync(entry, etag, read.Version.Next()));
        var after = await _table.ReadRowAsync(entry.SiloAddress);
        Assert.Equal((SiloStatus.ShuttingDown, read.Version.Version + 1), (Assert.Single(after.Members).Item1.Status, after.Version.Version));
        Assert.True(await _table.UpdateRowAsync(entry, after.Members[0].Item2, after.Version.Next()));
    }

    [Fact]
    public async Task An_update_of_nobody_changes_no_version()
    {
        var before = (await _table.ReadAllAsync()).Version;
        Assert.False(await _table.UpdateRowAsync(Silo(7), "0", before.Next()));
        Assert.Equal(before, (await _table.ReadAllAsync()).Version);
    }

    [Fact]
    public async Task All_that_is_written_of_a_silo_is_read()
    {
        var written = Silo(1);
        await Insert(written);
        written.AddSuspector(Silo(2).SiloAddress, Noon.AddSeconds(3));
        written.AddSuspector(Silo(3).SiloAddress, Noon.AddSeconds(4));
        await Update(written);
        await Insert(Silo(2));
        var all = await _table.ReadAllAsync();
        Assert.Equal([1, 2], all.Members.Select(m => m.Item1.SiloAddress.Generation).Order());
        foreach (var read in new[] { all.TryGet(written.SiloAddress)!.Item1, (await _table.ReadRowAsync(written.SiloAddress)).Members.Single().Item1 })
            Assert.Equal(Words(written), Words(read));
        Assert.Empty((await _table.ReadRowAsync(Silo(9).SiloAddress)).Members);
        Assert.Equal(all.Version, (await _table.ReadRowAsync(Silo(9).SiloAddress)).Version);
    }

    [Fact]
    public async Task A_sign_of_life_changes_its_time_and_no_version()
    {
        await Insert(Silo(1));
        await Insert(Silo(2));
        var before = (await _table.ReadAllAsync()).Version;
        var entry = Silo(1);
        entry.IAmAliveTime = Noon.AddMinutes(5);
        await _table.UpdateIAmAliveAsync(entry);
        var all = await _table.ReadAllAsync();
        Assert.Equal((before, Noon.AddMinutes(5), Noon), (all.Version, all.TryGet(entry.SiloAddress)!.Item1.IAmAliveTime, all.TryGet(Silo(2).SiloAddress)!.Item1.IAmAliveTime));
    }

    [Fact]
    public async Task Defunct_silos_are_cleaned_up_and_active_ones_never()
    {
        await Insert(Silo(1));
        await Insert(Silo(2, status: SiloStatus.Dead));
        var recent = Silo(3, status: SiloStatus.Dead);
        recent.IAmAliveTime = Noon.AddHours(2);
        await Insert(recent);
        await _table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Noon).AddHours(1));
        Assert.Equal([1, 3], (await _table.ReadAllAsync()).Members.Select(m => m.Item1.SiloAddress.Generation).Order());
    }

    [Fact]
    public async Task A_cluster_sees_and_deletes_only_its_own()
    {
        await Insert(Silo(1));
        await fixture.Execute("INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES ('another') ON CONFLICT DO NOTHING");
        await _table.DeleteMembershipTableEntriesAsync(_cluster);
        Assert.Equal(["0"], await fixture.Rows("SELECT count(*) FROM OrleansMembershipTable WHERE DeploymentId = $1", _cluster));
        Assert.Equal(["1"], await fixture.Rows("SELECT count(*) FROM OrleansMembershipVersionTable WHERE DeploymentId = 'another'"));
    }

    [Fact]
    public async Task Gateways_are_active_silos_that_have_a_port_for_clients()
    {
        await Insert(Silo(1));
        await Insert(Silo(2, status: SiloStatus.Dead));
        var closed = Silo(3);
        closed.ProxyPort = 0;
        await Insert(closed);
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleansClient(client => client
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (_cluster, _cluster))
            .UseAdoNetClustering(o => (o.Invariant, o.DataSource) = ("Npgsql", fixture.Database)));
        using var host = builder.Build();
        var gateways = host.Services.GetRequiredService<IGatewayListProvider>();
        await gateways.InitializeGatewayListProvider();
        Assert.Equal("127.0.0.1:30001/1", Assert.Single(await gateways.GetGateways()) is { } only ? $"{only.Host}:{only.Port}{only.AbsolutePath}" : null);
    }

    private async Task Insert(MembershipEntry entry) => Assert.True(await _table.InsertRowAsync(entry, (await _table.ReadAllAsync()).Version.Next()));

    private async Task Update(MembershipEntry entry)
    {
        var read = await _table.ReadRowAsync(entry.SiloAddress);
        Assert.True(await _table.UpdateRowAsync(entry, read.Members.Single().Item2, read.Version.Next()));
    }

    private static MembershipEntry Silo(int number, SiloStatus status = SiloStatus.Active) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 11000 + number, number),
        SiloName = "silo-" + number, HostName = "machine", Status = status, ProxyPort = 30000 + number, StartTime = Noon, IAmAliveTime = Noon,
    };

    private static string Words(MembershipEntry e) => JsonSerializer.Serialize(new
    {
        Address = e.SiloAddress.ToParsableString(), e.SiloName, e.HostName, Status = e.Status.ToString(), e.ProxyPort, e.StartTime, e.IAmAliveTime,
        Suspects = e.SuspectTimes?.Select(s => $"{s.Item1.ToParsableString()} {s.Item2:s}").ToArray(),
    });
}
