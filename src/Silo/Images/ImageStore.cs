using Controller.Agent.Protocol;
using Controller.Contracts;
using Controller.Grains.Images;
using Grpc.Core;

namespace Controller.Silo.Images;

/// <summary>
/// Images' bytes by digest, in a directory that all silos and APIs share. What nobody names any more is set aside for a while before it is deleted (see
/// <see cref="ImageSweeper"/>); until then it is there for whoever asks.
/// </summary>
internal sealed class ImageStore(ImageOptions options, TimeProvider time) : IImageFiles
{
    /// <summary>Of files on their way in; the API's uploads are called so too.</summary>
    private const string TemporaryPrefix = ".upload-";

    /// <summary>Of files that nobody names, as far as it is known.</summary>
    public const string AsidePrefix = ".unnamed-";

    /// <summary>Of files that are being deleted, unless somebody names them after all.</summary>
    public const string DeletingPrefix = ".deleting-";

    /// <summary>A file that nobody has written to for this long is nobody's any more.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private const int NoSpace = 28;   // ENOSPC

    public string Root => options.Directory;

    public long MaxBytes => options.MaxBytes;

    /// <summary>The image's file, or null. The digest is checked before it becomes part of a path.</summary>
    public FileStream? Open(string sha256)
    {
        if (!IsDigest(sha256) || Find(sha256) is not { } path)
            return null;
        try
        {
            return new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (FileNotFoundException)
        {
            return null;   // swept this moment
        }
    }

    public async Task<bool> Has(string sha256)
    {
        if (!IsDigest(sha256))
            return false;
        // One that is being deleted is either gone in a moment or back.
        while (Find(sha256) is null && File.Exists(Path.Combine(Root, DeletingPrefix + sha256)))
            await Task.Delay(TimeSpan.FromMilliseconds(50), time);
        return Find(sha256) is not null;
    }

    /// <summary>Begins an image. Until all of it is on disk and has passed for what it should be, it has no name.</summary>
    public IncomingImage Begin()
    {
        Directory.CreateDirectory(Root);
        DeleteAbandoned();
        return new(Root, Path.Combine(Root, $"{TemporaryPrefix}{Guid.NewGuid():N}"), MaxBytes);
    }

    /// <summary>Stores an image that a host has made. What is not kept is deleted.</summary>
    /// <exception cref="RpcException">What is stored is nothing: see agent.proto.</exception>
    public async Task<ImageEnd> Receive(IAsyncStreamReader<StoreImageChunk> chunks, Func<ImageBegin, Task<bool>> isOrdered, CancellationToken cancel)
    {
        if (!await chunks.MoveNext(cancel) || chunks.Current.Begin is not { } begin)
            throw new RpcException(new(StatusCode.InvalidArgument, "The first chunk must say which operation of which machine the image is of."));
        if (!await isOrdered(begin))
            throw new RpcException(new(StatusCode.PermissionDenied, $"This host has no order to save machine {begin.MachineId} by operation {begin.OperationId} now."));
        await using var incoming = Begin();
        try
        {
            var said = await Write(incoming, chunks, cancel);
            if (!IsDigest(said.Sha256) || said.Sha256 != incoming.Sha256 || said.SizeBytes != (ulong)incoming.Size)
            {
                throw new RpcException(new(
                    StatusCode.DataLoss, $"{said.SizeBytes} bytes with SHA-256 {said.Sha256} were announced, {incoming.Size} with {incoming.Sha256} came."));
            }
            if (Qcow2Header.Read(incoming.Head).Why is { } why)
                throw new RpcException(new(StatusCode.InvalidArgument, why));
            incoming.Keep();
            return said;
        }
        catch (ImageTooLargeException large)
        {
            throw new RpcException(new(StatusCode.ResourceExhausted, large.Message));
        }
        catch (IOException full) when (full.HResult == NoSpace)
        {
            throw new RpcException(new(StatusCode.ResourceExhausted, full.Message));
        }
    }

    private static async Task<ImageEnd> Write(IncomingImage incoming, IAsyncStreamReader<StoreImageChunk> chunks, CancellationToken cancel)
    {
        while (await chunks.MoveNext(cancel))
        {
            switch (chunks.Current.PartCase)
            {
                case StoreImageChunk.PartOneofCase.Data:
                    await incoming.Append(chunks.Current.Data.Memory, cancel);
                    break;
                case StoreImageChunk.PartOneofCase.End:
                    var end = chunks.Current.End;
                    if (await chunks.MoveNext(cancel))
                        throw new RpcException(new(StatusCode.InvalidArgument, "Something follows the chunk that was to be the last one."));
                    incoming.Finish();
                    return end;
                default:
                    throw new RpcException(new(StatusCode.InvalidArgument, $"Data or the end was wanted, {chunks.Current.PartCase} came."));
            }
        }
        throw new RpcException(new(StatusCode.InvalidArgument, "The stream ended before the chunk that says what the data is."));
    }

    /// <summary>What a silo or an API that died left of uploads.</summary>
    private void DeleteAbandoned()
    {
        var before = time.GetUtcNow().UtcDateTime - Abandoned;
        foreach (var file in Directory.EnumerateFiles(Root, TemporaryPrefix + "*").Where(f => File.GetLastWriteTimeUtc(f) < before))
            File.Delete(file);
    }

    private string? Find(string sha256) =>
        new[] { sha256, AsidePrefix + sha256 }.Select(name => Path.Combine(Root, name)).FirstOrDefault(File.Exists);

    public static bool IsDigest(string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower);
}
