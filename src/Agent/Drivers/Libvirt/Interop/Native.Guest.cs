using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>The sizes of running machines, and the agents in their guests.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalUsing(typeof(OwnedUtf8))]
    internal static partial string? virConnectGetDomainCapabilities(ConnectHandle connect, string? emulator, string architecture, string machine, string type, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainSetVcpusFlags(DomainHandle domain, uint count, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainAgentSetResponseTimeout(DomainHandle domain, int seconds, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainInterfaceAddresses(DomainHandle domain, out VirDomainInterface** interfaces, uint source, uint flags);

    [LibraryImport(Library)]
    internal static partial void virDomainInterfaceFree(VirDomainInterface* nic);

    [LibraryImport(Library)]
    internal static partial int virDomainFSFreeze(DomainHandle domain, nint mountPoints, uint count, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainFSThaw(DomainHandle domain, nint mountPoints, uint count, uint flags);
}

/// <summary><c>virDomainInterface</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VirDomainInterface
{
    public byte* Name;
    public byte* HardwareAddress;
    public uint AddressCount;
    public VirDomainAddress* Addresses;
}

/// <summary><c>virDomainIPAddress</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VirDomainAddress
{
    public int Type;
    public byte* Address;
    public uint Prefix;
}
