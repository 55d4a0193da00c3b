namespace Controller.Silo.Postgres;

/// <summary>Cores, bytes of memory, bytes of disk.</summary>
internal sealed record Amounts(long Cores, long Memory, long Disk);

/// <summary>A host as the placement's query judges it for one request.</summary>
/// <param name="Id">Which host.</param>
/// <param name="Name">For people.</param>
/// <param name="Usable">What machines may have in all.</param>
/// <param name="Free">What of it is not claimed.</param>
/// <param name="HasImage">Another machine with the request's image is there.</param>
/// <param name="Filter">The first filter that it did not pass; null: it fits.</param>
internal sealed record HostRoom(Guid Id, string Name, Amounts Usable, Amounts Free, bool HasImage, string? Filter)
{
    /// <summary>What is free of the shared pool that is asked for, where that is too little.</summary>
    public long? PoolFree { get; init; }
}
