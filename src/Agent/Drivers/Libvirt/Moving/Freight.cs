using Controller.Agent.Protocol.Peer;
using Google.Protobuf;

namespace Controller.Agent.Drivers.Libvirt.Moving;

/// <summary>Files on their way to the target, one after the other and no faster than was asked. Nobody else writes to them.</summary>
internal sealed class Freight(IPeer peer, uint mibPerSecond, TimeProvider time, Action<MoveProgress> progress)
{
    private const int Piece = 1 << 20;

    private readonly long _since = time.GetTimestamp();
    private ulong _total;
    private ulong _done;
    private bool _isCounted;

    /// <summary>Counts what will be sent, so that progress knows of all of it.</summary>
    public void Add(IReadOnlyList<VolumeFile> volumes)
    {
        if (!_isCounted)
            _total += (ulong)volumes.Sum(volume => new FileInfo(volume.Path).Length);
        _isCounted = true;
    }

    public async Task Send(IReadOnlyList<VolumeFile> volumes, CancellationToken cancel)
    {
        Add(volumes);
        foreach (var volume in volumes)
        {
            await using var file = new FileStream(volume.Path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
            await SendAll(file, data => new() { Volume = new() { VolumeId = volume.Id, Data = data } }, cancel);
        }
    }

    public Task Send(Stream content, Func<PeerData, PeerRequest> request, CancellationToken cancel)
    {
        _total += (ulong)content.Length;
        return SendAll(content, request, cancel);
    }

    private async Task SendAll(Stream content, Func<PeerData, PeerRequest> request, CancellationToken cancel)
    {
        var (length, offset) = ((ulong)content.Length, 0UL);
        var buffer = new byte[Piece];
        for (int read; (read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel)) > 0;)
        {
            // Holes stay holes; the last piece tells how long the file is.
            if (offset + (ulong)read == length || buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                await peer.Ask(request(new() { Offset = offset, Data = ByteString.CopyFrom(buffer, 0, read) }), cancel);
            offset += (ulong)read;
            _done += (ulong)read;
            progress(new(_total, _done, _total - _done, 0));
            if (mibPerSecond > 0)
            {
                var ahead = TimeSpan.FromSeconds((double)_done / Piece / mibPerSecond) - time.GetElapsedTime(_since);
                if (ahead > TimeSpan.Zero)
                    await Task.Delay(ahead, time, cancel);
            }
        }
    }
}
