using Controller.Agent.Ledger;
using Controller.Agent.Protocol;

namespace Controller.Agent.Observing;

/// <summary>What is seen of one object: one of the three observed messages, looked at alike. Not to be changed once it was noted.</summary>
internal sealed class Sighting
{
    private readonly ObservedMachine? _machine;
    private readonly ObservedVolume? _volume;
    private readonly ObservedNetwork? _network;

    public Sighting(ObservedMachine machine) => (Kind, Key, _machine) = (ObjectKind.ObjectMachine, new(machine.Id, machine.Incarnation), machine);

    public Sighting(ObservedVolume volume) => (Kind, Key, _volume) = (ObjectKind.ObjectVolume, new(volume.Id, volume.Incarnation), volume);

    public Sighting(ObservedNetwork network) => (Kind, Key, _network) = (ObjectKind.ObjectNetwork, new(network.Id, network.Incarnation), network);

    public ObjectKind Kind { get; }

    public ObjectKey Key { get; }

    public ObservedMachine? Machine => _machine;

    public ObservedVolume? Volume => _volume;

    public ObservedNetwork? Network => _network;

    public bool IsPresent => _machine is { Power: not Power.Absent } || _volume is { Present: true } || _network is { Present: true };

    public ulong Generation => _machine?.Generation ?? _volume?.Generation ?? _network!.Generation;

    public Failure? Failure => _machine is not null ? _machine.Failure : _volume is not null ? _volume.Failure : _network!.Failure;

    /// <summary>It is not there.</summary>
    public static Sighting Nothing(ObjectKind kind, ObjectKey key, ulong generation = 0) => kind switch
    {
        ObjectKind.ObjectMachine => new(new ObservedMachine { Id = key.Id, Incarnation = key.Incarnation, Generation = generation, Power = Power.Absent }),
        ObjectKind.ObjectVolume => new(new ObservedVolume { Id = key.Id, Incarnation = key.Incarnation, Generation = generation }),
        ObjectKind.ObjectNetwork => new(new ObservedNetwork { Id = key.Id, Incarnation = key.Incarnation, Generation = generation }),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The ledger holds machines, volumes and networks."),
    };

    public Sighting With(ulong generation, Failure? failure) => Changed((sequence: Sequence, generation, failure));

    /// <summary>A machine that may not run: nothing of what is wanted counts as applied.</summary>
    public Sighting AsFenced()
    {
        var machine = _machine!.Clone();   // only machines have leases
        (machine.Generation, machine.Fenced) = (0, true);
        return new(machine);
    }

    /// <summary>A machine on its way.</summary>
    public Sighting Moving(MachineTransfer transfer)
    {
        var machine = _machine!.Clone();
        machine.Transfer = transfer;
        return new(machine);
    }

    public Sighting Numbered(ulong sequence) => Changed((sequence, Generation, Failure));

    public bool SameAs(Sighting other) => other.Numbered(0).Message.Equals(Numbered(0).Message);

    public void AddTo(Observed report)
    {
        if (_machine is not null) report.Machines.Add(_machine);
        else if (_volume is not null) report.Volumes.Add(_volume);
        else report.Networks.Add(_network);
    }

    private Google.Protobuf.IMessage Message => (Google.Protobuf.IMessage?)_machine ?? (Google.Protobuf.IMessage?)_volume ?? _network!;

    private ulong Sequence => _machine?.Sequence ?? _volume?.Sequence ?? _network!.Sequence;

    private Sighting Changed((ulong sequence, ulong generation, Failure? failure) to)
    {
        if (_machine is not null)
        {
            var machine = _machine.Clone();
            (machine.Sequence, machine.Generation, machine.Failure) = to;
            return new(machine);
        }
        if (_volume is not null)
        {
            var volume = _volume.Clone();
            (volume.Sequence, volume.Generation, volume.Failure) = to;
            return new(volume);
        }
        var network = _network!.Clone();
        (network.Sequence, network.Generation, network.Failure) = to;
        return new(network);
    }
}
