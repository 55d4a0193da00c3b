using System.Net;
using System.Net.Sockets;

namespace Controller.Api.Tests.Cloud;

internal static class Free
{
    /// <summary>Ports that nobody listens on at the moment, each another one.</summary>
    public static int[] Ports(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            foreach (var listener in listeners)
                listener.Start();
            return [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
                listener.Dispose();
        }
    }
}
