using System.Globalization;
using Controller.Agent.Ledger;

namespace Controller.Agent.Leases;

/// <summary>Until when which machines may run, in the life of the host's kernel that it names. Nanoseconds of <see cref="BootClock"/>.</summary>
internal sealed record LeaseState(string BootId, long Until, IReadOnlyList<ObjectKey> Machines);

/// <summary>
/// The file <c>lease</c>, which the agent writes and the guard reads. It is replaced as a whole and not flushed to the disk: with the kernel that would lose it all
/// machines end, and a disk that hangs must not keep the agent from being replaced by the guard.
/// </summary>
internal sealed class LeaseFile(string stateDirectory)
{
    private const string Version = "lease 1";

    private readonly string _path = Path.Combine(stateDirectory, "lease");

    public void Write(LeaseState state)
    {
        AtomicFile.CreateDirectory(stateDirectory);
        var temporary = _path + AtomicFile.TemporarySuffix;
        File.WriteAllLines(temporary, [
            Version, state.BootId, state.Until.ToString(CultureInfo.InvariantCulture), .. state.Machines.Select(machine => $"{machine.Id} {machine.Incarnation}"), "end",
        ]);
        File.Move(temporary, _path, overwrite: true);
    }

    /// <summary>Null: there is none, or it is not one.</summary>
    public LeaseState? Read()
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(_path);
        }
        catch (IOException)
        {
            return null;
        }
        if (lines is not [Version, var boot, var until, .. var machines, "end"] || !long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out var deadline))
            return null;
        return new(boot, deadline, [.. machines.Select(line => line.Split(' ')).Where(parts => parts.Length == 2).Select(parts => new ObjectKey(parts[0], parts[1]))]);
    }
}
