namespace Controller.Contracts;

/// <summary>An entity of which there is something on a host.</summary>
[Alias("IHostedGrain")]
public interface IHostedGrain : IEntityGrain
{
    /// <summary>What is wanted of it on that host now; null: nothing is known of it there (so nothing is to be removed either).</summary>
    [Alias("DesiredOn"), Orleans.Concurrency.AlwaysInterleave] Task<DesiredObject?> DesiredOn(Guid host);

    /// <summary>An incarnation was seen on a host that the entity does not know: true when it is certain that it must go.</summary>
    [Alias("IsStray"), Orleans.Concurrency.AlwaysInterleave] Task<bool> IsStray(Guid host, Guid incarnation);

    /// <summary>An operator removed that host for good, with whatever was on it. Repeating it, or telling one that is elsewhere, changes nothing.</summary>
    [Alias("HostRemoved")] Task HostRemoved(Guid host, string name);
}

[Alias("IComputeGrain")]
public interface IComputeGrain : IHostedGrain
{
    [Alias("Observed")] Task Observed(Guid host, ObservedMachine machine);

    [Alias("OperationFinished")] Task OperationFinished(OperationFinished finished);

    /// <summary>A link that starts here is about to exist: reserves its slot. Repeating it answers the same slot.</summary>
    /// <param name="link">The link's UUID.</param>
    /// <param name="term">Its kind's term.</param>
    /// <param name="host">Where its target is, if that matters.</param>
    [Alias("LinkAdded")] Task<LinkAccepted> LinkAdded(Guid link, string term, Guid? host);

    /// <summary>A link has all that its device needs. A signal: repeated until the device was seen.</summary>
    [Alias("LinkReady"), Orleans.Concurrency.OneWay] Task LinkReady(Guid link);

    /// <summary>A link is going: the machine loses its device, then the link hears of it by <see cref="ILinkGrain.Observed"/>. A signal: repeated until it does.</summary>
    [Alias("LinkRemoved"), Orleans.Concurrency.OneWay] Task LinkRemoved(Guid link);

    /// <summary>Where it is: the host and incarnation, null when it is nowhere.</summary>
    [Alias("Placement"), Orleans.Concurrency.AlwaysInterleave] Task<MachinePlacement?> Placement(Caller caller);

    /// <summary>Whether a storage in that shared pool can be linked: its host, where it has one, must see the pool.</summary>
    [Alias("SeesPool")] Task<Outcome> SeesPool(Guid pool);

    /// <summary>Whether that host was told to save it, by that operation, and has not finished.</summary>
    [Alias("IsSavedBy"), Orleans.Concurrency.AlwaysInterleave] Task<bool> IsSavedBy(Guid host, Guid operation);

    /// <summary>
    /// Begins to move it to another host; <see cref="Migration"/> tells how it goes on. Done: begun. AlreadyDone: a migration to there is under way, or it is there. Conflict: not now, and why.
    /// NoCapacity: no host can take it, and why.
    /// </summary>
    [Alias("Migrate")] Task<Outcome> Migrate(MigrateCommand command);

    /// <summary>Ends a migration; the machine stays where it was, unless all of it has arrived already. AlreadyDone: there is none under way.</summary>
    [Alias("CancelMigration")] Task<Outcome> CancelMigration(string by);

    /// <summary>The migration under way or the last one; null: there was none, or no such compute.</summary>
    [Alias("Migration"), Orleans.Concurrency.AlwaysInterleave] Task<MigrationView?> Migration();

    /// <summary>
    /// Its host was lost after the session of that epoch. Repeating it is harmless; it answers how far it is, and null where there is nothing to be done.
    /// </summary>
    [Alias("Recover")] Task<RecoveryView?> Recover(Guid host, long epoch);

    /// <summary>How far the source's agent is.</summary>
    [Alias("Progress")] Task Progress(OperationProgress progress);

    /// <summary>
    /// After the database was restored, once for each placement: its host was asked what it has. What it has counts, and nobody is told anything before somebody asks for something;
    /// what it lacks (null) is an error.
    /// </summary>
    [Alias("Compared")] Task Compared(Guid host, Guid incarnation, ObservedMachine? seen);

    /// <summary>Takes a machine over that is on a host. AlreadyDone: it is this compute's. Conflict: the compute is elsewhere, or another's; NoCapacity, QuotaExceeded: it cannot be claimed.</summary>
    [Alias("Adopt")] Task<Outcome> Adopt(AdoptMachine order);
}

/// <summary>The slot of a link among its compute's disks or NICs, counted from 0; or why there is none.</summary>
[GenerateSerializer, Immutable, Alias("LinkAccepted")]
public sealed record LinkAccepted([property: Id(0)] Outcome Outcome, [property: Id(1)] int Slot = -1);

/// <summary>Where a machine is.</summary>
[GenerateSerializer, Immutable, Alias("MachinePlacement")]
public sealed record MachinePlacement([property: Id(0)] Guid Host, [property: Id(1)] Guid Incarnation);

[Alias("IStorageGrain")]
public interface IStorageGrain : IHostedGrain
{
    [Alias("Observed")] Task Observed(Guid host, ObservedVolume volume);

    /// <summary>As a compute's.</summary>
    [Alias("Compared")] Task Compared(Guid host, Guid incarnation, ObservedVolume? seen);

    /// <summary>As a compute's.</summary>
    [Alias("Adopt")] Task<Outcome> Adopt(AdoptVolume order);

    /// <summary>The volume's host, for whoever wants to be near it; null with a reason: it cannot be linked.</summary>
    [Alias("Attach")] Task<AttachResult> Attach(Caller caller, Guid link, Guid compute);

    /// <summary>A link is going: it no longer stands in the way of the storage's deletion, but its machine may still have the volume.</summary>
    [Alias("Detached")] Task Detached(Guid link);

    /// <summary>The machine has let the volume go: another host may have it.</summary>
    [Alias("LetGo")] Task LetGo(Guid link);

    /// <summary>The link's machine is on that host. A volume in a shared pool comes to it, once nobody else has it. Repeating it is harmless.</summary>
    [Alias("UseOn")] Task UseOn(Guid link, Guid host);

    /// <summary>What a migration of the link's machine, which is on that host, must know of it.</summary>
    [Alias("MayMove"), Orleans.Concurrency.AlwaysInterleave] Task<VolumeToMove> MayMove(Guid link, Guid host);

    /// <summary>
    /// Its machine is about to move: nothing else is done to it until <see cref="EndMove"/>, and the target has it too where it is in a shared pool. Conflict: not now. Repeating it is
    /// harmless.
    /// </summary>
    [Alias("BeginMove")] Task<Outcome> BeginMove(VolumeMove move);

    /// <summary>The migration is over: the machine is the target's (<paramref name="moved"/>), and the volume with it, or neither is. Repeating it is harmless.</summary>
    [Alias("EndMove")] Task EndMove(VolumeMove move, bool moved);

    /// <summary>What a copy of it needs to know; null: it is not there for that caller.</summary>
    [Alias("AsSource"), Orleans.Concurrency.AlwaysInterleave] Task<StorageSource?> AsSource(Caller caller);

    /// <summary>Its content becomes that of one of its snapshots.</summary>
    [Alias("Revert")] Task<Outcome> Revert(Caller caller, Guid snapshot);
}

/// <summary>A storage that can be linked. <see cref="Host"/>: where the machine has to be; <see cref="Pool"/>: what shared pool its host has to see.</summary>
[GenerateSerializer, Immutable, Alias("AttachResult")]
public sealed record AttachResult([property: Id(0)] Outcome Outcome, [property: Id(1)] Guid? Host, [property: Id(2)] Guid? Pool = null);

/// <summary>A storage, for one that is made from it. <see cref="Why"/>: it cannot be copied now.</summary>
[GenerateSerializer, Immutable, Alias("StorageSource")]
public sealed record StorageSource(
    [property: Id(0)] VolumeSource Volume, [property: Id(1)] Guid Host, [property: Id(2)] string? PoolName, [property: Id(3)] decimal SizeGiB, [property: Id(4)] string? Why);

[Alias("INetworkGrain")]
public interface INetworkGrain : IHostedGrain
{
    [Alias("Observed")] Task Observed(Guid host, ObservedNetwork network);

    /// <summary>Reserves an address (where the network has any) for a NIC of the compute <paramref name="source"/>; repeating it answers the same one.</summary>
    [Alias("Connect")] Task<ConnectResult> Connect(Caller caller, Guid link, Guid source, string mac, string? wantedAddress, string? hostname);

    /// <summary>A NIC is going: it no longer stands in the way of the network's deletion; its address stays taken while the machine may have it.</summary>
    [Alias("Leaving")] Task Leaving(Guid link);

    /// <summary>The NIC is gone: its address is free.</summary>
    [Alias("Disconnected")] Task Disconnected(Guid link);

    /// <summary>A machine on that host is about to have a NIC here.</summary>
    [Alias("EnsureOn")] Task EnsureOn(Guid host);

    /// <summary>Keeps an address for a reservation of whichever project, if it is a network for that. Repeating it answers the same one.</summary>
    [Alias("Reserve")] Task<ReserveResult> Reserve(Guid reservation, string? wanted);

    /// <summary>The reservation is gone: its address is free.</summary>
    [Alias("Unreserve")] Task Unreserve(Guid reservation);

    /// <summary>Looks again at where the host is reached, and at which hosts have a machine on it at all. A signal: repeated.</summary>
    [Alias("Refresh"), Orleans.Concurrency.OneWay] Task Refresh(Guid host);
}

[GenerateSerializer, Immutable, Alias("ConnectResult")]
public sealed record ConnectResult([property: Id(0)] Outcome Outcome, [property: Id(1)] string? Address, [property: Id(2)] string? Gateway, [property: Id(3)] int PrefixLength)
{
    [Id(4)] public string? Address6 { get; init; }

    /// <summary>How a guest sets it up.</summary>
    [Id(5)] public NicSettings? Settings { get; init; }
}

/// <summary>A link between a compute and a network or storage.</summary>
[Alias("ILinkGrain")]
public interface ILinkGrain : IEntityGrain
{
    /// <summary>Creates it at its source's wish (an inline link): the source has given it a slot already. Answers where the source must be placed, if that matters.</summary>
    [Alias("CreateFrom")] Task<AttachResult> CreateFrom(CreateEntity command, Guid source, int slot);

    /// <summary>What the machine has to have for it; null while it may not have it (any more).</summary>
    [Alias("Attachment"), Orleans.Concurrency.AlwaysInterleave] Task<Attachment?> Attachment();

    /// <summary>What became of it on the machine; null: the machine has it not. A signal: repeated with every report.</summary>
    [Alias("Observed"), Orleans.Concurrency.OneWay] Task Observed(ObservedAttachment? attachment, bool machineActive);

    /// <summary>Its source is going: nobody sees it any more, and its target is free of it.</summary>
    [Alias("SourceGoing")] Task SourceGoing();

    /// <summary>Whether it is going, or its source is: then nobody sees it any more, also where it was not told of that yet. False: there is no such link.</summary>
    [Alias("IsGoing"), Orleans.Concurrency.AlwaysInterleave] Task<bool> IsGoing();

    /// <summary>Its source is gone and the machine with it: it goes too.</summary>
    [Alias("SourceGone")] Task SourceGone();
}

/// <summary>A disk, a NIC or a security group. <see cref="Pool"/>: the shared pool that the disk is in; a disk without one binds its machine to its host.</summary>
[GenerateSerializer, Immutable, Alias("Attachment")]
public sealed record Attachment([property: Id(0)] DesiredDisk? Disk, [property: Id(1)] DesiredNic? Nic, [property: Id(2)] Guid? Pool = null)
{
    /// <summary>No device, but rules for NICs.</summary>
    [Id(3)] public DesiredGroup? Group { get; init; }

    /// <summary>No device either, but an address of the world outside for a NIC.</summary>
    [Id(4)] public FloatingAddress? Floating { get; init; }
}
