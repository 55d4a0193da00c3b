using System.Collections.Frozen;
using static Controller.Grains.Links.LinkPhase;

namespace Controller.Grains.Links;

/// <summary>Where a link is in its life. Persisted: append only, never renumber.</summary>
internal enum LinkPhase : byte
{
    None = 0,

    /// <summary>Its target and its slot are being arranged; nobody has been told that it exists.</summary>
    Attaching = 1,
    Inactive = 2,
    Active = 3,
    Failed = 4,

    /// <summary>Invisible; waiting until the machine has let its device go.</summary>
    Detaching = 5,
}

/// <summary>What happens to a link.</summary>
internal enum LinkTrigger : byte
{
    Ready,
    Delete,

    /// <summary>The running machine has the device.</summary>
    SawAttached,

    /// <summary>The machine does not run, or has not the device.</summary>
    SawDetached,
    SawFailure,
}

internal abstract record LinkDecision
{
    public sealed record Move(LinkPhase To) : LinkDecision;

    public sealed record AlreadyDone : LinkDecision;

    public sealed record Refused(string Why) : LinkDecision;
}

/// <summary>
/// GFD.224 §3.4: interface and storage links have one machine, which the provider drives.
/// <code>
/// Attaching ──Ready──▶ Inactive ◀──SawDetached, SawAttached──▶ Active        either ──SawFailure──▶ Failed ──SawAttached──▶ Active
///        any of them ──Delete──▶ Detaching ──(machine without it)──▶ (gone)
/// </code>
/// </summary>
internal static class LinkLifecycle
{
    private static readonly LinkDecision Already = new LinkDecision.AlreadyDone();

    private static readonly FrozenDictionary<(LinkPhase, LinkTrigger), LinkDecision> Table =
        new Dictionary<(LinkPhase, LinkTrigger), LinkDecision>
        {
            [(Attaching, LinkTrigger.Ready)] = To(Inactive),
            [(Attaching, LinkTrigger.Delete)] = To(Detaching),

            [(Inactive, LinkTrigger.Ready)] = Already,
            [(Inactive, LinkTrigger.SawAttached)] = To(Active),
            [(Inactive, LinkTrigger.SawDetached)] = Already,
            [(Inactive, LinkTrigger.SawFailure)] = To(Failed),
            [(Inactive, LinkTrigger.Delete)] = To(Detaching),

            [(Active, LinkTrigger.SawAttached)] = Already,
            [(Active, LinkTrigger.SawDetached)] = To(Inactive),
            [(Active, LinkTrigger.SawFailure)] = To(Failed),
            [(Active, LinkTrigger.Delete)] = To(Detaching),

            [(Failed, LinkTrigger.SawAttached)] = To(Active),
            [(Failed, LinkTrigger.SawDetached)] = To(Inactive),
            [(Failed, LinkTrigger.SawFailure)] = Already,
            [(Failed, LinkTrigger.Delete)] = To(Detaching),

            [(Detaching, LinkTrigger.Delete)] = Already,
        }.ToFrozenDictionary();

    public static LinkDecision Decide(LinkPhase phase, LinkTrigger trigger) =>
        Table.GetValueOrDefault((phase, trigger)) ?? new LinkDecision.Refused($"{trigger} is not possible while the link is {phase.ToString().ToLowerInvariant()}.");

    public static string ToOcci(LinkPhase phase) => phase switch
    {
        Active => "active",
        Failed => "error",
        _ => "inactive",
    };

    private static LinkDecision.Move To(LinkPhase to) => new(to);
}
