using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Controller.Agent.Drivers.Libvirt.Interop;

/// <summary>What happened, as far as we tell events apart.</summary>
internal enum EventKind
{
    /// <summary>A domain was defined, started, suspended, resumed, stopped…</summary>
    Lifecycle = 0,

    /// <summary>The guest was reset, by itself or by us.</summary>
    Reboot = 1,

    /// <summary>The guest let go of a device.</summary>
    DeviceRemoved = 15,

    /// <summary>The agent in the guest opened its channel, or closed it.</summary>
    GuestAgent = 18,

    DeviceAdded = 19,

    /// <summary>The guest kept a device.</summary>
    DeviceRemovalFailed = 22,

    /// <summary>The connection is dead.</summary>
    Closed = -1,
}

/// <param name="Kind">What happened.</param>
/// <param name="Machine">The domain's uuid, null when the event is about the connection.</param>
internal sealed record LibvirtEvent(EventKind Kind, string? Machine);

/// <summary>
/// libvirt's event loop: one thread a process, without which there are neither events nor keepalives. It must be registered before the
/// first connection is opened. Callbacks run on it (the close callback also on whichever thread met the broken connection), so they only
/// copy what they need into the channel of the connection that they were registered for, named by a number and not by a pointer.
/// </summary>
internal static unsafe class EventLoop
{
    private static readonly Lock Starting = new();
    private static readonly ConcurrentDictionary<nint, ChannelWriter<LibvirtEvent>> Listeners = new();
    private static readonly ConcurrentDictionary<nint, Func<bool>> Readers = new();
    private static long _lastListener;
    private static bool _started;

    public static void EnsureStarted()
    {
        lock (Starting)
        {
            if (_started)
                return;
            Checked.Ok(Native.virInitialize());
            Native.virSetErrorFunc(null, &OnError);
            Checked.Ok(Native.virEventRegisterDefaultImpl());
            // Without a timer the loop sleeps until a file descriptor stirs, and would not notice one added by another thread in old versions.
            Checked.Ok(Native.virEventAddTimeout(1000, &OnTimer, null, 0));
            new Thread(Run) { IsBackground = true, Name = "libvirt events" }.Start();
            _started = true;
        }
    }

    /// <summary>Sends the connection's events to <paramref name="events"/> until the result is passed to <see cref="Forget"/>.</summary>
    public static nint Listen(ConnectHandle connect, ChannelWriter<LibvirtEvent> events)
    {
        var listener = (nint)Interlocked.Increment(ref _lastListener);
        Listeners[listener] = events;
        try
        {
            Checked.Ok(Native.virConnectRegisterCloseCallback(connect, &OnClose, (void*)listener, 0));
            Register(connect, listener, EventKind.Lifecycle, (delegate* unmanaged[Cdecl]<nint, nint, int, int, void*, int>)&OnLifecycle);
            Register(connect, listener, EventKind.Reboot, (delegate* unmanaged[Cdecl]<nint, nint, void*, void>)&OnReboot);
            Register(connect, listener, EventKind.DeviceRemoved, (delegate* unmanaged[Cdecl]<nint, nint, byte*, void*, void>)&OnDeviceRemoved);
            Register(connect, listener, EventKind.DeviceAdded, (delegate* unmanaged[Cdecl]<nint, nint, byte*, void*, void>)&OnDeviceAdded);
            Register(connect, listener, EventKind.DeviceRemovalFailed, (delegate* unmanaged[Cdecl]<nint, nint, byte*, void*, void>)&OnDeviceRemovalFailed);
            Register(connect, listener, EventKind.GuestAgent, (delegate* unmanaged[Cdecl]<nint, nint, int, int, void*, void>)&OnGuestAgent);
        }
        catch
        {
            Forget(listener);
            throw;
        }
        return listener;
    }

    /// <summary>The close callback holds a reference on the connection: without this, closing it would not close it.</summary>
    public static void StopListening(ConnectHandle connect) => _ = Native.virConnectUnregisterCloseCallback(connect, &OnClose);

    /// <summary>Later callbacks for it find nobody.</summary>
    public static void Forget(nint listener) => Listeners.TryRemove(listener, out _);

    /// <summary>Calls <paramref name="ready"/> on the loop's thread whenever the stream has something to read or is over, until <see cref="StopReading"/>.</summary>
    /// <param name="stream">Not blocking.</param>
    /// <param name="ready">Must not throw, nor wait. False: it is over, and there will be no other call.</param>
    public static nint Read(StreamHandle stream, Func<bool> ready)
    {
        const int Readable = 1, Error = 4, HangUp = 8;
        var reader = (nint)Interlocked.Increment(ref _lastListener);
        Readers[reader] = ready;
        try
        {
            Checked.Ok(Native.virStreamEventAddCallback(stream, Readable | Error | HangUp, &OnStream, (void*)reader, 0));
            return reader;
        }
        catch
        {
            Readers.TryRemove(reader, out _);
            throw;
        }
    }

    /// <summary>A call that is under way may still end after this.</summary>
    public static void StopReading(StreamHandle stream, nint reader)
    {
        Readers.TryRemove(reader, out _);
        var held = false;
        stream.DangerousAddRef(ref held);
        _ = Native.virStreamEventRemoveCallback(stream.DangerousGetHandle());
        stream.DangerousRelease();
    }

    private static void Register(ConnectHandle connect, nint listener, EventKind kind, void* callback) =>
        Checked.Ok(Native.virConnectDomainEventRegisterAny(connect, 0, (int)kind, callback, (void*)listener, 0));

    private static void Run()
    {
        // An iteration fails only when poll does; the next one is the remedy.
        while (true)
            _ = Native.virEventRunDefaultImpl();
    }

    private static void Tell(void* listener, EventKind kind, nint domain)
    {
        if (!Listeners.TryGetValue((nint)listener, out var events))
            return;
        string? machine = null;
        if (domain != 0)
        {
            var uuid = stackalloc byte[37];
            if (Native.virDomainGetUUIDString(domain, uuid) >= 0)
                machine = Marshal.PtrToStringUTF8((nint)uuid);
        }
        events.TryWrite(new LibvirtEvent(kind, machine));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(void* user, VirError* error)
    {
        // libvirt would print it; we read it from virGetLastError.
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnTimer(int timer, void* opaque)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnStream(nint stream, int events, void* reader)
    {
        // One that is over stays ready, and the loop would spin.
        if (Readers.TryGetValue((nint)reader, out var ready) && !ready())
            _ = Native.virStreamEventRemoveCallback(stream);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnClose(nint connect, int reason, void* listener) => Tell(listener, EventKind.Closed, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnLifecycle(nint connect, nint domain, int kind, int detail, void* listener)
    {
        Tell(listener, EventKind.Lifecycle, domain);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnReboot(nint connect, nint domain, void* listener) => Tell(listener, EventKind.Reboot, domain);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDeviceRemoved(nint connect, nint domain, byte* alias, void* listener) => Tell(listener, EventKind.DeviceRemoved, domain);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDeviceAdded(nint connect, nint domain, byte* alias, void* listener) => Tell(listener, EventKind.DeviceAdded, domain);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDeviceRemovalFailed(nint connect, nint domain, byte* alias, void* listener) =>
        Tell(listener, EventKind.DeviceRemovalFailed, domain);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnGuestAgent(nint connect, nint domain, int state, int reason, void* listener) => Tell(listener, EventKind.GuestAgent, domain);
}
