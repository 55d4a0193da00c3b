using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>The locks by which QEMU says that it has an image open (docs/devel of QEMU, <c>block/file-posix.c</c>): read locks on bytes 100 to 299 of the file.</summary>
internal static partial class ImageLock
{
    private const int OfdGetLock = 36;   // F_OFD_GETLK of linux/fcntl.h
    private const short WriteLock = 1, Unlocked = 2;
    private const long FirstByte = 100, Bytes = 200;

    /// <summary>Whether some QEMU, or one of its tools, has the file open.</summary>
    public static bool IsHeld(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var wish = new Flock { Type = WriteLock, Start = FirstByte, Length = Bytes };   // it would be in the way of any
        return fcntl(file, OfdGetLock, ref wish) == 0
            ? wish.Type != Unlocked
            : throw new IOException($"The locks of {path} cannot be seen: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, ref Flock flock);

    // struct flock of a 64-bit Linux
    [StructLayout(LayoutKind.Sequential)]
    private struct Flock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
