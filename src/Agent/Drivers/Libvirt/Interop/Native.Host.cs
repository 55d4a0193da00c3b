using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>Networks and storage.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NetworkHandle virNetworkLookupByUUIDString(ConnectHandle connect, string uuid);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NetworkHandle virNetworkDefineXML(ConnectHandle connect, string xml);

    [LibraryImport(Library)]
    internal static partial int virNetworkFree(nint network);

    [LibraryImport(Library)]
    [return: MarshalUsing(typeof(OwnedUtf8))]
    internal static partial string? virNetworkGetXMLDesc(NetworkHandle network, uint flags);

    [LibraryImport(Library)]
    internal static partial int virNetworkIsActive(NetworkHandle network);

    [LibraryImport(Library)]
    internal static partial int virNetworkCreate(NetworkHandle network);

    [LibraryImport(Library)]
    internal static partial int virNetworkDestroy(NetworkHandle network);

    [LibraryImport(Library)]
    internal static partial int virNetworkUndefine(NetworkHandle network);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int virNetworkUpdate(NetworkHandle network, uint command, uint section, int parentIndex, string xml, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial PoolHandle virStoragePoolLookupByName(ConnectHandle connect, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial PoolHandle virStoragePoolDefineXML(ConnectHandle connect, string xml, uint flags);

    [LibraryImport(Library)]
    internal static partial int virStoragePoolFree(nint pool);

    [LibraryImport(Library)]
    internal static partial int virStoragePoolIsActive(PoolHandle pool);

    [LibraryImport(Library)]
    internal static partial int virStoragePoolCreate(PoolHandle pool, uint flags);

    [LibraryImport(Library)]
    internal static partial int virStoragePoolRefresh(PoolHandle pool, uint flags);

    [LibraryImport(Library)]
    internal static partial int virStoragePoolGetInfo(PoolHandle pool, out VirPoolInfo info);

    [LibraryImport(Library)]
    [return: MarshalUsing(typeof(OwnedUtf8))]
    internal static partial string? virStoragePoolGetXMLDesc(PoolHandle pool, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial VolumeHandle virStorageVolLookupByName(PoolHandle pool, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial VolumeHandle virStorageVolCreateXML(PoolHandle pool, string xml, uint flags);

    [LibraryImport(Library)]
    internal static partial int virStorageVolFree(nint volume);

    [LibraryImport(Library)]
    internal static partial int virStorageVolResize(VolumeHandle volume, ulong capacity, uint flags);

    [LibraryImport(Library)]
    internal static partial int virStorageVolDelete(VolumeHandle volume, uint flags);
}
