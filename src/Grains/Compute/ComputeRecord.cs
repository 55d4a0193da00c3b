using Controller.Contracts;
using Controller.Grains.Entities;
using Occi;

namespace Controller.Grains.Compute;

/// <summary>All that is durable of a compute. Persisted: additive changes only.</summary>
internal sealed record ComputeRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset Created { get; init; }

    public ComputePhase Phase { get; init; }

    // ---- asked for

    public string[] Mixins { get; init; } = [];

    public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    /// <summary>Grows with every change of what the host has to do.</summary>
    public long Generation { get; init; }

    /// <summary>The generation in which the wanted power state changed last: news from before says nothing of it.</summary>
    public long PowerGeneration { get; init; }

    public Power Power { get; init; } = Power.Running;

    public StopMethod Stop { get; init; }

    public RebootMethod Reboot { get; init; }

    /// <summary>What the os template stood for at creation.</summary>
    public ImageRef? Image { get; init; }

    public long RootDiskBytes { get; init; }

    /// <summary>The shared pool that the root disk is in; null: the host's own.</summary>
    public Guid? Pool { get; init; }

    /// <summary>What a root disk in a shared pool is named by: the incarnation that it was made for. Later ones have the same disk.</summary>
    public Guid? RootDisk { get; init; }

    /// <summary>
    /// It was never heard that the root disk in a shared pool was made: the host that was to make it was lost before. The next one makes it, unless it is there.
    /// </summary>
    public bool RootDiskUnmade { get; init; }

    public ComputeLink[] Links { get; init; } = [];

    /// <summary>Links taken away that the machine may still have.</summary>
    public ComputeLink[] LeavingLinks { get; init; } = [];

    /// <summary>Owed at creation: inline links that are still to be made.</summary>
    public CreateEntity[] Inline { get; init; } = [];

    // ---- where

    public Guid? Host { get; init; }

    public Guid Incarnation { get; init; }

    /// <summary>The move to another host that is under way, or the last one.</summary>
    public ComputeMigration? Migration { get; init; }

    /// <summary>Placements that were replaced, and whose hosts have not said yet that they are gone.</summary>
    public LeftIncarnation[] Left { get; init; } = [];

    /// <summary>What becomes of it after its host was lost, or became.</summary>
    public ComputeRecovery? Recovery { get; init; }

    // ---- after a restore of the database

    /// <summary>The restore after which its host was asked what it has; the one in which it was made or asked for something since.</summary>
    public long Era { get; init; }

    /// <summary>The incarnation that was on its host before the restore, or before it was adopted: it has a root disk already.</summary>
    public Guid? MadeBefore { get; init; }

    /// <summary>The restore after which, and before its host had said what it has, something was asked for that is still to be told.</summary>
    public long AskedIn { get; init; }

    /// <summary>While that is the generation, its host is told nothing of it.</summary>
    public long? QuietAt { get; init; }

    // ---- seen

    public long ObservedGeneration { get; init; }

    public bool RestartPending { get; init; }

    public bool AgentConnected { get; init; }

    /// <summary>What is claimed of the host while the machine may have more than it is to have; null: just that.</summary>
    public ComputeHeld? Held { get; init; }

    // ---- under way

    public Operation? Operation { get; init; }

    /// <summary>A change of size that is being claimed: until that has ended more may be claimed than is said here, and what is said here counts.</summary>
    public Operation? Claiming { get; init; }

    /// <summary>The OS template that is being made of it; there while it is being saved.</summary>
    public ComputeSave? Save { get; init; }

    /// <summary>Why it is as it is; shown as <c>occi.compute.state.message</c>.</summary>
    public string? Message { get; init; }
}

/// <summary>A link that starts here; <paramref name="Slot"/> numbers disks and NICs from 0. <paramref name="Generation"/>: of the machine without it.</summary>
internal sealed record ComputeLink(Guid Id, string Term, int Slot, long Generation = 0)
{
    /// <summary>A network interface to a reservation: no NIC, and its slot none of theirs.</summary>
    public bool Floating { get; init; }
}

/// <summary>What a machine takes of its host.</summary>
internal sealed record ComputeHeld(int Cores, long MemoryBytes);

/// <summary>
/// A save. <paramref name="Id"/> tells it from others, while each attempt has its operation's id. <paramref name="Registered"/>: the template is there under <paramref name="Term"/>;
/// before that the term may still turn out to be another's.
/// </summary>
internal sealed record ComputeSave(Guid Id, string Term, string Title, SaveMethod Method, bool Registered = false);
