using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>libvirt's <c>virErrorNumber</c>s that we tell apart.</summary>
internal enum LibvirtError
{
    InternalError = 1,
    InvalidConnection = 6,
    OperationFailed = 9,
    SystemError = 38,
    Rpc = 39,
    NoDomain = 42,
    NoNetwork = 43,
    NoStoragePool = 49,
    NoStorageVolume = 50,
    OperationInvalid = 55,
    OperationTimeout = 68,
    StorageVolumeExists = 90,
    DeviceMissing = 99,
    NoDomainBackup = 104,
}

/// <summary>A libvirt call that failed. Never leaves the driver: <see cref="LibvirtDriver"/> makes a <see cref="DriverException"/> of it.</summary>
internal sealed class LibvirtException(string call, int code, int domain, string message) : Exception($"{call}: {message}")
{
    private const int FromRpc = 7;
    private const int FromRemote = 13;

    public LibvirtError Code { get; } = (LibvirtError)code;

    public DriverException ToDriverException() =>
        ConnectionLost
            ? new("hypervisor-away", $"The connection to libvirtd broke: {Message}", retryable: true, this)
            // Another call holds the domain, which one of ours or a person's may be.
            : Code is LibvirtError.OperationTimeout ? Stuck.Because(Message, this)
            : new($"libvirt-{code}", Message, retryable: true, this);

    /// <summary>The connection is dead for good, and a new one is needed.</summary>
    public bool ConnectionLost =>
        Code is LibvirtError.InvalidConnection
        || (domain is FromRpc or FromRemote && Code is LibvirtError.InternalError or LibvirtError.SystemError or LibvirtError.Rpc);
}

/// <summary>Turns libvirt's results into values or exceptions. The error is per OS thread and gone with the next call: it is read at once.</summary>
internal static unsafe class Checked
{
    public static int Ok(int result, [CallerArgumentExpression(nameof(result))] string call = "") => result < 0 ? throw Last(call) : result;

    public static string Ok(string? result, [CallerArgumentExpression(nameof(result))] string call = "") => result ?? throw Last(call);

    public static T Ok<T>(T handle, [CallerArgumentExpression(nameof(handle))] string call = "") where T : SafeHandle
    {
        if (!handle.IsInvalid)
            return handle;
        var error = Last(call);
        handle.Dispose();
        throw error;
    }

    /// <summary>Null where libvirt says that there is none.</summary>
    public static T? OrNone<T>(T handle, LibvirtError none, [CallerArgumentExpression(nameof(handle))] string call = "") where T : SafeHandle
    {
        if (!handle.IsInvalid)
            return handle;
        var error = Last(call);
        handle.Dispose();
        return error.Code == none ? null : throw error;
    }

    private static LibvirtException Last(string call)
    {
        // "Native.virDomainReset(domain, 0)" → "virDomainReset"
        var name = call.AsSpan();
        if (name.IndexOf('(') is > 0 and var end)
            name = name[..end];
        name = name[(name.LastIndexOf('.') + 1)..];

        var error = Native.virGetLastError();
        return error == null
            ? new(name.ToString(), 0, 0, "failed without saying why")
            : new(name.ToString(), error->Code, error->Domain, Marshal.PtrToStringUTF8((nint)error->Message) ?? "");
    }
}
