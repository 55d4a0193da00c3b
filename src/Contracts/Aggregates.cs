namespace Controller.Contracts;

/// <summary>An entity of which there is something on a host.</summary>
[Alias("IHostedGrain")]
public interface IHostedGrain : IEntityGrain
{
    /// <summary>What is wanted of it on that host now; null: nothing is known of it there (so nothing is to be removed either).</summary>
    [Alias("DesiredOn"), Orleans.Concurrency.AlwaysInterleave] Task<DesiredObject?> DesiredOn(Guid host);

    /// <summary>An incarnation was seen on a host that the entity does not know: true when it is certain that it must go.</summary>
    [Alias("IsStray"), Orleans.Concurrency.AlwaysInterleave] Task<bool> IsStray(Guid host, Guid incarnation);
}

[Alias("IComputeGrain")]
public interface IComputeGrain : IHostedGrain
{
    [Alias("Observed")] Task Observed(Guid host, ObservedMachine machine);

    [Alias("OperationFinished")] Task OperationFinished(OperationFinished finished);

    /// <summary>A link that starts here exists (or exists no more) or has changed: what the machine has to have is to be worked out again.</summary>
    [Alias("LinkAdded")] Task<Outcome> LinkAdded(Guid link, string kind);

    [Alias("LinkRemoved")] Task LinkRemoved(Guid link);

    /// <summary>Where it is: the host and incarnation, null when it is nowhere.</summary>
    [Alias("Placement"), Orleans.Concurrency.AlwaysInterleave] Task<Placement?> Placement(Caller caller);
}

/// <summary>Where a machine is.</summary>
[GenerateSerializer, Immutable, Alias("Placement")]
public sealed record Placement([property: Id(0)] Guid Host, [property: Id(1)] Guid Incarnation);

[Alias("IStorageGrain")]
public interface IStorageGrain : IHostedGrain
{
    [Alias("Observed")] Task Observed(Guid host, ObservedVolume volume);

    /// <summary>The volume's host, for whoever wants to be near it; null with a reason: it cannot be linked.</summary>
    [Alias("Attach")] Task<AttachResult> Attach(Caller caller, Guid link, Guid compute);

    [Alias("Detached")] Task Detached(Guid link);
}

[GenerateSerializer, Immutable, Alias("AttachResult")]
public sealed record AttachResult([property: Id(0)] Outcome Outcome, [property: Id(1)] Guid? Host);

[Alias("INetworkGrain")]
public interface INetworkGrain : IHostedGrain
{
    [Alias("Observed")] Task Observed(Guid host, ObservedNetwork network);

    /// <summary>Reserves an address (where the network has any) for a NIC; repeating it answers the same one.</summary>
    [Alias("Connect")] Task<ConnectResult> Connect(Caller caller, Guid link, string mac, string? wantedAddress, string? hostname);

    [Alias("Disconnected")] Task Disconnected(Guid link);

    /// <summary>A machine on that host is about to have a NIC here.</summary>
    [Alias("EnsureOn")] Task EnsureOn(Guid host);
}

[GenerateSerializer, Immutable, Alias("ConnectResult")]
public sealed record ConnectResult([property: Id(0)] Outcome Outcome, [property: Id(1)] string? Address, [property: Id(2)] string? Gateway, [property: Id(3)] int PrefixLength);

/// <summary>A link between a compute and a network or storage.</summary>
[Alias("ILinkGrain")]
public interface ILinkGrain : IEntityGrain
{
    /// <summary>What the machine has to have for it; null while it may not have it (any more).</summary>
    [Alias("Attachment"), Orleans.Concurrency.AlwaysInterleave] Task<Attachment?> Attachment();

    /// <summary>What became of it on the machine; null: the machine has it not.</summary>
    [Alias("Observed")] Task Observed(ObservedAttachment? attachment, bool machineActive);

    /// <summary>Its source is going: it goes with it.</summary>
    [Alias("SourceDeleted")] Task SourceDeleted();
}

/// <summary>A disk or a NIC.</summary>
[GenerateSerializer, Immutable, Alias("Attachment")]
public sealed record Attachment([property: Id(0)] DesiredDisk? Disk, [property: Id(1)] DesiredNic? Nic);
