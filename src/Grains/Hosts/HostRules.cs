using System.Text.RegularExpressions;
using Controller.Contracts;
using Controller.Grains.Entities;
using Model = Occi.Extension.Host;

namespace Controller.Grains.Hosts;

/// <summary>What an operator may decide of a host, and how that is said in attributes.</summary>
internal static class HostRules
{
    private const decimal Gibibyte = 1L << 30;

    /// <summary>What a host cannot be set to, in words; null when it is fine.</summary>
    public static string? Refusal(HostSettings settings, HostRecord host) =>
        settings.Zone is { } zone && !Regex.IsMatch(zone, $"^({Occi.Extension.Zone.TermPattern})\\z", RegexOptions.CultureInvariant)
            ? $"A zone's name is lower-case letters, digits, - and _, beginning with a letter; found '{zone}'."
        : Ratio("cores", settings.CoresRatio) ?? Ratio("memory", settings.MemoryRatio) ?? Ratio("disk", settings.DiskRatio)
            ?? Reserve("cores", settings.ReservedCores, host.Capabilities?.Cores) ?? Reserve("bytes of memory", settings.ReservedMemoryBytes, host.Capabilities?.MemoryBytes)
            ?? Reserve("bytes of disk", settings.ReservedDiskBytes, host.Capabilities?.DiskBytes);

    /// <summary>The settings after an update over OCCI: what is not named stays, or at a replacement falls back to the silo's settings.</summary>
    public static HostSettings Settings(HostSettings present, UpdateEntity update)
    {
        var (before, said) = (update.Replace ? new() : present, update.Attributes);
        return before with
        {
            Zone = said.Text(Model.Zone) ?? before.Zone,
            CoresRatio = (double?)said.Number(Model.CoresRatio) ?? before.CoresRatio,
            MemoryRatio = (double?)said.Number(Model.MemoryRatio) ?? before.MemoryRatio,
            DiskRatio = (double?)said.Number(Model.DiskRatio) ?? before.DiskRatio,
            ReservedCores = (int?)said.Number(Model.ReservedCores) ?? before.ReservedCores,
            ReservedMemoryBytes = Bytes(said.Number(Model.ReservedMemory)) ?? before.ReservedMemoryBytes,
            ReservedDiskBytes = Bytes(said.Number(Model.ReservedDisk)) ?? before.ReservedDiskBytes,
        };
    }

    private static long? Bytes(decimal? gibibytes) => gibibytes is { } size ? (long)(size * Gibibyte) : null;

    private static string? Ratio(string what, double? ratio) =>
        ratio is null or (>= 0.1 and <= 100) ? null : $"The overcommit ratio of {what} is a number from 0.1 to 100; found {ratio}.";

    private static string? Reserve(string what, long reserved, long? has) =>
        reserved < 0 ? $"Reserved {what} cannot be less than 0; found {reserved}."
        : has is { } all && reserved > all ? $"The host has {all} {what}, and {reserved} cannot be reserved of them."
        : null;
}
