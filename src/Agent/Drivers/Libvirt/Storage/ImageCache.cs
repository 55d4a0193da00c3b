using System.Security.Cryptography;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>Images by digest, read-only: root disks are clones that have them as their backing file.</summary>
internal sealed class ImageCache(Folders folders, TimeProvider time)
{
    private const int DigestLength = 64;
    private readonly Lock _pruning = new();

    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public bool Has(Image image) => File.Exists(folders.Image(image.Sha256));

    /// <summary>The path of an image that is there. Code <c>no-image</c> when it is not.</summary>
    public string Get(Image image) => Has(image)
        ? Used(folders.Image(image.Sha256))
        : throw new DriverException("no-image", $"Image {image.Sha256} is not on this host.", retryable: true);

    /// <summary>The path of one that is there as disks in that place are backed by it.</summary>
    public string Backing(Image image, Place place) => place.Backing(Get(image), image.Sha256, time.GetUtcNow().UtcDateTime);

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

    /// <summary>
    /// Deletes images, the ones that were used longest ago first, until the cache is small enough. Never one that a root disk is backed by, or that something that is still to be
    /// made is wanted to be made of.
    /// </summary>
    public bool Prune(IReadOnlySet<string> wanted, long mostBytes)
    {
        lock (_pruning)
        {
            (string Name, string Path, long Bytes)[] images =
            [
                .. from file in new DirectoryInfo(folders.Images).GetFiles()
                   where file.Name.Length == DigestLength
                   orderby file.LastWriteTimeUtc
                   select (file.Name, file.FullName, file.Length),
            ];
            var over = images.Sum(image => image.Bytes) - mostBytes;
            if (over <= 0)
                return false;
            var backing = Directory.EnumerateFiles(folders.Volumes, "machine-*.qcow2").Select(ImageHeader.BackingFile).ToHashSet();
            foreach (var image in images.Where(image => !wanted.Contains(image.Name) && !backing.Contains(image.Path)).TakeWhile(_ => over > 0))
            {
                File.Delete(image.Path);
                over -= image.Bytes;
            }
        }
        return true;
    }

    private string Used(string path)
    {
        File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
        return path;
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
