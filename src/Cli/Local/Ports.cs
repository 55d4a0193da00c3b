using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;

namespace Controller.Cli.Local;

/// <summary>
/// TCP ports of the cluster's processes on 127.0.0.1, remembered: a silo that is started again takes its place in the membership, and agents
/// find the gateways that they know.
/// </summary>
internal sealed class Ports
{
    // Below the ports that the kernel gives to outgoing connections, so that none of those sits on ours when a process is restarted.
    private const int First = 20_000, Last = 32_000;

    private readonly DataDirectory _data;
    private readonly Dictionary<string, int> _ports;

    public Ports(DataDirectory data)
    {
        _data = data;
        _ports = SafeFile.Read(data.Ports) is { } text ? JsonSerializer.Deserialize(text, LocalJson.Default.DictionaryStringInt32) ?? [] : [];
    }

    /// <summary>The port of that name: the one of the last time if it is free, else another one, from <paramref name="from"/> on if that is given.</summary>
    public int Of(string name, int? from = null)
    {
        if (_ports.TryGetValue(name, out var port) && IsFree(port))
            return port;
        _ports.Remove(name);
        var candidates = from is { } start
            ? Enumerable.Range(start, 200)
            : Enumerable.Range(0, 1000).Select(_ => RandomNumberGenerator.GetInt32(First, Last));
        port = candidates.Where(p => p < 65_536 && !_ports.ContainsValue(p) && IsFree(p)).DefaultIfEmpty(0).First();
        if (port == 0)
            throw new CliException($"no free TCP port on 127.0.0.1 for {name}");
        _ports[name] = port;
        Save();
        return port;
    }

    /// <summary>Keeps a port that the user chose.</summary>
    public void Set(string name, int port)
    {
        _ports[name] = port;
        Save();
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // .NET sets SO_REUSEADDR: connections of an earlier process in TIME_WAIT do not count, listeners do.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Save() => SafeFile.Write(_data.Ports, JsonSerializer.Serialize(_ports, LocalJson.Default.DictionaryStringInt32) + "\n");
}
