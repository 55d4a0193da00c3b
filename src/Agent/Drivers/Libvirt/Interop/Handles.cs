using System.Runtime.InteropServices;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>A <c>virConnectPtr</c>. Closing talks to libvirtd, so it is closed explicitly and not left to the finalizer.</summary>
internal sealed class ConnectHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.virConnectClose(handle) >= 0;
}

/// <summary>A <c>virDomainPtr</c>.</summary>
internal sealed class DomainHandle : SafeHandle
{
    public DomainHandle() : base(0, ownsHandle: true)
    {
    }

    /// <param name="owned">A pointer whose reference becomes this handle's.</param>
    public DomainHandle(nint owned) : this() => SetHandle(owned);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.virDomainFree(handle) >= 0;
}

/// <summary>A <c>virNetworkPtr</c>.</summary>
internal sealed class NetworkHandle : SafeHandle
{
    public NetworkHandle() : base(0, ownsHandle: true)
    {
    }

    /// <param name="owned">A pointer whose reference becomes this handle's.</param>
    public NetworkHandle(nint owned) : this() => SetHandle(owned);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.virNetworkFree(handle) >= 0;
}

/// <summary>A <c>virStoragePoolPtr</c>.</summary>
internal sealed class PoolHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.virStoragePoolFree(handle) >= 0;
}

/// <summary>A <c>virStorageVolPtr</c>.</summary>
internal sealed class VolumeHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.virStorageVolFree(handle) >= 0;
}

/// <summary>A <c>virStreamPtr</c>.</summary>
internal sealed class StreamHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.virStreamFree(handle) >= 0;
}
