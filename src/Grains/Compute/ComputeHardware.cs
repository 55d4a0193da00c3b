using Controller.Contracts;
using Controller.Grains.Entities;
using Occi;
using Occi.Extension;

namespace Controller.Grains.Compute;

/// <summary>The board and the firmware of a compute's machine, which it keeps for life.</summary>
internal static class ComputeHardware
{
    private const decimal DefaultGraceSeconds = 60;

    private const string SecurityGroups = "security-groups", FloatingAddresses = "floating-addresses";

    /// <summary>What its host must have for these links.</summary>
    public static IEnumerable<string> Features(IReadOnlyCollection<ComputeLink> links) =>
        [.. links.Any(ComputeLinks.IsGroup) ? [SecurityGroups] : (string[])[], .. links.Any(l => l.Floating) ? [FloatingAddresses] : (string[])[]];

    /// <summary>How a host says that it has a physical network.</summary>
    public static string PhysicalNetwork(string name) => "physical-network:" + name;

    public static readonly string Mixin = Machine.Mixin.Id.ToString();

    public static Firmware Firmware(IReadOnlyDictionary<string, AttributeValue> attributes) =>
        attributes.Text(Machine.Firmware) == "uefi" ? Contracts.Firmware.Uefi : Contracts.Firmware.Bios;

    public static MachineType Board(IReadOnlyDictionary<string, AttributeValue> attributes) =>
        attributes.Text(Machine.Board) == "pc" ? MachineType.Pc : MachineType.Q35;

    /// <summary>How long its guest may take to shut down.</summary>
    public static TimeSpan Grace(IReadOnlyDictionary<string, AttributeValue> attributes) => TimeSpan.FromSeconds((double)(attributes.Number(Machine.Grace) ?? DefaultGraceSeconds));

    /// <summary>What its host must have, by the names of capabilities. What every host has is not asked for.</summary>
    public static IReadOnlyList<string> Features(IReadOnlyDictionary<string, AttributeValue> attributes) =>
    [
        .. Firmware(attributes) == Contracts.Firmware.Uefi ? ["firmware-uefi"] : (string[])[],
        .. Board(attributes) == MachineType.Pc ? ["machine-pc"] : (string[])[],
    ];

    /// <summary>Why an update is none that a machine can follow; null when it is.</summary>
    public static string? Refusal(IReadOnlyDictionary<string, AttributeValue> present, IReadOnlyDictionary<string, AttributeValue> next) =>
        Firmware(present) != Firmware(next) ? $"{Machine.Firmware.Name}: a compute keeps its firmware. Create another one from its template."
        : Board(present) != Board(next) ? $"{Machine.Board.Name}: a compute keeps its board. Create another one from its template."
        : null;

    /// <summary>The mixin is shown where somebody asked for it, or where there is something to show.</summary>
    public static void Show(ComputeRecord record, Dictionary<string, AttributeValue> shown)
    {
        if (!record.Mixins.Contains(Mixin))
            return;
        shown[Machine.Firmware.Name] = AttributeValue.Of(Firmware(record.Attributes) == Contracts.Firmware.Uefi ? "uefi" : "bios");
        shown[Machine.Board.Name] = AttributeValue.Of(Board(record.Attributes) == MachineType.Pc ? "pc" : "q35");
        shown[Machine.Grace.Name] = AttributeValue.Of((int)Grace(record.Attributes).TotalSeconds);
        shown[Machine.Agent.Name] = AttributeValue.Of(record.AgentConnected ? "connected" : "absent");
    }
}
