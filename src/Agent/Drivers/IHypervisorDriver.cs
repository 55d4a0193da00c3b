using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers;

/// <summary>
/// What an agent asks of a hypervisor. Two implementations, <c>libvirt</c> and <c>simulated</c>, pass one contract suite.
/// Every method is idempotent: it brings one object nearer to what is wanted and returns what is there afterwards, so it may be repeated
/// after a crash at any instruction. Calls for one object are never concurrent; calls for different objects are.
/// An expected failure (no space, digest mismatch, hypervisor away) is a <see cref="DriverException"/>; anything else is a bug.
/// </summary>
public interface IHypervisorDriver : IMachineMover, IAsyncDisposable
{
    /// <summary>Connects and learns what the host can do. May take seconds (it probes acceleration). Called once, before anything else.</summary>
    Task<Capabilities> Start(CancellationToken cancel);

    /// <summary>Whether absence in <see cref="Inspect"/> can be believed now.</summary>
    DriverHealth Health { get; }

    /// <summary>
    /// Names the hypervisor's present life: another value means that it was started anew and that machines may have stopped without
    /// their guests' doing (the daemon's process and start time, say). Empty where the driver cannot tell.
    /// </summary>
    string Instance => "";

    /// <summary>
    /// Called (from any thread) when something may have changed outside of a call: the guest powered off, a disk was unplugged, the
    /// connection broke or came back. A hint only: the agent re-reads. The argument is the machine's id, or null for "anything".
    /// </summary>
    event Action<string?>? Changed;

    /// <summary>All objects of ours on this host, and the foreign machines. Sequence numbers are the agent's and left 0.</summary>
    Task<Inventory> Inspect(CancellationToken cancel);

    /// <summary>
    /// Brings one machine nearer to <paramref name="spec"/>: defines it, fits disks and NICs (live where it runs), then its power state.
    /// The image is there already (<see cref="EnsureImage"/>), the volumes and networks too. A start is refused with code
    /// <c>incarnation</c> while another incarnation of the same machine exists on this host.
    /// </summary>
    Task<ObservedMachine> EnsureMachine(string id, string incarnation, ulong generation, MachineSpec spec, CancellationToken cancel);

    /// <summary>
    /// Puts in force what its NICs may send and receive, and changes nothing else: all that may be done to a machine while it is on its way to another host. Succeeds where it is not here.
    /// </summary>
    Task GuardMachine(string id, string incarnation, MachineSpec spec, CancellationToken cancel);

    /// <summary>Destroys and undefines the machine, its root disk, seed and console log. Succeeds when there is none. Other incarnations are left alone.</summary>
    Task RemoveMachine(string id, string incarnation, CancellationToken cancel);

    /// <summary>
    /// Ends the machine's execution at once, without its guest and, where that does not help, without the hypervisor's daemon. Unlike the other methods it may be called while another call is
    /// under way for the machine. When it returns the machine does not run. True when it did before. One that is saved does not run, and stays saved.
    /// </summary>
    Task<bool> EndMachine(string id, string incarnation, CancellationToken cancel);

    /// <summary>Whether machines run only while this process does, so that nothing else need watch over their lease.</summary>
    bool EndsWithTheAgent => false;

    /// <summary>Reboots a running machine. Code <c>not-running</c> when it does not run.</summary>
    Task Reboot(string id, string incarnation, RebootMethod method, TimeSpan grace, CancellationToken cancel);

    /// <summary>
    /// Copies the machine's root disk as one qcow2 that needs no other file: of one moment, without stopping a machine that runs, as it is where it does not.
    /// A call that is cancelled or fails leaves nothing behind, and the next <see cref="Start"/> removes what a crash left.
    /// Codes <c>no-such-machine</c>, <c>diskless</c>, and <c>no-space</c> (not retryable) when there is no room for the copy.
    /// </summary>
    Task<DiskCopy> CopyRootDisk(string id, string incarnation, CancellationToken cancel);

    /// <summary>Deletes a root disk that is in a shared pool: <see cref="RemoveMachine"/> leaves those, for another incarnation may have it. Succeeds when there is none.</summary>
    Task RemoveRootDisk(string id, string pool, string disk, CancellationToken cancel);

    /// <summary>
    /// Creates the volume, with what shall be in it at first, or grows it; or replaces its content, once for a generation. Never shrinks: code <c>shrink</c>. Never takes a new
    /// one for one that was there before: code <c>volume-lost</c>. Code <c>no-pool</c> when the host does not see the shared pool, <c>no-source</c> when what is to be copied is not here.
    /// </summary>
    Task<ObservedVolume> EnsureVolume(string id, string incarnation, ulong generation, VolumeSpec spec, CancellationToken cancel);

    /// <summary>
    /// Deletes the volume. Succeeds when there is none. Code <c>in-use</c> while a machine has it attached; <c>no-pool</c> when the host does not see now where it is:
    /// <paramref name="pool"/>, or, where that is empty, its own disks and every shared pool.
    /// </summary>
    Task RemoveVolume(string id, string incarnation, string pool, CancellationToken cancel);

    /// <summary>
    /// Forgets a volume in a shared pool, which lives on without this host: <see cref="Inspect"/> does not see it any more. Succeeds when there is none. Code <c>in-use</c> while a
    /// machine of this host has it attached.
    /// </summary>
    Task ReleaseVolume(string id, string incarnation, CancellationToken cancel);

    /// <summary>Overwrites the volume's bytes, before it is removed. Codes as of <see cref="RemoveVolume"/>.</summary>
    Task WipeVolume(string id, string incarnation, string pool, CancellationToken cancel);

    /// <summary>Creates or changes the network, with all of its DHCP reservations, and brings it up or down. Running machines keep their NICs.</summary>
    Task<ObservedNetwork> EnsureNetwork(string id, string incarnation, ulong generation, NetworkSpec spec, CancellationToken cancel);

    /// <summary>Removes the network. Succeeds when there is none. Code <c>in-use</c> while a machine has a NIC on it.</summary>
    Task RemoveNetwork(string id, string incarnation, CancellationToken cancel);

    /// <summary>Whether the image's bytes are in the host's cache.</summary>
    Task<bool> HasImage(Image image, CancellationToken cancel);

    /// <summary>Stores an image, read-only, from its bytes. Code <c>image-digest</c> when they are not the image's.</summary>
    Task EnsureImage(Image image, Stream bytes, CancellationToken cancel);

    /// <summary>
    /// Makes room: deletes cached images that nothing here needs, until all of them have at most so many bytes, and those in shared pools that no disk there is backed by and nobody has
    /// used for a day. <paramref name="wanted"/>: digests to be kept in the cache.
    /// </summary>
    Task PruneImages(IReadOnlySet<string> wanted, long mostBytes, CancellationToken cancel);

    /// <summary>Deletes serial logs, a day after their last word, of machines that are neither here nor <paramref name="wanted"/>.</summary>
    Task PruneConsoles(IReadOnlySet<(string Id, string Incarnation)> wanted, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Part of a machine's serial log. Returns nothing (and the log's present size) when there is nothing after <paramref name="offset"/>.</summary>
    Task<ConsolePart> ReadConsole(string id, ulong offset, int maxBytes, CancellationToken cancel);

    /// <summary>
    /// Opens a console of a machine that runs. Who had its serial console before reads its end. Codes <c>not-running</c>, and <c>no-such-console</c> for a machine
    /// without a screen.
    /// </summary>
    Task<IMachineConsole> OpenConsole(string id, ConsoleKind kind, CancellationToken cancel);

    /// <summary>What each running machine of ours has used so far. A machine that cannot be asked now is left out.</summary>
    Task<IReadOnlyList<MachineStatistics>> Measure(CancellationToken cancel);
}

/// <summary>What is on the host.</summary>
public sealed record Inventory(
    IReadOnlyList<ObservedMachine> Machines,
    IReadOnlyList<ObservedVolume> Volumes,
    IReadOnlyList<ObservedNetwork> Networks,
    IReadOnlyList<UnmanagedMachine> Unmanaged);

/// <summary>Part of a serial log: its first byte stands at <paramref name="Offset"/>; <paramref name="Size"/> is the log's size now.</summary>
public sealed record ConsolePart(ulong Offset, ReadOnlyMemory<byte> Data, ulong Size);

/// <summary>A copy of a disk, qcow2. It is gone when it is disposed of.</summary>
/// <param name="Content">All of it, to be read as often as one likes.</param>
/// <param name="VirtualSizeBytes">What a guest sees.</param>
public sealed record DiskCopy(Stream Content, ulong VirtualSizeBytes) : IAsyncDisposable
{
    public const string Format = "qcow2";

    public ValueTask DisposeAsync() => Content.DisposeAsync();
}

/// <summary>An expected failure of a driver.</summary>
/// <param name="code">Stable, for programs: <c>no-space</c>, <c>in-use</c>, <c>image-digest</c>, <c>libvirt-38</c>.</param>
/// <param name="message">For people: what was wanted and what was found.</param>
/// <param name="retryable">Whether trying again may help without anyone changing anything.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class DriverException(string code, string message, bool retryable, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;
    public bool Retryable { get; } = retryable;
}
