using System.Text;
using Controller.Agent.Protocol;
using Google.Protobuf;

namespace Controller.Agent.Drivers.Simulated.Consoles;

/// <summary>
/// A simulated machine's serial console. What it says is its log, from where it stood on; what is typed is echoed there, and each line goes to the guest's shell.
/// </summary>
internal sealed class SimulatedTerminal : IMachineConsole
{
    private const byte Backspace = 8, Delete = 127;
    private const int LongestLine = 4096;

    private readonly SimulatedStore _store;
    private readonly string _id;
    private readonly SimulatedShell _shell;
    private readonly Signal _stirred = new();
    private readonly List<byte> _line = [];
    private int _at;
    private volatile bool _isTaken;

    public SimulatedTerminal(SimulatedStore store, string id, Action<string> powerOff)
    {
        (_store, _id, _shell) = (store, id, new SimulatedShell(() => powerOff(id)));
        _at = store.Read(host => Machine(host)?.Console.Length ?? 0);
        store.Changed += _stirred.Set;
    }

    public async ValueTask<int> Read(Memory<byte> buffer, CancellationToken cancel)
    {
        while (true)
        {
            var read = _store.Read(host =>
            {
                if (_isTaken || Machine(host) is not { } machine) return 0;
                if (_at > machine.Console.Length) _at = 0;   // begun anew
                var part = machine.Console.Memory.Slice(_at, Math.Min(buffer.Length, machine.Console.Length - _at));
                part.CopyTo(buffer);
                _at += part.Length;
                return part.Length > 0 ? part.Length : machine.Power is Power.Running or Power.Paused ? -1 : 0;
            });
            if (read >= 0) return read;
            await _stirred.Wait(cancel);
        }
    }

    public ValueTask Write(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        foreach (var typed in data.ToArray()) Type(typed);
        return ValueTask.CompletedTask;
    }

    /// <summary>Somebody else has it now.</summary>
    public void Take()
    {
        _isTaken = true;
        _stirred.Set();
    }

    public ValueTask DisposeAsync()
    {
        _store.Changed -= _stirred.Set;
        return ValueTask.CompletedTask;
    }

    private void Type(byte typed)
    {
        switch (typed)
        {
            case (byte)'\r' or (byte)'\n':
                var line = Encoding.UTF8.GetString([.. _line]);
                _line.Clear();
                Say("\r\n"u8);
                Say(Encoding.UTF8.GetBytes(_shell.Answer(line, Hostname()) + SimulatedShell.Prompt));
                break;
            case Backspace or Delete:
                if (_line.Count == 0) break;
                _line.RemoveAt(_line.Count - 1);
                Say("\b \b"u8);
                break;
            case >= 32 when _line.Count < LongestLine:
                _line.Add(typed);
                Say([typed]);
                break;
        }
    }

    private string Hostname() => _store.Read(host => Machine(host)?.Spec.Hostname) ?? "";

    private void Say(ReadOnlySpan<byte> text)
    {
        var said = text.ToArray();
        _store.Change(host => Machine(host) is { } machine ? machine.Console = ByteString.CopyFrom([.. machine.Console.Span, .. said]) : ByteString.Empty);
    }

    private SimulatedMachine? Machine(SimulatedHost host) => host.Machines.FirstOrDefault(machine => machine.Id == _id);
}
