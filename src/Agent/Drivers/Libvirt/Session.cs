using System.Runtime.InteropServices;
using System.Threading.Channels;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>One life of the connection that events come by. Nothing that may block for long is asked over it.</summary>
internal sealed record Session(ConnectHandle Connect, nint Listener) : IDisposable
{
    public static Session Open(string uri, ChannelWriter<LibvirtEvent> events)
    {
        var connect = Checked.Ok(Native.virConnectOpen(uri));
        try
        {
            // A hung libvirtd is noticed after 5 s × 4.
            Checked.Ok(Native.virConnectSetKeepAlive(connect, 5, 3));
            Probe(connect);
            return new(connect, EventLoop.Listen(connect, events));
        }
        catch
        {
            connect.Dispose();
            throw;
        }
    }

    public bool IsAlive => Native.virConnectIsAlive(Connect) == 1;

    public void Dispose()
    {
        EventLoop.Forget(Listener);
        EventLoop.StopListening(Connect);
        Connect.Dispose();
    }

    /// <summary>libvirtd's main loop takes connections and answers keepalives even where its machines have all their locks held.</summary>
    private static unsafe void Probe(ConnectHandle connect)
    {
        var count = Checked.Ok(Native.virConnectListAllDomains(connect, out var domains, 0));
        for (var i = 0; i < count; i++)
            new DomainHandle(domains[i]).Dispose();
        NativeMemory.Free(domains);
    }
}
