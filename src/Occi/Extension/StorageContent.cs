using Occi.Infrastructure;

namespace Occi.Extension;

/// <summary>What is in a storage at first, what was copied from it, and what becomes of its bytes in the end.</summary>
public static class StorageContent
{
    /// <summary><c>local.controller.storage.source</c></summary>
    public static readonly Attr Source = new("local.controller.storage.source", AttrType.Uri, "The storage that this one is a copy of: of the moment at which it is made.") { SetOnce = true };

    /// <summary><c>local.controller.storage.image</c></summary>
    public static readonly Attr Image = new("local.controller.storage.image", AttrType.Text, "Term of the OS template whose disk it is a copy of.") { SetOnce = true };

    /// <summary><c>local.controller.storage.origin</c></summary>
    public static readonly Attr Origin = new("local.controller.storage.origin", AttrType.Uri, "The storage that was copied.") { Mutable = false };

    /// <summary>A new storage with something in it.</summary>
    public static readonly Mixin From = new(new(Scheme.Storage, "source"))
    {
        Title = "Storage made from another one or from an image", Location = "/mixin/storage/source/", Applies = [Storage.Kind], Attributes = [Source, Image],
    };

    /// <summary>→ the origin's content is that of the snapshot</summary>
    public static readonly ActionType Revert = new(new(Scheme.StorageActions, "revert")) { Title = "Put the content of the snapshot back into the storage that it was taken of" };

    /// <summary>What the action snapshot makes.</summary>
    public static readonly Mixin Snapshot = new(new(Scheme.Storage, "snapshot"))
    {
        Title = "Snapshot of a storage", Location = "/mixin/storage/snapshot/", Applies = [Storage.Kind], Attributes = [Origin], Actions = [Revert], Role = "a copy's purpose",
    };

    /// <summary>What the action backup makes.</summary>
    public static readonly Mixin Backup = new(new(Scheme.Storage, "backup"))
    {
        Title = "Backup of a storage", Location = "/mixin/storage/backup/", Applies = [Storage.Kind], Attributes = [Origin], Role = "a copy's purpose",
    };

    /// <summary>Its bytes are overwritten when it is deleted.</summary>
    public static readonly Mixin Wipe = new(new(Scheme.Storage, "wipe")) { Title = "Wiped when it is deleted", Location = "/mixin/storage/wipe/", Applies = [Storage.Kind] };
}
