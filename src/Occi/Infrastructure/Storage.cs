using Occi.Core;

namespace Occi.Infrastructure;

/// <summary>A disk (GFD.224 §3.3; backup, snapshot and resize are of 1.1, GFD.184 §3.3, and kept for its clients: D-37).</summary>
public static class Storage
{
    private const string ActionScheme = Scheme.Root + "/storage/action#";

    /// <summary><c>occi.storage.size</c>, in GiB of 2^30 bytes (D-43).</summary>
    public static readonly Attr Size = new("occi.storage.size", AttrType.Decimal, "Size in GiB (2^30 bytes).") { MinExclusive = 0, Required = true };

    /// <summary><c>occi.storage.state</c></summary>
    public static readonly Attr State = new("occi.storage.state", AttrType.Enumeration, "Current state.")
    {
        Mutable = false, Values = ["online", "offline", "error"],
    };

    /// <summary><c>occi.storage.state.message</c></summary>
    public static readonly Attr StateMessage = new("occi.storage.state.message", AttrType.Text, "Why the state is what it is.") { Mutable = false };

    /// <summary>What <see cref="Resize"/> resizes to.</summary>
    public static readonly Attr ResizeSize = new("size", AttrType.Decimal, "New size in GiB (2^30 bytes).") { MinExclusive = 0, Required = true };

    /// <summary>→ online</summary>
    public static readonly ActionType Online = new(new(ActionScheme, "online")) { Title = "Take the storage online" };

    /// <summary>→ offline</summary>
    public static readonly ActionType Offline = new(new(ActionScheme, "offline")) { Title = "Take the storage offline" };

    /// <summary>Copies the storage.</summary>
    public static readonly ActionType Backup = new(new(ActionScheme, "backup")) { Title = "Back the storage up" };

    /// <summary>Keeps the storage's present content.</summary>
    public static readonly ActionType Snapshot = new(new(ActionScheme, "snapshot")) { Title = "Snapshot the storage" };

    /// <summary>The same as an update of <see cref="Size"/>.</summary>
    public static readonly ActionType Resize = new(new(ActionScheme, "resize")) { Title = "Resize the storage", Attributes = [ResizeSize] };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "storage"), CoreKinds.Resource)
    {
        Title = "Storage Resource",
        Location = "/storage/",
        Attributes = [Size, State, StateMessage],
        Actions = [Online, Offline, Backup, Snapshot, Resize],
    };
}
