using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Enrolment;
using Controller.Agent.Peers;
using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;
using Controller.Agent.Tests.Drivers;
using Controller.Agent.Tests.Harness;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Controller.Agent.Tests.Peers;

/// <summary>What an agent lets another host's do, and what is left when the migration that it was let in for is over.</summary>
public sealed class PeerTests : PeerTest
{
    [Fact]
    public async Task What_is_made_for_a_migration_that_was_called_off_meanwhile_does_not_stay()
    {
        var (agent, session) = await Listening();
        while (!await CallOffWhileAVolumeComes(agent, session))
        {
            // It was called off before the driver was asked.
        }
        var driver = agent.Services.GetRequiredService<ActiveDriver>().Driver;
        await Bench.Until(async () => (await driver.Inspect(default)).Volumes.Count == 0, () => Task.FromResult("what came late to be removed"));
    }

    /// <summary>The driver is at it for longer than the agent needs to remove what there is. False: it was not asked any more.</summary>
    private async Task<bool> CallOffWhileAVolumeComes(TestAgent agent, TestSession session)
    {
        var (coming, along) = Coming();
        await session.Want(coming);
        await using var peer = Peer(session, coming);
        agent.Faults.Slow("Receive", TimeSpan.Zero);
        await peer.Ask(new() { Look = new() }, default);
        agent.Faults.Slow("Receive", TimeSpan.FromSeconds(5));
        var volume = peer.Ask(new() { Volume = Content(along) }, default);
        await session.Want(coming.Absent(), new DesiredObject { Id = along.VolumeId, Incarnation = along.TargetIncarnation, Generation = 9, Kind = ObjectKind.ObjectVolume, Absent = true });
        // What comes late is removed again, as of a later generation than any; that may be said before somebody has looked at the first.
        await Eventually.That(() => session.Machine(coming.Id) is { Power: Power.Absent, Generation: >= 2 } && session.Volume(along.VolumeId) is { Present: false, Generation: >= 9 }, "both are gone");
        try
        {
            await volume;
            return true;
        }
        catch (DriverException refused) when (refused.Code == "no-such-migration")
        {
            return false;
        }
    }

    [Fact]
    public async Task A_machine_that_has_become_the_hosts_own_is_left_alone_when_its_migration_is_over()
    {
        var (agent, session) = await Listening();
        var (coming, along) = Coming();
        await session.Want(coming);
        await using var peer = Peer(session, coming);
        await peer.Ask(new() { Volume = Content(along) }, default);
        await peer.Ask(new() { Arrive = new() { State = new SimulatedMachine { Id = coming.Id, Incarnation = coming.Incarnation, Power = Power.Paused, Spec = coming.Machine, Running = coming.Machine }.ToByteString() } }, default);

        var ours = coming.Of(Power.Running);
        ours.Machine.Incoming = null;
        await session.Want(
            new DesiredObject { Id = along.VolumeId, Incarnation = along.TargetIncarnation, Generation = 1, Kind = ObjectKind.ObjectVolume, Volume = new() { SizeBytes = 1 << 20, Existing = true } }, ours);
        await session.Until(coming.Id, Power.Running, 2);
        await Bench.Refused("no-such-migration", () => peer.Ask(new() { Look = new() }, default));
        await session.Want(ours.Of(Power.Running));   // whatever is done to it is done before this
        await session.Until(coming.Id, Power.Running, 3);
        Assert.Single((await agent.Services.GetRequiredService<ActiveDriver>().Driver.Inspect(default)).Volumes);
    }
}

/// <summary>With a libvirtd to be reached.</summary>
[NeedsLibvirt]
public sealed class LibvirtPeerTests(TcgLibvirtHost host) : PeerTest, IClassFixture<TcgLibvirtHost>
{
    [DriverFact]
    public async Task A_tunnel_to_libvirtd_lasts_as_long_as_its_migration()
    {
        using var pool = new ScratchDirectory();
        var (_, session) = await Listening(("Agent:Driver", "Libvirt"), ("Libvirt:Uri", host.Uri), ("Libvirt:Directory", pool.Path), ("Libvirt:Acceleration", "Tcg"));
        var (coming, _) = Coming();
        await session.Want(coming);
        await using var peer = Peer(session, coming);
        await using var tunnel = await peer.Open(Channel.Hypervisor, default);
        // libvirtd closes a connection of which it understands nothing, and waits for the rest of what it may.
        await tunnel.WriteAsync(new byte[] { 0, 0, 0, 28 });
        var end = tunnel.ReadAsync(new byte[1]).AsTask();
        await peer.Ask(new() { Look = new() }, default);
        Assert.False(end.IsCompleted);

        await session.Want(coming.Absent());
        Assert.True(await end.WaitAsync(Bench.Patience).ContinueWith(read => read.IsFaulted ? read.Exception!.InnerException is IOException : read.Result == 0, TaskScheduler.Default));
    }
}

/// <summary>An agent that lets others in, and one that comes.</summary>
public abstract class PeerTest : ConnectedTest
{
    private readonly string _source = Guid.NewGuid().ToString();

    private protected static PeerVolume Content(MovingVolume along) =>
        new() { VolumeId = along.VolumeId, Data = new() { Data = new SimulatedVolume { SizeBytes = 1 << 20 }.ToByteString() } };

    private protected Task<(TestAgent Agent, TestSession Session)> Listening(params (string Key, string Value)[] settings) => Connect([("Agent:PeerListen", "127.0.0.1:0"), .. settings]);

    /// <summary>A machine that is announced, with a volume that comes along.</summary>
    private protected (DesiredObject Machine, MovingVolume Along) Coming()
    {
        var volume = Want.Volume();
        var machine = Want.Machine(volume);
        var along = new MovingVolume { VolumeId = volume.Id, Incarnation = volume.Incarnation, TargetIncarnation = Guid.NewGuid().ToString() };
        machine.Machine.Incoming = new() { MigrationId = Guid.NewGuid().ToString(), SourceHost = _source, Secret = "secret", Volumes = { along } };
        return (machine, along);
    }

    /// <summary>The source's end.</summary>
    private protected PeerClient Peer(TestSession target, DesiredObject coming)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = Cluster.Issue(new CertificateRequest($"CN={_source}", key, HashAlgorithmName.SHA256), TestCluster.ClientPurpose);
        var order = new Migrate
        {
            MigrationId = coming.Machine.Incoming.MigrationId, Secret = "secret", TargetHost = target.CertificateName, TargetEndpoint = target.Hello.Capabilities.PeerEndpoint,
            TargetIncarnation = coming.Incarnation,
        };
        return new(new() { Value = new HostIdentity(bare.CopyWithPrivateKey(key), Cluster.Authority) }, new(coming.Id, Guid.NewGuid().ToString(), coming.Machine, order), TimeProvider.System);
    }
}
