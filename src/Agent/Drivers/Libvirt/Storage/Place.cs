using System.Security.Cryptography;
using System.Text;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>
/// Where disks are: the host's own folder, or a shared pool. A shared one has the same folders, and what is being copied into it lies in a folder of each host's own.
/// <code>
/// volumes/  volume-ID.INCARNATION.qcow2   machine-ID.DISK.qcow2 (root disk)      a libvirt pool of each host
/// images/   SHA256                        what root disks in it are backed by
///           .aside-SHA256                 one that no disk needs, before it is deleted
/// copying/HOST/                           copies, while they are being made
/// .occi-pool                              the pool's id
/// </code>
/// </summary>
internal sealed class Place(string volumes, string images, string copying, SharedPool? shared)
{
    public static Place Own(Folders folders) => new(folders.Volumes, folders.Images, folders.Copying, null);

    public static Place InPool(SharedPool pool, string host) => new(
        Path.Combine(pool.Directory, "volumes"), Path.Combine(pool.Directory, "images"), Path.Combine(pool.Directory, "copying", host), pool);

    /// <summary>Empty: the host's own.</summary>
    public string Id => shared?.Id ?? "";

    public string Copying => copying;

    public SharedPool? Shared => shared;

    private const string AsidePrefix = ".aside-";

    /// <summary>An image that no disk is backed by is kept for this long after its last use: the next machine may be made of it.</summary>
    private static readonly TimeSpan KeepIdle = TimeSpan.FromDays(1);

    /// <summary>Longer than what one host does to a directory may stay unseen by the others.</summary>
    private static readonly TimeSpan KeepAside = TimeSpan.FromMinutes(10);

    // Two agents may share a libvirtd, with a directory each.
    public Pool Pool { get; } = new(volumes, "occi-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetDirectoryName(volumes)!)))[..8]);

    public string Volume(ObjectKey volume) => Path.Combine(volumes, $"volume-{volume.Id}.{volume.Incarnation}.qcow2");

    public string RootDisk(string machine, string disk) => Path.Combine(volumes, $"machine-{machine}.{disk}.qcow2");

    public string Copy(string name) => Path.Combine(copying, name + ".partial");

    public string Image(string sha256) => Path.Combine(images, sha256);

    public void Create()
    {
        foreach (var folder in (string[])[volumes, images, copying])
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var partial in Directory.EnumerateFiles(copying))
            File.Delete(partial);
    }

    /// <summary>An image that root disks here can be backed by: all hosts that see the pool must see it at the same path, so it lies in the pool.</summary>
    public string Backing(string image, string sha256, DateTime now)
    {
        var path = Image(sha256);
        if (shared is null || IsUsed(path, now))
            return path;
        var partial = Copy($"{sha256}.{Guid.NewGuid():N}");
        File.Copy(image, partial);
        using (var copy = File.OpenHandle(partial, FileMode.Open, FileAccess.ReadWrite))
            RandomAccess.FlushToDisk(copy);   // its name promises that all of it is there, on every host
        File.Move(partial, path, overwrite: true);   // another host may have brought the same one
        return path;
    }

    /// <summary>
    /// Deletes images that no root disk in the pool is backed by, whichever host made them. Between "no disk needs it" and the deletion another host may make a disk of it, so it goes aside
    /// first, and comes back if there is such a disk then; who makes a disk looks afterwards whether its image is there.
    /// </summary>
    public void PruneImages(DateTime now)
    {
        if (shared is null)
            return;
        shared.Checked();
        var backing = Directory.EnumerateFiles(volumes, "machine-*.qcow2").Select(ImageHeader.BackingFile).ToHashSet();
        foreach (var file in new DirectoryInfo(images).GetFiles())
        {
            var isAside = file.Name.StartsWith(AsidePrefix, StringComparison.Ordinal);
            var path = Path.Combine(images, isAside ? file.Name[AsidePrefix.Length..] : file.Name);
            try
            {
                if (!isAside && backing.Contains(path))
                    File.SetLastWriteTimeUtc(path, now);
                else if (!isAside && now - file.LastWriteTimeUtc > KeepIdle)
                {
                    File.SetLastWriteTimeUtc(path, now);
                    File.Move(path, Path.Combine(images, AsidePrefix + file.Name), overwrite: true);
                }
                else if (isAside && backing.Contains(path) && !File.Exists(path))
                    File.Move(file.FullName, path);
                else if (isAside && now - file.LastWriteTimeUtc > KeepAside)
                    File.Delete(file.FullName);
            }
            catch (Exception first) when (first is FileNotFoundException or IOException { HResult: FileExists })
            {
                // Another host was first.
            }
        }
    }

    private const int FileExists = 17;   // EEXIST

    private static bool IsUsed(string image, DateTime now)
    {
        try
        {
            File.SetLastWriteTimeUtc(image, now);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }
}
