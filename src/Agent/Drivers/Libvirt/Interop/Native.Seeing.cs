using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>Consoles and counters.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial StreamHandle virStreamNew(ConnectHandle connect, uint flags);

    [LibraryImport(Library)]
    internal static partial int virStreamFree(nint stream);

    [LibraryImport(Library)]
    internal static partial int virStreamRecv(StreamHandle stream, byte* data, nuint length);

    [LibraryImport(Library)]
    internal static partial int virStreamSend(StreamHandle stream, byte* data, nuint length);

    [LibraryImport(Library)]
    internal static partial int virStreamEventAddCallback(StreamHandle stream, int events, delegate* unmanaged[Cdecl]<nint, int, void*, void> callback, void* opaque, nint free);

    [LibraryImport(Library)]
    internal static partial int virStreamEventRemoveCallback(nint stream);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int virDomainOpenConsole(DomainHandle domain, string? device, StreamHandle stream, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainOpenGraphicsFD(DomainHandle domain, uint index, uint flags);

    [LibraryImport(Library)]
    internal static partial int virConnectGetAllDomainStats(ConnectHandle connect, uint groups, out VirDomainStatsRecord** records, uint flags);

    [LibraryImport(Library)]
    internal static partial void virDomainStatsRecordListFree(VirDomainStatsRecord** records);

    [LibraryImport(Library, EntryPoint = nameof(virDomainGetXMLDesc))]
    [return: MarshalUsing(typeof(OwnedUtf8))]
    internal static partial string? BorrowedDomainGetXMLDesc(nint domain, uint flags);
}

/// <summary><c>virDomainStatsRecord</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VirDomainStatsRecord
{
    public nint Domain;
    public VirTypedParameter* Parameters;
    public int Count;
}
