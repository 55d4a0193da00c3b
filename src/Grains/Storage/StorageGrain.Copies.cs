using System.Globalization;
using Controller.Contracts;
using Controller.Grains.Compute;
using Controller.Grains.Entities;
using Controller.Grains.Links;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Storage;

/// <summary>What is in a new storage: an image's disk, or a copy of another storage's volume, which can only be made where that is.</summary>
internal readonly record struct InitialContent(ImageRef? Image, VolumeSource? Source, Guid? Near);

// Snapshots, backups and clones are storages of their own, copied from another one of one moment. The actions answer with the new storage's path in the state's message;
// a snapshot can be put back into what it was taken of.
internal sealed partial class StorageGrain
{
    public Task<StorageSource?> AsSource(Caller caller) => Task.FromResult(
        _record.Value is { Host: { } host } present && IsThere(caller)
            ? new StorageSource(
                new(Id, present.Incarnation, present.Pool), host, present.PoolName, present.Attributes.Number(Model.Storage.Size) ?? 0, NotToBeCopied(present))
            : null);

    /// <summary>Its content at first, from its attributes; or why that cannot be.</summary>
    private async Task<(InitialContent Content, Outcome? Unusable)> Content(CreateEntity command)
    {
        var (source, image, origin) =
            (command.Attributes.Text(StorageContent.Source), command.Attributes.Text(StorageContent.Image), command.Attributes.Text(StorageContent.Origin));
        if (origin is null && command.Mixins.FirstOrDefault(m => m == StorageContent.Snapshot.Id.ToString() || m == StorageContent.Backup.Id.ToString()) is { } made)
            return (default, new(OutcomeKind.Invalid, $"{made} is what the actions snapshot and backup make: invoke one of them on the storage to be copied."));
        if (source is not null && image is not null)
            return (default, new(OutcomeKind.Invalid, $"{StorageContent.Source.Name} and {StorageContent.Image.Name} were given: one of them was wanted."));
        var size = StorageRecord.BytesOf(command.Attributes);
        if (image is not null)
            return await ContentOfImage(command, image, size);
        return source is not null || origin is not null ? await ContentOfStorage(command, source ?? origin!, size) : (default, null);
    }

    private async Task<(InitialContent Content, Outcome? Unusable)> ContentOfImage(CreateEntity command, string image, long size)
    {
        var term = image.StartsWith(ImageView.Scheme, StringComparison.Ordinal) ? image[ImageView.Scheme.Length..] : image;
        var (view, unusable) = await new Templates(GrainFactory).Usable(term, command.Caller);
        if (view is null)
            return (default, unusable);
        return size < view.VirtualSizeBytes
            ? (default, new(OutcomeKind.Invalid, $"{Model.Storage.Size.Name}: the image {term} has {view.VirtualSizeBytes} bytes, {size} were asked for."))
            : (new(new(view.Sha256, view.Format, view.SizeBytes), null, null), null);
    }

    private async Task<(InitialContent Content, Outcome? Unusable)> ContentOfStorage(CreateEntity command, string source, long size)
    {
        if (LinkGrain.EndOf(source, Model.Storage.Kind.Id.Term) is not { } id || id == Id)
            return (default, new(OutcomeKind.Invalid, $"{StorageContent.Source.Name}: a storage was wanted, \"{source}\" was given."));
        if (await Storage(id).AsSource(command.Caller) is not { } found)
            return (default, new(OutcomeKind.Invalid, $"{StorageContent.Source.Name}: there is no storage {id}."));
        if (found.Why is { } why)
            return (default, new(OutcomeKind.Conflict, why));
        return size < StorageRecord.BytesOf(found.SizeGiB)
            ? (default, new(OutcomeKind.Invalid, $"{Model.Storage.Size.Name}: the storage {id} has {Text(found.SizeGiB)} GiB, a copy of it cannot have less."))
            : (new(null, found.Volume, found.Host), null);
    }

    /// <summary>Makes a copy of it: a storage of its own, in the same pool.</summary>
    private async Task<Outcome> Copy(Caller caller, Mixin purpose)
    {
        var present = _record.Value!;
        if (NotToBeCopied(present) is { } why)
            return new(OutcomeKind.Conflict, why);
        var id = Guid.NewGuid();
        var title = present.Attributes.Text(CoreKinds.Title) is { Length: > 0 } name ? name : Id.ToString();
        var attributes = new Dictionary<string, AttributeValue>
        {
            [CoreKinds.Title.Name] = AttributeValue.Of($"{purpose.Id.Term} of {title}"),
            [Model.Storage.Size.Name] = present.Attributes[Model.Storage.Size.Name],
            [StorageContent.Origin.Name] = AttributeValue.Of(Model.Storage.Kind.Location + Id.ToString("D")),
        };
        if (present.PoolName is { } pool)
            attributes[Pools.OfStorage.Name] = AttributeValue.Of(pool);
        string[] kept = [Pools.Storage.Id.ToString(), StorageContent.Wipe.Id.ToString()];
        var outcome = await Storage(id).Create(new()
        {
            Caller = caller,
            Id = id,
            Kind = Model.Storage.Kind.Id.ToString(),
            Mixins = [purpose.Id.ToString(), .. present.Mixins.Intersect(kept)],
            Attributes = attributes,
        });
        if (outcome.Ok)
            await _record.Write(_record.Value! with { Message = $"The {purpose.Id.Term} is {Model.Storage.Kind.Location}{id:D}." });
        return outcome.Ok ? new(OutcomeKind.Done) : outcome;
    }

    /// <summary>Of a snapshot: its origin gets its content.</summary>
    private async Task<Outcome> RevertOrigin(Caller caller)
    {
        var present = _record.Value!;
        if (!present.Mixins.Contains(StorageContent.Snapshot.Id.ToString()) || LinkGrain.EndOf(present.Attributes.Text(StorageContent.Origin), "storage") is not { } origin)
            return new(OutcomeKind.Conflict, "This storage is no snapshot: there is nothing to put back.");
        var outcome = await Storage(origin).Revert(caller, Id);
        return outcome.Kind == OutcomeKind.NotFound ? new(OutcomeKind.Conflict, $"The storage {origin} that the snapshot was taken of is gone. Make another from it ({StorageContent.Source.Name}).") : outcome;
    }

    public async Task<Outcome> Revert(Caller caller, Guid snapshot)
    {
        if (!IsThere(caller))
            return new(OutcomeKind.NotFound);
        var present = _record.Value!;
        if (InUse() is { } used)
            return used;
        if (present.Leaving is [var leaving, ..])
            return new(OutcomeKind.Conflict, $"The machine of compute {leaving.Compute} may still have the storage.");
        if (await Storage(snapshot).AsSource(caller) is not { } source)
            return new(OutcomeKind.Conflict, $"There is no storage {snapshot}.");
        if (source.Why is { } why)
            return new(OutcomeKind.Conflict, why);
        if (source.Volume.Pool is null && source.Host != present.Host)
            return new(OutcomeKind.Conflict, $"The snapshot is on host {source.Host}, the storage on host {present.Host}.");
        if (StorageRecord.BytesOf(source.SizeGiB) > present.SizeBytes)
            return new(OutcomeKind.Conflict, $"The snapshot has {Text(source.SizeGiB)} GiB and the storage less: resize the storage first.");
        return await Handle(StorageTrigger.Revert, r => r with { Revert = source.Volume });
    }

    private static string? NotToBeCopied(StorageRecord present) => present.Moving is { } moving ? Going(moving) : present.Phase is StoragePhase.Online or StoragePhase.Offline
        ? null
        : $"The storage cannot be copied while it is {present.Phase.ToString().ToLowerInvariant()}.";

    private IStorageGrain Storage(Guid id) => GrainFactory.At<IStorageGrain>(GrainId.Create("storage", GrainKeys.Of("storage", id)));

    private static string Text(decimal number) => number.ToString(CultureInfo.InvariantCulture);
}
