using System.Security.Cryptography;
using Controller.Agent.Protocol;
using Grpc.Core;

namespace Controller.Silo.Gateway;

/// <summary>Images' bytes by digest, in a directory that all silos and APIs share.</summary>
internal sealed class ImageStore(string directory, TimeProvider time)
{
    /// <summary>Of files on their way in; the API's uploads are called so too.</summary>
    private const string TemporaryPrefix = ".upload-";

    /// <summary>A file that nobody has written to for this long is nobody's any more.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private const int NoSpace = 28;   // ENOSPC

    /// <summary>The image's file, or null. The digest is checked before it becomes part of a path.</summary>
    public FileStream? Open(string sha256)
    {
        if (!IsDigest(sha256))
            return null;
        var path = Path.Combine(directory, sha256);
        return File.Exists(path) ? new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous | FileOptions.SequentialScan) : null;
    }

    /// <summary>Stores an image. Until all of it is on disk and is what its sender says, it has no name; what is not kept is deleted.</summary>
    /// <exception cref="RpcException">What is stored is nothing: see agent.proto.</exception>
    public async Task<ImageEnd> Receive(IAsyncStreamReader<StoreImageChunk> chunks, CancellationToken cancel)
    {
        Directory.CreateDirectory(directory);
        DeleteAbandoned();
        var temporary = Path.Combine(directory, $"{TemporaryPrefix}{Guid.NewGuid():N}");
        try
        {
            var (said, found) = await Write(temporary, chunks, cancel);
            if (!IsDigest(said.Sha256) || said.Sha256 != found.Sha256 || said.SizeBytes != found.SizeBytes)
            {
                throw new RpcException(new(
                    StatusCode.DataLoss, $"{said.SizeBytes} bytes with SHA-256 {said.Sha256} were announced, {found.SizeBytes} with {found.Sha256} came."));
            }
            File.Move(temporary, Path.Combine(directory, found.Sha256), overwrite: true);
            return found;
        }
        catch (IOException full) when (full.HResult == NoSpace)
        {
            throw new RpcException(new(StatusCode.ResourceExhausted, full.Message));
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static async Task<(ImageEnd Said, ImageEnd Found)> Write(string path, IAsyncStreamReader<StoreImageChunk> chunks, CancellationToken cancel)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        while (await chunks.MoveNext(cancel))
        {
            if (chunks.Current.End is { } end)
            {
                if (await chunks.MoveNext(cancel))
                    throw new RpcException(new(StatusCode.InvalidArgument, "Something follows the chunk that was to be the last one."));
                file.Flush(flushToDisk: true);   // a name in the store promises the whole content
                return (end, new() { Sha256 = Convert.ToHexStringLower(sha256.GetHashAndReset()), SizeBytes = (ulong)file.Length });
            }
            sha256.AppendData(chunks.Current.Data.Span);
            await file.WriteAsync(chunks.Current.Data.Memory, cancel);
        }
        throw new RpcException(new(StatusCode.InvalidArgument, "The stream ended before the chunk that says what the data is."));
    }

    /// <summary>What a silo or an API that died left of uploads.</summary>
    private void DeleteAbandoned()
    {
        var before = time.GetUtcNow().UtcDateTime - Abandoned;
        foreach (var file in Directory.EnumerateFiles(directory, TemporaryPrefix + "*").Where(f => File.GetLastWriteTimeUtc(f) < before))
            File.Delete(file);
    }

    private static bool IsDigest(string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower);
}
