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
/// state/    volume-ID.INCARNATION         the generation that has been applied
/// </code>
/// </summary>
internal sealed partial class Folders(string root)
{
    public string Volumes { get; } = Path.Combine(root, "volumes");

    private string Images { get; } = Path.Combine(root, "images");

    private string Consoles { get; } = Path.Combine(root, "consoles");

    /// <summary>Copies of root disks, while they are being made.</summary>
    public string Saving { get; } = Path.Combine(root, "saving");

    private string State { get; } = Path.Combine(root, "state");

    public void Create()
    {
        foreach (var folder in (string[])[Volumes, Images, Consoles, Saving, State])
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var partial in Directory.EnumerateFiles(Images, "*.partial").Concat(Directory.EnumerateFiles(Saving)))
            File.Delete(partial);
    }

    public string Volume(ObjectKey volume) => Path.Combine(Volumes, $"volume-{volume.Id}.{volume.Incarnation}.qcow2");

    public string RootDisk(ObjectKey machine) => Path.Combine(Volumes, $"machine-{machine.Id}.{machine.Incarnation}.qcow2");

    public string Seed(ObjectKey machine) => Path.Combine(Volumes, $"machine-{machine.Id}.{machine.Incarnation}.iso");

    public string Variables(ObjectKey machine) => Path.Combine(Volumes, $"machine-{machine.Id}.{machine.Incarnation}.nvram");

    public string DiskCopy(ObjectKey machine) => Path.Combine(Saving, $"{machine.Id}.{machine.Incarnation}.partial");

    public string Console(ObjectKey machine) => Path.Combine(Consoles, $"{machine.Id}.{machine.Incarnation}.log");

    public string Image(string sha256) => Sha256().IsMatch(sha256)
        ? Path.Combine(Images, sha256)
        : throw new DriverException("invalid", $"An image's digest is 64 lower-case hexadecimal digits, and this is '{sha256}'.", retryable: false);

    /// <summary>The console log written last, of whichever incarnation.</summary>
    public string? AnyConsole(string id) =>
        Directory.EnumerateFiles(Consoles, $"{ObjectKey.Checked(id)}.*.log").OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault();

    public IEnumerable<ObjectKey> AllVolumes() =>
        Directory.EnumerateFiles(Volumes, "volume-*.qcow2").Select(path => VolumeName().Match(Path.GetFileName(path))).Where(match => match.Success)
            .Select(match => new ObjectKey(match.Groups[1].Value, match.Groups[2].Value));

    public ObjectKey? FindVolume(string id)
    {
        var wanted = ObjectKey.Checked(id);
        return AllVolumes().Where(volume => volume.Id == wanted).Cast<ObjectKey?>().FirstOrDefault();
    }

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
