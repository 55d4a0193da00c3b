using System.Net.Sockets;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Consoles;

/// <summary>A machine's screen: a socket to its QEMU that libvirt hands over, so nothing listens anywhere that a network reaches.</summary>
internal sealed class Screen(Socket socket) : IMachineConsole
{
    private const uint SkipAuthentication = 1;

    /// <summary>For <see cref="Link.On"/>.</summary>
    public static SafeSocketHandle Open(DomainHandle domain) => new(Checked.Ok(Native.virDomainOpenGraphicsFD(domain, 0, SkipAuthentication)), ownsHandle: true);

    public async ValueTask<int> Read(Memory<byte> buffer, CancellationToken cancel)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, cancel);
        }
        catch (SocketException)
        {
            return 0;   // QEMU is gone
        }
    }

    public async ValueTask Write(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        try
        {
            while (!data.IsEmpty)
                data = data[await socket.SendAsync(data, cancel)..];
        }
        catch (SocketException gone)
        {
            throw new DriverException("ended", "The console is closed.", retryable: false, gone);
        }
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
