using Controller.Api.Http;

namespace Controller.Api.Inventory;

/// <summary>Some rows of a listing with their payloads as they lie in the database, read whole before anything is made of them: nobody holds a connection while a client reads slowly.</summary>
internal sealed class RowChunk : IDisposable
{
    /// <summary>A row; payload and those of its links are in <see cref="Bytes"/>.</summary>
    /// <param name="Term">Its kind's.</param>
    /// <param name="Id">Its entity's.</param>
    /// <param name="Offset">Where its payload begins.</param>
    /// <param name="Length">How long that is.</param>
    /// <param name="Links">Where its links' payloads are, in creation order; null: it has none.</param>
    public readonly record struct Row(string Term, Guid Id, int Offset, int Length, (int Offset, int Length)[]? Links);

    public PooledBuffer Bytes { get; } = new(64 * 1024);

    public List<Row> Rows { get; } = [];

    /// <summary>The place in creation order of the last row.</summary>
    public long Last { get; set; }

    public void Clear()
    {
        Rows.Clear();
        Bytes.TakeBack(0);
    }

    public void Dispose() => Bytes.Dispose();
}
