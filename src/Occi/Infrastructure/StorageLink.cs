using Occi.Core;

namespace Occi.Infrastructure;

/// <summary>A storage attached to a resource (GFD.224 §3.4.2).</summary>
public static class StorageLink
{
    /// <summary><c>occi.storagelink.deviceid</c>: the server's choice when absent.</summary>
    public static readonly Attr DeviceId = new("occi.storagelink.deviceid", AttrType.Text, "Device in the instance, such as vdb.");

    /// <summary><c>occi.storagelink.mountpoint</c></summary>
    public static readonly Attr MountPoint = new("occi.storagelink.mountpoint", AttrType.Text, "Where it is mounted in the guest.");

    /// <summary><c>occi.storagelink.state</c></summary>
    public static readonly Attr State = new("occi.storagelink.state", AttrType.Enumeration, "Current state.")
    {
        Mutable = false, Values = ["active", "inactive", "error"],
    };

    /// <summary><c>occi.storagelink.state.message</c></summary>
    public static readonly Attr StateMessage = new("occi.storagelink.state.message", AttrType.Text, "Why the state is what it is.") { Mutable = false };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "storagelink"), CoreKinds.Link)
    {
        Title = "StorageLink Link",
        Location = "/storagelink/",
        Attributes = [DeviceId, MountPoint, State, StateMessage],
        LinksTo = Storage.Kind,
    };
}
