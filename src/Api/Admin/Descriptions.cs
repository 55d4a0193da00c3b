using System.Text.RegularExpressions;
using Controller.Contracts;
using Occi;
using Occi.Core;
using Infrastructure = Occi.Infrastructure;

namespace Controller.Api.Admin;

/// <summary>What a host says of a machine that is to be adopted is another's word: it is looked at as what a client sends for a new one.</summary>
internal static partial class Descriptions
{
    private const int MostCores = 4096;
    private const long MostBytes = 1L << 60;
    private const int MostLinks = 64;
    private const int LongestName = 256;

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Refusal(MachineDescription described, Guid machine, Guid incarnation)
    {
        var said = described.Machine;
        if (said.Id != machine || said.Incarnation != incarnation)
            return $"machine {machine} as incarnation {incarnation} was asked for, and {said.Id} as {said.Incarnation} described";
        return Wrong(Infrastructure.Compute.Cores, AttributeValue.Of(said.Cores))
            ?? (said.Cores > MostCores ? $"at most {MostCores} cores are taken, found {said.Cores}" : null)
            ?? Bytes("its memory", said.MemoryBytes)
            ?? (said.RootDiskBytes == 0 ? null : Bytes("its root disk", said.RootDiskBytes))
            ?? Wrong(Infrastructure.Compute.Share, AttributeValue.Of(said.CpuShares))
            ?? Wrong(Infrastructure.Compute.Architecture, AttributeValue.Of(said.Architecture))
            ?? (said.Hostname.Length == 0 ? null : Wrong(Infrastructure.Compute.Hostname, AttributeValue.Of(said.Hostname)))
            ?? Name(said.Name)
            ?? (Enum.IsDefined(said.Firmware) && Enum.IsDefined(said.MachineType) ? null : $"firmware {said.Firmware} and board {said.MachineType} are not known")
            ?? (said.Image is { } image ? Image(image) : null)
            ?? (said.Nics.Length + said.Disks.Length > MostLinks ? $"at most {MostLinks} NICs and disks are taken, found {said.Nics.Length + said.Disks.Length}" : null)
            ?? Twice("NICs and disks", [.. said.Nics.Select(n => n.Link), .. said.Disks.Select(d => d.Link)])
            ?? Twice("disks' volumes", [.. said.Disks.Select(d => d.Volume)])
            ?? Twice("volumes", [.. described.Volumes.Select(v => v.Id)])
            ?? said.Nics.Select(Nic).FirstOrDefault(wrong => wrong is not null)
            ?? described.Volumes.Select(v => Volume(v, said)).FirstOrDefault(wrong => wrong is not null);
    }

    private static string? Nic(DesiredNic nic) =>
        Wrong(Infrastructure.NetworkInterface.Mac, AttributeValue.Of(nic.Mac)) ?? (nic.Address is { } address ? Wrong(Infrastructure.IpNetworkInterface.Address, AttributeValue.Of(address)) : null);

    private static string? Volume(DesiredVolume volume, DesiredMachine of) =>
        of.Disks.All(d => d.Volume != volume.Id) && of.RootDisk != volume.Id ? $"volume {volume.Id} is none of its disks"
        : volume.Incarnation == Guid.Empty ? $"volume {volume.Id} has no incarnation"
        : Bytes($"volume {volume.Id}", volume.SizeBytes) ?? Name(volume.Name);

    private static string? Image(ImageRef image) =>
        !Digest().IsMatch(image.Sha256) ? "its image's digest has to be 64 hexadecimal digits"
        : image.Format is not ("qcow2" or "raw") ? "its image has to be qcow2 or raw"
        : Bytes("its image", image.SizeBytes);

    private static string? Bytes(string what, long bytes) => bytes is > 0 and <= MostBytes ? null : $"{what} has to have 1 to {MostBytes} bytes, found {bytes}";

    private static string? Name(string name) =>
        name.Length > LongestName || name.Any(char.IsControl) ? $"{CoreKinds.Title.Name} has to have at most {LongestName} characters and none that controls" : null;

    private static string? Twice(string what, Guid[] ids) =>
        ids.Contains(Guid.Empty) || ids.Distinct().Count() != ids.Length ? $"ids of its {what} have to be there, and each once" : null;

    private static string? Wrong(Attr attribute, AttributeValue value) => value.Text.Length > LongestName ? $"{attribute.Name} is too long" : Check.Value(attribute, value).Error?.Message;

    [GeneratedRegex("^[0-9a-f]{64}\\z")]
    private static partial Regex Digest();
}
