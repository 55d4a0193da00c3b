using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>A <c>char *</c> result that the caller must free. libvirt allocates with plain malloc.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedOut, typeof(OwnedUtf8))]
internal static unsafe class OwnedUtf8
{
    public static string? ConvertToManaged(byte* text) => Marshal.PtrToStringUTF8((nint)text);

    public static void Free(byte* text) => NativeMemory.Free(text);
}

/// <summary>A <c>char *</c> result that stays libvirt's.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedOut, typeof(BorrowedUtf8))]
internal static unsafe class BorrowedUtf8
{
    public static string? ConvertToManaged(byte* text) => Marshal.PtrToStringUTF8((nint)text);
}

/// <summary><c>virError</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VirError
{
    public int Code;
    public int Domain;
    public byte* Message;
    public int Level;
    public nint Connect;
    public nint MachineDomain;
    public byte* Text1;
    public byte* Text2;
    public byte* Text3;
    public int Number1;
    public int Number2;
    public nint Network;
}

/// <summary><c>virNodeInfo</c>. Its memory is that of the first NUMA node on some hosts: do not use it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VirNodeInfo
{
    public fixed byte Model[32];
    public nuint Memory;
    public uint Cpus;
    public uint Mhz;
    public uint Nodes;
    public uint Sockets;
    public uint Cores;
    public uint Threads;
}

/// <summary><c>virNodeMemoryStats</c>: KiB.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VirNodeMemoryStats
{
    public fixed byte Field[80];
    public ulong Value;
}

/// <summary><c>virTypedParameter</c>. A string is its value's pointer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VirTypedParameter
{
    public const int Text = 7;

    public fixed byte Field[80];
    public int Type;
    public ulong Value;
}

/// <summary><c>virStoragePoolInfo</c>: bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VirPoolInfo
{
    public int State;
    public ulong Capacity;
    public ulong Allocation;
    public ulong Available;
}
