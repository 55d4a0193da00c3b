namespace Controller.Agent.Drivers.Libvirt;

/// <summary>Machines' serial logs, which QEMU appends to.</summary>
internal sealed class ConsoleLogs(Folders folders)
{
    /// <summary>Logs that nobody has written to for this long are of no machine that is just coming.</summary>
    private static readonly TimeSpan KeepIdle = TimeSpan.FromDays(1);

    /// <summary>Deletes the logs of machines that there are not.</summary>
    public void Prune(IReadOnlySet<ObjectKey> machines, DateTime now)
    {
        foreach (var (path, machine) in folders.AllConsoleLogs())
        {
            if (!machines.Contains(machine) && now - File.GetLastWriteTimeUtc(path) > KeepIdle)
                File.Delete(path);
        }
    }

    public async Task<ConsolePart> Read(string id, ulong offset, int maxBytes, CancellationToken cancel)
    {
        if (folders.AnyConsole(id) is not { } path)
            return new(offset, ReadOnlyMemory<byte>.Empty, 0);
        await using var log = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var size = (ulong)log.Length;
        if (offset >= size || maxBytes <= 0)
            return new(offset, ReadOnlyMemory<byte>.Empty, size);
        log.Position = (long)offset;
        var part = new byte[Math.Min((ulong)maxBytes, size - offset)];
        var read = await log.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancel);
        return new(offset, part.AsMemory(0, read), size);
    }
}
