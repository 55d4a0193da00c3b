using System.Globalization;
using System.Text.RegularExpressions;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// Which file is whose. Names carry the object's id and incarnation, so whatever crashed when, one look at the folder tells.
/// <code>
/// volumes/  volume-ID.INCARNATION.qcow2   machine-ID.INCARNATION.qcow2 (root disk)   machine-ID.INCARNATION.iso (seed)     the libvirt pool
///           machine-ID.INCARNATION.nvram (what UEFI keeps)
/// images/   SHA256
/// consoles/ ID.INCARNATION.log
/// saving/   ID.INCARNATION.partial        a copy of a root disk while it is being made
/// copying/                                copies of volumes while they are being made
/// state/    volume-ID.INCARNATION         the generation that has been applied; of a volume in a shared pool (Place) also: that this host has it
///           host                          what this host's folders in shared pools are called
/// guards/   ID.INCARNATION                what a machine's NICs may send
/// floating/ ID.INCARNATION                what addresses of the world outside stand for a machine's
/// </code>
/// </summary>
internal sealed partial class Folders(string root)
{
    public string Volumes { get; } = Path.Combine(root, "volumes");

    public string Images { get; } = Path.Combine(root, "images");

    private string Consoles { get; } = Path.Combine(root, "consoles");

    /// <summary>Copies of root disks, while they are being made.</summary>
    public string Saving { get; } = Path.Combine(root, "saving");

    /// <summary>Copies of volumes, while they are being made.</summary>
    public string Copying { get; } = Path.Combine(root, "copying");

    private string State { get; } = Path.Combine(root, "state");

    private string GuardsOfAll { get; } = Path.Combine(root, "guards");

    private string FloatingOfAll { get; } = Path.Combine(root, "floating");

    public void Create()
    {
        foreach (var folder in (string[])[Volumes, Images, Consoles, Saving, State, GuardsOfAll, FloatingOfAll])
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var partial in Directory.EnumerateFiles(Images, "*.partial").Concat(Directory.EnumerateFiles(Saving)))
            File.Delete(partial);
    }

    /// <summary>What tells this host's own from others' in a shared pool.</summary>
    public string Mark
    {
        get
        {
            var path = Path.Combine(State, "host");
            if (!File.Exists(path))
                File.WriteAllText(path, Guid.NewGuid().ToString("N"));
            return File.ReadAllText(path).Trim();
        }
    }

    public string RootDisk(ObjectKey machine) => Path.Combine(Volumes, $"machine-{machine.Id}.{machine.Incarnation}.qcow2");

    public string Seed(ObjectKey machine) => Path.Combine(Volumes, $"machine-{machine.Id}.{machine.Incarnation}.iso");

    public string Variables(ObjectKey machine) => Path.Combine(Volumes, $"machine-{machine.Id}.{machine.Incarnation}.nvram");

    public string DiskCopy(ObjectKey machine) => Path.Combine(Saving, $"{machine.Id}.{machine.Incarnation}.partial");

    public string Console(ObjectKey machine) => Path.Combine(Consoles, $"{machine.Id}.{machine.Incarnation}.log");

    public string Guards(ObjectKey machine) => Path.Combine(GuardsOfAll, $"{machine.Id}.{machine.Incarnation}");

    public string Floating(ObjectKey machine) => Path.Combine(FloatingOfAll, $"{machine.Id}.{machine.Incarnation}");

    public IEnumerable<string> AllFloating() => Directory.EnumerateFiles(FloatingOfAll).Where(path => !path.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal));

    public IEnumerable<string> AllGuards() => Directory.EnumerateFiles(GuardsOfAll).Where(path => !path.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal));

    public string Image(string sha256) => Sha256().IsMatch(sha256)
        ? Path.Combine(Images, sha256)
        : throw new DriverException("invalid", $"An image's digest is 64 lower-case hexadecimal digits, and this is '{sha256}'.", retryable: false);

    /// <summary>The console log written last, of whichever incarnation.</summary>
    public string? AnyConsole(string id) =>
        Directory.EnumerateFiles(Consoles, $"{ObjectKey.Checked(id)}.*.log").OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault();

    public IEnumerable<ObjectKey> AllVolumes() =>
        Directory.EnumerateFiles(Volumes, "volume-*.qcow2").Select(path => VolumeName().Match(Path.GetFileName(path))).Where(match => match.Success)
            .Select(match => new ObjectKey(match.Groups[1].Value, match.Groups[2].Value));

    /// <summary>Volumes of which a generation was applied here, wherever they are.</summary>
    public IEnumerable<ObjectKey> Noted() =>
        Directory.EnumerateFiles(State, "volume-*").Select(path => VolumeName().Match(Path.GetFileName(path) + ".qcow2")).Where(match => match.Success)
            .Select(match => new ObjectKey(match.Groups[1].Value, match.Groups[2].Value));

    public ulong Generation(ObjectKey volume)
    {
        var path = GenerationFile(volume);
        return File.Exists(path) && ulong.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var generation) ? generation : 0;
    }

    public void SetGeneration(ObjectKey volume, ulong generation)
    {
        var path = GenerationFile(volume);
        File.WriteAllText(path + ".partial", generation.ToString(CultureInfo.InvariantCulture));
        File.Move(path + ".partial", path, overwrite: true);
    }

    public void ForgetGeneration(ObjectKey volume) => File.Delete(GenerationFile(volume));

    private string GenerationFile(ObjectKey volume) => Path.Combine(State, $"volume-{volume.Id}.{volume.Incarnation}");

    [GeneratedRegex("^volume-([0-9a-f-]{36})\\.([0-9a-f-]{36})\\.qcow2$")]
    private static partial Regex VolumeName();

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex Sha256();
}

/// <summary>One placement of one object. Both are lower-case UUIDs, checked: they become names of files.</summary>
internal readonly record struct ObjectKey(string Id, string Incarnation)
{
    /// <summary>Code <c>invalid</c> when one of them is no UUID.</summary>
    public static ObjectKey Of(string id, string incarnation) => new(Checked(id), Checked(incarnation));

    public static string Checked(string uuid) => Guid.TryParseExact(uuid, "D", out var parsed)
        ? parsed.ToString("D")
        : throw new DriverException("invalid", $"A UUID was wanted, and this is '{uuid}'.", retryable: false);
}
