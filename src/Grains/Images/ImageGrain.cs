using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Grains.Images;

/// <summary>Persisted: additive changes only.</summary>
internal sealed record ImageRecord(string Term, string Title, string Sha256, string Format, long SizeBytes, long VirtualSizeBytes, DateTimeOffset Created);

[GrainType("image")]
internal sealed class ImageGrain(
    [PersistentState("image", "entities")] IPersistentState<Stored<ImageRecord, ImageView>> state, TimeProvider time) : Grain, IImageGrain
{
    private readonly Record<ImageRecord, ImageView> _record = new(
        state,
        (r, _) => new(r.Term, r.Title, r.Sha256, r.Format, r.SizeBytes, r.VirtualSizeBytes, r.Created),
        r => new() { Title = r.Title });

    public async Task<ImageView> Put(string title, string sha256, string format, long sizeBytes, long virtualSizeBytes)
    {
        var term = this.GetPrimaryKeyString()["image/".Length..];
        var next = new ImageRecord(term, title, sha256, format, sizeBytes, virtualSizeBytes, _record.Value?.Created ?? time.GetUtcNow());
        if (next != _record.Value)
            await _record.Write(next);
        return _record.View!;
    }

    public Task<ImageView?> View() => Task.FromResult(_record.View);

    public async Task<bool> Delete()
    {
        if (!_record.Exists)
            return false;
        await _record.Clear();
        return true;
    }
}
