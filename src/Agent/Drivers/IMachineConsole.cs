namespace Controller.Agent.Drivers;

/// <summary>A console of a running machine, both ways. It reads no further ahead than it is asked, or keeps a bounded tail of what was said meanwhile.</summary>
public interface IMachineConsole : IAsyncDisposable
{
    /// <summary>What the machine says next; waits for some. 0: it is over, since the machine stopped or somebody else has the console.</summary>
    ValueTask<int> Read(Memory<byte> buffer, CancellationToken cancel);

    /// <summary>Returns when the machine, or its hypervisor, has taken all of it.</summary>
    ValueTask Write(ReadOnlyMemory<byte> data, CancellationToken cancel);
}
