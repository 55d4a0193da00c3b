using System.Text.Json;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>A change of what operators decide of a host, as JSON says it.</summary>
internal static class HostChange
{
    /// <summary>The settings and the name after it, or what is wrong with it.</summary>
    public static (HostSettings Settings, string? Name, string? Wrong) Of(JsonElement change, HostView host)
    {
        var (settings, name) = (host.Settings, (string?)null);
        if (change.ValueKind != JsonValueKind.Object)
            return (settings, null, "An object of settings was wanted.");
        foreach (var member in change.EnumerateObject())
        {
            var value = member.Value;
            var (next, fits) = member.Name switch
            {
                "name" => (settings, value.ValueKind == JsonValueKind.String && (name = value.GetString()) is { Length: > 0 }),
                "zone" => (settings with { Zone = value.ValueKind == JsonValueKind.String ? value.GetString() : null }, value.ValueKind is JsonValueKind.String or JsonValueKind.Null),
                "coresRatio" => (settings with { CoresRatio = Real(value) }, IsReal(value)),
                "memoryRatio" => (settings with { MemoryRatio = Real(value) }, IsReal(value)),
                "diskRatio" => (settings with { DiskRatio = Real(value) }, IsReal(value)),
                "reservedCores" => (settings with { ReservedCores = (int)Math.Min(int.MaxValue, Whole(value)) }, IsWhole(value)),
                "reservedMemoryBytes" => (settings with { ReservedMemoryBytes = Whole(value) }, IsWhole(value)),
                "reservedDiskBytes" => (settings with { ReservedDiskBytes = Whole(value) }, IsWhole(value)),
                _ => (null!, false),   // never read: it does not fit
            };
            if (next is null)
                return (settings, null, $"A host has no setting {member.Name}; there are name, zone, coresRatio, memoryRatio, diskRatio, reservedCores, reservedMemoryBytes and reservedDiskBytes.");
            if (!fits)
                return (settings, null, $"{member.Name} can't be {value.GetRawText()}.");
            settings = next;
        }
        return (settings, name, null);
    }

    private static bool IsReal(JsonElement value) => value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out _));

    private static double? Real(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : null;

    private static bool IsWhole(JsonElement value) => value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _));

    private static long Whole(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;
}
