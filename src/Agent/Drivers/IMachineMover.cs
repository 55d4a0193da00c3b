using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;

namespace Controller.Agent.Drivers;

/// <summary>
/// How a machine goes from one host to another of the same driver. Neither end lets the moved machine run: the source leaves it off, the target suspended (or off, where it was), and
/// the control plane says where it runs. Every method may be repeated after a crash of whoever took part.
/// </summary>
public interface IMachineMover
{
    /// <summary>
    /// On the source: brings the whole machine to the peer. Returns when it is there and off here; finds that out, too, where an earlier call came so far. When it throws, or is cancelled, the
    /// machine is still here, and what the peer has of it is of no use. Codes <c>no-such-machine</c>, <c>not-running</c> (for a live one), <c>not-moved</c>.
    /// </summary>
    Task SendAway(Departure what, IPeer peer, Action<MoveProgress> progress, CancellationToken cancel);

    /// <summary>On the target: does what the source asks for. The image is there already.</summary>
    Task<PeerAnswer> Receive(Arrival what, PeerRequest request, CancellationToken cancel);

    /// <summary>On the target: what a channel of the source's leads to.</summary>
    Task<Stream> Reach(Arrival what, Channel channel, CancellationToken cancel);
}

/// <summary>The target's agent, as the source sees it.</summary>
public interface IPeer
{
    /// <exception cref="DriverException">What the peer says, or code <c>peer-away</c>.</exception>
    Task<PeerAnswer> Ask(PeerRequest request, CancellationToken cancel);

    Task<Stream> Open(Channel channel, CancellationToken cancel);
}

/// <summary>A machine that leaves.</summary>
public sealed record Departure(string Id, string Incarnation, MachineSpec Spec, Migrate Order);

/// <summary>A machine that comes: its next incarnation.</summary>
public sealed record Arrival(string Id, string Incarnation, ulong Generation, MachineSpec Spec);

/// <summary>How far it is, in bytes, and for how long the guest stood still, as far as is known.</summary>
public readonly record struct MoveProgress(ulong Total, ulong Done, ulong Remaining, uint DowntimeMilliseconds);
