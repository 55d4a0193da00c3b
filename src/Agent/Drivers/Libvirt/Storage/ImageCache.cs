using System.Security.Cryptography;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>Images by digest, read-only: root disks are clones that have them as their backing file.</summary>
internal sealed class ImageCache(Folders folders)
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public bool Has(Image image) => File.Exists(folders.Image(image.Sha256));

    /// <summary>The path of an image that is there. Code <c>no-image</c> when it is not.</summary>
    public string Get(Image image) => Has(image)
        ? folders.Image(image.Sha256)
        : throw new DriverException("no-image", $"Image {image.Sha256} is not on this host.", retryable: true);

    public async Task Store(Image image, Stream bytes, CancellationToken cancel)
    {
        var path = folders.Image(image.Sha256);
        if (File.Exists(path))
            return;
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            var (length, digest) = await Copy(bytes, partial, cancel);
            if (digest != image.Sha256 || (ulong)length != image.SizeBytes)
            {
                throw new DriverException(
                    "image-digest",
                    $"An image of {image.SizeBytes} bytes with SHA-256 {image.Sha256} was wanted; {length} bytes with {digest} came.",
                    retryable: true);
            }
            ImageHeader.Check(partial, image.Format);
            File.SetUnixFileMode(partial, ReadOnly);
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static async Task<(long Length, string Digest)> Copy(Stream from, string to, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(to, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[128 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, cancel)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
        }
        file.Flush(flushToDisk: true);
        return (file.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
