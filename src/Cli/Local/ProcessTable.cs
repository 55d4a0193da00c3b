using System.Text.Json;
using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary>What a process is for; in the order in which they are ended.</summary>
internal enum Role
{
    Supervisor,
    Api,
    Agent,
    Silo,
    Libvirt,
    Postgres,
}

/// <summary>One process that <c>up</c> started.</summary>
/// <param name="Name">As in <c>DATA/pids</c>, e.g. <c>silo-1</c>.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Process">Which run of it.</param>
/// <param name="Address">Where it can be reached, for people.</param>
/// <param name="Health">A health URL, or the path of a health file or socket; null: it is well while it lives.</param>
internal sealed record ProcessRecord(string Name, Role Role, ProcessIdentity Process, string Address, string? Health);

/// <summary>The processes of a cluster, on disk: <c>down</c> and <c>status</c> find them there whatever became of the supervisor.</summary>
internal sealed class ProcessTable(DataDirectory data)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, ProcessRecord> _records = new(StringComparer.Ordinal);

    /// <summary>Adds a process, or the new run of one.</summary>
    public void Put(ProcessRecord record)
    {
        lock (_lock)
        {
            _records[record.Name] = record;
            Write(_records.Values);
        }
    }

    /// <summary>Forgets a process.</summary>
    public void Remove(string name)
    {
        lock (_lock)
        {
            if (_records.Remove(name))
                Write(_records.Values);
        }
    }

    /// <summary>What the disk says.</summary>
    public static IReadOnlyList<ProcessRecord> Load(DataDirectory data) =>
        SafeFile.Read(data.Processes) is { Length: > 0 } text ? JsonSerializer.Deserialize(text, LocalJson.Default.ProcessRecordArray) ?? [] : [];

    /// <summary>Says that nothing runs.</summary>
    public static void Delete(DataDirectory data)
    {
        File.Delete(data.Processes);
        File.Delete(data.Pids);
    }

    private void Write(IEnumerable<ProcessRecord> records)
    {
        ProcessRecord[] all = [.. records.OrderBy(r => r.Role).ThenBy(r => r.Name, StringComparer.Ordinal)];
        SafeFile.Write(data.Processes, JsonSerializer.Serialize(all, LocalJson.Default.ProcessRecordArray) + "\n");
        SafeFile.Write(data.Pids, string.Concat(all.Select(r => $"{r.Process.Pid} {r.Name}\n")));
    }
}
