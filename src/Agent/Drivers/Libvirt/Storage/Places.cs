namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>
/// The host's own place and the shared pools that it sees. All hosts see all files of a shared pool; those that this host has are those that it has noted a generation of.
/// </summary>
internal sealed class Places(Folders folders, IReadOnlyDictionary<string, string> settings)
{
    public Place Own { get; } = Place.Own(folders);

    public IReadOnlyList<Place> Shared { get; private set; } = [];

    public IEnumerable<Place> All => [Own, .. Shared];

    /// <summary>Opens the pools; answers why some cannot be used. A host without a pool goes on with the others.</summary>
    public IReadOnlyList<string> Open()
    {
        var (found, missing) = (new List<Place>(), new List<string>());
        Own.Create();
        foreach (var (name, directory) in settings)
        {
            try
            {
                var place = Place.InPool(SharedPool.Open(name, directory), folders.Mark);
                place.Create();
                found.Add(place);
            }
            catch (DriverException absent)
            {
                missing.Add(absent.Message);
            }
        }
        Shared = found;
        return missing;
    }

    /// <summary>The place with that pool's id; empty: the host's own. Code <c>no-pool</c> when the host does not see it (now).</summary>
    public Place Of(string pool)
    {
        if (pool.Length == 0)
            return Own;
        var place = Shared.FirstOrDefault(place => place.Id == pool) ?? throw new DriverException("no-pool", $"This host does not see the shared pool {pool}.", retryable: true);
        place.Shared!.Checked();
        return place;
    }

    /// <summary>Volumes that this host has, with their files.</summary>
    public IEnumerable<(ObjectKey Key, string Path)> Volumes() => folders.AllVolumes().Select(key => (key, Own.Volume(key)))
        .Concat(from key in folders.Noted()
                from place in Shared
                where File.Exists(place.Volume(key))
                select (key, place.Volume(key)));

    /// <summary>The file of a volume that this host has; null: it has none of that id.</summary>
    public (ObjectKey Key, string Path)? Find(string id)
    {
        var wanted = ObjectKey.Checked(id);
        return Volumes().Where(volume => volume.Key.Id == wanted).Cast<(ObjectKey, string)?>().FirstOrDefault();
    }

    /// <summary>Where a volume's file is, whether this host has it or not.</summary>
    public (Place Place, string Path)? Locate(ObjectKey volume) =>
        All.Where(place => File.Exists(place.Volume(volume))).Select(place => ((Place, string)?)(place, place.Volume(volume))).FirstOrDefault();
}
