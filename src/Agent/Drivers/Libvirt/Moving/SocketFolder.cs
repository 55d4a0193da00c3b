using System.Net.Sockets;
using Controller.Agent.Peers;
using Controller.Agent.Protocol.Peer;

namespace Controller.Agent.Drivers.Libvirt.Moving;

/// <summary>
/// A migration's unix sockets, in a folder beside libvirtd's own. A libvirtd of deploy/libvirtd sees that as /run/libvirt, whatever it is outside, so two of them on one machine have one
/// name for two places, as two hosts have. On the source we listen in it, on the target libvirt's QEMU does.
/// </summary>
internal sealed class SocketFolder(string libvirtSocket, string incarnation)
{
    private const string SeenByLibvirtd = "/run/libvirt";
    private const UnixFileMode ForItsQemu = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly (string Name, Channel Channel)[] Sockets = [("rpc", Channel.Hypervisor), ("ram", Channel.Memory), ("nbd", Channel.Disks)];

    private readonly string _path = Path.Combine(Path.GetDirectoryName(libvirtSocket)!, Name(incarnation));

    public string Seen { get; } = $"{SeenByLibvirtd}/{Name(incarnation)}";

    private static string Name(string incarnation) => $"occi-{Guid.Parse(incarnation):N}";

    /// <summary>Empty, and open to whatever user QEMU runs as, who must know its name: it cannot be listed.</summary>
    public void Make()
    {
        Remove();
        Directory.CreateDirectory(_path);
        File.SetUnixFileMode(_path, ForItsQemu);
    }

    /// <summary>The machine is there, or will not come.</summary>
    public void Remove()
    {
        if (Directory.Exists(_path))
            Directory.Delete(_path, recursive: true);
    }

    public async Task<Stream> Reach(Channel channel, CancellationToken cancel)
    {
        var path = channel == Channel.Hypervisor ? libvirtSocket : Path.Combine(_path, Sockets.First(known => known.Channel == channel).Name);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Carries what connects here to the peer, until the result is disposed of.</summary>
    public IAsyncDisposable Serve(IPeer peer)
    {
        Make();
        return new Serving(this, peer);
    }

    private sealed class Serving : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskSet _running = new();
        private readonly SocketFolder _folder;

        public Serving(SocketFolder folder, IPeer peer)
        {
            _folder = folder;
            foreach (var (name, channel) in Sockets)
            {
                var path = Path.Combine(folder._path, name);
                var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                listener.Bind(new UnixDomainSocketEndPoint(path));
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
                listener.Listen();
                _running.Add(Accept(listener, channel, peer));
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.Ended();
            _folder.Remove();
            _stop.Dispose();
        }

        private async Task Accept(Socket listener, Channel channel, IPeer peer)
        {
            using (listener)
            {
                while (!_stop.IsCancellationRequested)
                    _running.Add(Carry(await listener.AcceptAsync(_stop.Token), channel, peer));
            }
        }

        private async Task Carry(Socket socket, Channel channel, IPeer peer)
        {
            await using var near = new NetworkStream(socket, ownsSocket: true);
            // What cannot be reached is hung up on: libvirt says so in its own words.
            await using var far = await peer.Open(channel, _stop.Token);
            await Relay.Run(near, far, _stop.Token);
        }
    }
}
