namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>
/// The host's own place and the shared pools that it sees. All hosts see all files of a shared pool; those that this host has are those that it has noted a generation of.
/// </summary>
internal sealed class Places(Folders folders, IReadOnlyDictionary<string, string> settings)
{
    private readonly Lock _opening = new();
    private readonly Dictionary<string, Place> _open = [];

    public Place Own { get; } = Place.Own(folders);

    public IReadOnlyList<Place> Shared { get; private set; } = [];

    public IEnumerable<Place> All => [Own, .. Shared];

    /// <summary>Opens the pools; answers why some cannot be used. A host without a pool goes on with the others.</summary>
    public IReadOnlyList<string> Open()
    {
        Own.Create();
        return OpenMissing();
    }

    private List<string> OpenMissing()
    {
        lock (_opening)
        {
            var missing = new List<string>();
            foreach (var (name, directory) in settings.Where(pool => !_open.ContainsKey(pool.Key)))
            {
                try
                {
                    var place = Place.InPool(SharedPool.Open(name, directory), folders.Mark);
                    place.Create();
                    _open[name] = place;
                }
                catch (DriverException absent)
                {
                    missing.Add(absent.Message);
                }
            }
            Shared = [.. _open.Values];
            return missing;
        }
    }

    /// <summary>The place with that pool's id; empty: the host's own. Code <c>no-pool</c> when the host does not see it (now).</summary>
    public Place Of(string pool)
    {
        if (pool.Length == 0)
            return Own;
        if (Shared.All(place => place.Id != pool))
            OpenMissing();   // it may have been mounted since
        var found = Shared.FirstOrDefault(place => place.Id == pool) ?? throw new DriverException("no-pool", $"This host does not see the shared pool {pool}.", retryable: true);
        found.Shared!.Checked();
        return found;
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

    /// <summary>
    /// Where a volume's file is, whether this host has it or not; null: it is nowhere. Code <c>no-pool</c> when it may be where this host does not see now: nobody may take that for
    /// nowhere.
    /// </summary>
    /// <param name="volume">Which.</param>
    /// <param name="pool">The pool that it is in; empty: it is not known where it is.</param>
    public (Place Place, string Path)? Locate(ObjectKey volume, string pool)
    {
        var places = pool.Length > 0 ? [Of(pool)] : All;
        if (places.FirstOrDefault(place => File.Exists(place.Volume(volume))) is { } found)
            return (found, found.Volume(volume));
        if (pool.Length == 0 && folders.Noted().Contains(volume))
        {
            foreach (var place in Shared) place.Shared!.Checked();
            if (OpenMissing() is [var why, ..])
                throw new DriverException("no-pool", $"Volume {volume.Id} is not among the host's own, and may be where it does not look. {why}", retryable: true);
        }
        return null;
    }
}
