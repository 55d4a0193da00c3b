using System.Runtime.InteropServices;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>
/// libvirt's C functions, under their own names. They block on a round trip to libvirtd: only <see cref="Workers"/> threads call them.
/// Libvirt's promise is that this interface never changes, which its wire protocol does not enjoy.
/// </summary>
internal static unsafe partial class Native
{
    private const string Library = "libvirt.so.0";

    [LibraryImport(Library)]
    internal static partial int virInitialize();

    [LibraryImport(Library)]
    internal static partial int virEventRegisterDefaultImpl();

    [LibraryImport(Library)]
    internal static partial int virEventRunDefaultImpl();

    [LibraryImport(Library)]
    internal static partial int virEventAddTimeout(int milliseconds, delegate* unmanaged[Cdecl]<int, void*, void> callback, void* opaque, nint free);

    [LibraryImport(Library)]
    internal static partial VirError* virGetLastError();

    [LibraryImport(Library)]
    internal static partial void virSetErrorFunc(void* user, delegate* unmanaged[Cdecl]<void*, VirError*, void> callback);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ConnectHandle virConnectOpen(string uri);

    [LibraryImport(Library)]
    internal static partial int virConnectClose(nint connect);

    [LibraryImport(Library)]
    internal static partial int virConnectIsAlive(ConnectHandle connect);

    [LibraryImport(Library)]
    internal static partial int virConnectSetKeepAlive(ConnectHandle connect, int intervalSeconds, uint count);

    [LibraryImport(Library)]
    internal static partial int virConnectRegisterCloseCallback(
        ConnectHandle connect, delegate* unmanaged[Cdecl]<nint, int, void*, void> callback, void* opaque, nint free);

    [LibraryImport(Library)]
    internal static partial int virConnectUnregisterCloseCallback(ConnectHandle connect, delegate* unmanaged[Cdecl]<nint, int, void*, void> callback);

    [LibraryImport(Library)]
    internal static partial int virConnectDomainEventRegisterAny(ConnectHandle connect, nint domain, int kind, void* callback, void* opaque, nint free);

    [LibraryImport(Library)]
    internal static partial int virConnectDomainEventDeregisterAny(ConnectHandle connect, int callback);

    [LibraryImport(Library)]
    internal static partial int virConnectGetVersion(ConnectHandle connect, out nuint version);

    [LibraryImport(Library)]
    internal static partial int virConnectGetLibVersion(ConnectHandle connect, out nuint version);

    [LibraryImport(Library)]
    internal static partial int virNodeGetInfo(ConnectHandle connect, out VirNodeInfo info);

    [LibraryImport(Library)]
    internal static partial int virNodeGetMemoryStats(ConnectHandle connect, int cell, VirNodeMemoryStats* stats, ref int count, uint flags);

    [LibraryImport(Library)]
    internal static partial int virConnectListAllDomains(ConnectHandle connect, out nint* domains, uint flags);

    [LibraryImport(Library)]
    internal static partial int virConnectListAllNetworks(ConnectHandle connect, out nint* networks, uint flags);
}
