using System.Net;
using System.Net.Sockets;

namespace Controller.Cli.Consoles;

/// <summary>A port on this machine for VNC viewers: each connection is a console of its own, through the API.</summary>
internal static class VncRelay
{
    private const int PartBytes = 32 * 1024;

    /// <summary><c>127.0.0.1:5900</c></summary>
    public static IPEndPoint Parse(string listen) => IPEndPoint.TryParse(listen, out var endpoint)
        ? endpoint
        : throw new CliException($"--listen takes an IP address and a port, as in 127.0.0.1:5900, and this is \"{listen}\"", ExitCode.Usage);

    public static async Task Run(ApiClient api, string machine, IPEndPoint listen, CancellationToken cancel)
    {
        using var listener = new TcpListener(listen);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            throw new CliException($"nothing can listen on {listen}: {e.Message}");
        }
        Console.WriteLine($"VNC viewers connect to {listener.LocalEndpoint}; Ctrl-C ends");
        var viewers = new List<Task>();
        try
        {
            while (true)
            {
                viewers.Add(Serve(api, machine, await listener.AcceptTcpClientAsync(cancel), cancel));
                viewers.RemoveAll(viewer => viewer.IsCompleted);
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(viewers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task Serve(ApiClient api, string machine, TcpClient client, CancellationToken cancel)
    {
        using var _ = client;
        try
        {
            using var socket = await ConsoleSocket.Open(api, machine, "vnc", cancel);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await using var stream = client.GetStream();
            Task[] ways = [Down(socket, stream, stop.Token), Up(socket, stream, stop.Token)];
            if (await Task.WhenAny(ways) == ways[0] && !cancel.IsCancellationRequested)
                Console.Error.WriteLine($"a viewer's console is closed: {socket.Why}");
            await socket.Close();
            await stop.CancelAsync();
            await Task.WhenAll(ways).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (e is CliException or RefusedException)
        {
            Console.Error.WriteLine($"a viewer is sent away: {e.Message}");
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The viewer has gone, or we have.
        }
    }

    private static async Task Down(ConsoleSocket socket, NetworkStream viewer, CancellationToken cancel)
    {
        var buffer = new byte[PartBytes];
        int read;
        while ((read = await socket.Receive(buffer, cancel)) > 0)
            await viewer.WriteAsync(buffer.AsMemory(0, read), cancel);
    }

    private static async Task Up(ConsoleSocket socket, NetworkStream viewer, CancellationToken cancel)
    {
        var buffer = new byte[PartBytes];
        int read;
        while ((read = await viewer.ReadAsync(buffer, cancel)) > 0)
            await socket.Send(buffer.AsMemory(0, read), cancel);
    }
}
