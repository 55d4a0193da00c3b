using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Grains.Images;

/// <summary>
/// An image. One that is being made has no operation of its own: the compute that is saved has it, with its deadline, and tells the image how it ended
/// before it forgets it.
/// </summary>
[GrainType("image")]
internal sealed class ImageGrain(
    [PersistentState("image", "entities")] IPersistentState<Stored<ImageRecord, ImageView>> state, TimeProvider time) : Grain, IImageGrain
{
    private readonly Record<ImageRecord, ImageView> _record = new(state, ImageProjection.View, ImageProjection.Index);

    private string Term => this.GetPrimaryKeyString()["image/".Length..];

    public async Task<ImageView> Put(string title, string sha256, string format, long sizeBytes, long virtualSizeBytes)
    {
        var next = new ImageRecord(Term, title, sha256, format, sizeBytes, virtualSizeBytes, _record.Value?.Created ?? time.GetUtcNow());
        if (next != _record.Value)
            await _record.Write(next);
        return _record.View!;
    }

    public async Task<ImageView?> Begin(ImageSave save)
    {
        if (!_record.Exists)
        {
            await _record.Write(new(Term, save.Title, "", "qcow2", 0, 0, time.GetUtcNow())
            {
                Project = save.Project, State = ImageState.Pending, Origin = save.Origin, Save = save.Id,
            });
        }
        return _record.Value!.Save == save.Id ? _record.View : null;
    }

    public async Task<bool> Complete(Guid save, SavedDisk disk)
    {
        if (_record.Value is not { } present || present.Save != save)
            return false;
        // Once it is ready machines may have been made of it: a repeat changes nothing.
        if (present.State != ImageState.Ready)
        {
            await _record.Write(present with
            {
                Sha256 = disk.Image.Sha256, Format = disk.Image.Format, SizeBytes = disk.Image.SizeBytes, VirtualSizeBytes = disk.VirtualSizeBytes,
                State = ImageState.Ready, Message = null,
            });
        }
        return true;
    }

    public async Task<bool> Fail(Guid save, string why)
    {
        if (_record.Value is not { } present || present.Save != save || present.State == ImageState.Ready)
            return false;
        await _record.Write(present with { State = ImageState.Error, Message = why });
        return true;
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
