using System.Security.Cryptography;
using System.Text;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>
/// Where disks are: the host's own folder, or a shared pool. A shared one has the same folders, and what is being copied into it lies in a folder of each host's own.
/// <code>
/// volumes/  volume-ID.INCARNATION.qcow2   machine-ID.DISK.qcow2 (root disk)      a libvirt pool of each host
/// images/   SHA256                        what root disks in it are backed by
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
    public string Backing(string image, string sha256)
    {
        var path = Image(sha256);
        if (shared is null || File.Exists(path))
            return path;
        var partial = Copy($"{sha256}.{Guid.NewGuid():N}");
        File.Copy(image, partial);
        using (var copy = File.OpenHandle(partial, FileMode.Open, FileAccess.ReadWrite))
            RandomAccess.FlushToDisk(copy);   // its name promises that all of it is there, on every host
        File.Move(partial, path, overwrite: true);   // another host may have brought the same one
        return path;
    }
}
