using System.Runtime.InteropServices;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>Migration.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int virTypedParamsAddString(VirTypedParameter** parameters, int* count, int* room, string name, string value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int virTypedParamsAddULLong(VirTypedParameter** parameters, int* count, int* room, string name, ulong value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int virDomainMigrateToURI3(DomainHandle domain, string destination, VirTypedParameter* parameters, uint count, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainIsPersistent(DomainHandle domain);
}
