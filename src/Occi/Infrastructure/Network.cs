using Occi.Core;

namespace Occi.Infrastructure;

/// <summary>A layer-2 network (GFD.224 §3.2).</summary>
public static class Network
{
    private const string ActionScheme = Scheme.Root + "/network/action#";

    /// <summary><c>occi.network.vlan</c></summary>
    public static readonly Attr Vlan = new("occi.network.vlan", AttrType.Whole, "802.1Q VLAN identifier.") { Min = 0, Max = 4095 };

    /// <summary><c>occi.network.label</c>: a token (RFC 7230).</summary>
    public static readonly Attr Label = new("occi.network.label", AttrType.Text, "Tag of a tag-based VLAN.") { Pattern = "[!#$%&'*+.^_`|~0-9A-Za-z-]+" };

    /// <summary><c>occi.network.state</c></summary>
    public static readonly Attr State = new("occi.network.state", AttrType.Enumeration, "Current state.")
    {
        Mutable = false, Values = ["active", "inactive", "error"],
    };

    /// <summary><c>occi.network.state.message</c></summary>
    public static readonly Attr StateMessage = new("occi.network.state.message", AttrType.Text, "Why the state is what it is.") { Mutable = false };

    /// <summary>→ active</summary>
    public static readonly ActionType Up = new(new(ActionScheme, "up")) { Title = "Bring the network up" };

    /// <summary>→ inactive</summary>
    public static readonly ActionType Down = new(new(ActionScheme, "down")) { Title = "Take the network down" };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "network"), CoreKinds.Resource)
    {
        Title = "Network Resource",
        Location = "/network/",
        Attributes = [Vlan, Label, State, StateMessage],
        Actions = [Up, Down],
    };
}
