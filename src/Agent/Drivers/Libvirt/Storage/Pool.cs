using System.Globalization;
using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>A libvirt pool over a folder of volumes: qcow2 files, made, grown and deleted by libvirtd.</summary>
internal sealed class Pool(string directory, string name)
{
    public VirPoolInfo Info(ConnectHandle connect)
    {
        using var pool = Open(connect);
        Checked.Ok(Native.virStoragePoolGetInfo(pool, out var info));
        return info;
    }

    /// <summary>Makes a file of this many bytes, unless there is one. <paramref name="backing"/> is what unwritten parts of it show.</summary>
    public void Create(ConnectHandle connect, string path, ulong bytes, (string Path, string Format)? backing = null)
    {
        using var pool = Open(connect);
        var volume = new XElement(
            "volume",
            new XElement("name", Path.GetFileName(path)),
            new XElement("capacity", new XAttribute("unit", "bytes"), bytes.ToString(CultureInfo.InvariantCulture)),
            new XElement("allocation", "0"),
            new XElement(
                "target",
                new XElement("format", new XAttribute("type", "qcow2")),
                new XElement("compat", "1.1"),
                new XElement("features", new XElement("lazy_refcounts"))),
            backing is { } image
                ? new XElement("backingStore", new XElement("path", image.Path), new XElement("format", new XAttribute("type", image.Format)))
                : null);
        try
        {
            using var made = Checked.Ok(Native.virStorageVolCreateXML(pool, volume.ToString(), 0));
        }
        catch (LibvirtException error) when (error.Code == LibvirtError.StorageVolumeExists)
        {
            // A repeat.
        }
    }

    /// <summary>Grows a file that no running machine has open.</summary>
    public bool Grow(ConnectHandle connect, string path, ulong bytes)
    {
        using var pool = Open(connect);
        using var volume = Find(pool, path)
            ?? throw new DriverException("no-volume", $"There is no volume {Path.GetFileName(path)} to grow.", retryable: true);
        return Checked.Ok(Native.virStorageVolResize(volume, bytes, 0)) == 0;
    }

    public void Delete(ConnectHandle connect, string path)
    {
        if (!File.Exists(path))
            return;
        using var pool = Open(connect);
        using var volume = Find(pool, path);
        if (volume is not null)
            Checked.Ok(Native.virStorageVolDelete(volume, 0));
        File.Delete(path);
    }

    /// <summary>
    /// Deletes a file that was not made by libvirtd. It may know it all the same, since it looks through the folder when it starts, and would go on listing it.
    /// </summary>
    public void DeleteForeign(ConnectHandle connect, string path)
    {
        using var pool = Open(connect);
        using var known = Checked.OrNone(Native.virStorageVolLookupByName(pool, Path.GetFileName(path)), LibvirtError.NoStorageVolume);
        if (known is not null && File.Exists(path))
            Checked.Ok(Native.virStorageVolDelete(known, 0));
        File.Delete(path);
    }

    private static VolumeHandle? Find(PoolHandle pool, string path)
    {
        var name = Path.GetFileName(path);
        if (Checked.OrNone(Native.virStorageVolLookupByName(pool, name), LibvirtError.NoStorageVolume) is { } known)
            return known;
        // Files that came without the pool's knowing, such as those of before libvirtd's start.
        Checked.Ok(Native.virStoragePoolRefresh(pool, 0));
        return Checked.OrNone(Native.virStorageVolLookupByName(pool, name), LibvirtError.NoStorageVolume);
    }

    private PoolHandle Open(ConnectHandle connect)
    {
        var pool = Checked.OrNone(Native.virStoragePoolLookupByName(connect, name), LibvirtError.NoStoragePool) ?? Define(connect);
        if (Native.virStoragePoolIsActive(pool) != 1 && Native.virStoragePoolCreate(pool, 0) < 0 && Native.virStoragePoolIsActive(pool) != 1)
            Checked.Ok(Native.virStoragePoolCreate(pool, 0));
        return pool;
    }

    private PoolHandle Define(ConnectHandle connect)
    {
        var pool = new XElement(
            "pool",
            new XAttribute("type", "dir"),
            new XElement("name", name),
            new XElement("target", new XElement("path", directory)));
        return Checked.Ok(Native.virStoragePoolDefineXML(connect, pool.ToString(), 0));
    }
}
