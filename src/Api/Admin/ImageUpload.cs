using System.Security.Cryptography;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>An image on its way into the store: a temporary file until it is whole, then named by its digest. What is not kept is deleted.</summary>
internal sealed class ImageUpload : IAsyncDisposable
{
    private readonly string _directory;
    private readonly string _temporary;

    private ImageUpload(string directory, string temporary, string sha256, long size, byte[] head) =>
        (_directory, _temporary, Sha256, Size, Head) = (directory, temporary, sha256, size, head);

    /// <summary>Digest, lower-case hex.</summary>
    public string Sha256 { get; }

    /// <summary>In bytes.</summary>
    public long Size { get; }

    /// <summary>Its first bytes.</summary>
    public byte[] Head { get; }

    /// <summary>Writes all of it to disk, hashing on the way.</summary>
    public static async Task<ImageUpload> Receive(string directory, Stream body, CancellationToken cancel)
    {
        Directory.CreateDirectory(directory);
        var temporary = Path.Combine(directory, $".upload-{Guid.NewGuid():N}");
        try
        {
            using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var head = new MemoryStream(Qcow2Header.Length);
            long size = 0;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                var buffer = new byte[256 * 1024];
                for (int read; (read = await body.ReadAsync(buffer, cancel)) > 0; size += read)
                {
                    sha256.AppendData(buffer, 0, read);
                    head.Write(buffer, 0, (int)Math.Min(read, Qcow2Header.Length - head.Length));
                    await file.WriteAsync(buffer.AsMemory(0, read), cancel);
                }
                file.Flush(flushToDisk: true);   // a name in the store promises the whole content
            }
            return new(directory, temporary, Convert.ToHexStringLower(sha256.GetHashAndReset()), size, head.ToArray());
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Gives it its final name; the same content is there at most once.</summary>
    public void Keep() => File.Move(_temporary, Path.Combine(_directory, Sha256), overwrite: true);

    public ValueTask DisposeAsync()
    {
        File.Delete(_temporary);
        return ValueTask.CompletedTask;
    }
}
