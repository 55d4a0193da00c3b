using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Grains.Images;

/// <summary>
/// An image. One that is being saved has no operation of its own: the compute that is saved has it, with its deadline, and tells the image how it ended
/// before it forgets it. One that is being imported is found in the inventory by any silo, until its bytes are there or cannot be.
/// </summary>
[GrainType("image")]
internal sealed class ImageGrain(
    [PersistentState("image", "entities")] IPersistentState<Stored<ImageRecord, ImageView>> state, IImageFiles files, TimeProvider time) : Grain, IImageGrain
{
    private readonly Record<ImageRecord, ImageView> _record = new(state, ImageProjection.View, ImageProjection.Index, time);

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

    public async Task<ImageView?> Import(string title, ImageImport import)
    {
        if (_record.Value is { Project: not null })
            return null;
        if (_record.Value?.Save != import.Id)
        {
            await _record.Write(new(Term, title, "", import.Format, 0, 0, _record.Value?.Created ?? time.GetUtcNow())
            {
                State = ImageState.Pending, Origin = import.Url, Save = import.Id, Import = import, Since = time.GetUtcNow(), By = Asking.By, Trace = Asking.Trace,
            });
        }
        return _record.View;
    }

    public async Task<bool> Progress(Guid import, long received, long? expected)
    {
        if (_record.Value is not { State: ImageState.Pending, Import: { } present } record || present.Id != import)
            return false;
        await _record.Write(record with { Import = present with { Received = received, Expected = expected } });
        return true;
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
                State = ImageState.Ready, Message = null, Import = null,
            });
        }
        // Looked at after it was named: who sweeps the store takes a file away first and looks for its name then, so one of the two sees the other.
        if (await files.Has(disk.Image.Sha256))
            return true;
        await _record.Write(_record.Value! with { State = ImageState.Error, Message = $"Its bytes ({disk.Image.Sha256}) are not in the image store." });
        return false;
    }

    public async Task<bool> Fail(Guid save, string why)
    {
        if (_record.Value is not { } present || present.Save != save || present.State == ImageState.Ready)
            return false;
        await _record.Write(present with { State = ImageState.Error, Message = why, Import = null });
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
