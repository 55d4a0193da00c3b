using System.Runtime.InteropServices;
using Controller.Agent.Drivers.Libvirt.Interop;

namespace Controller.Agent.Drivers.Libvirt.Moving;

/// <summary>How a migration is asked for, and how far it is.</summary>
internal static unsafe class MigrationJob
{
    private const uint Live = 1, PeerToPeer = 2, PersistDestination = 8, Paused = 32, Unsafe = 512, CopyDisks = 64, CopyOverlays = 128, AbortOnError = 4096, AutoConverge = 8192;
    private const uint OfTheLastJob = 1;
    private const int NoJob = 0;
    private const uint Outgoing = 5;   // VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT

    public static int Run(DomainHandle domain, Wish wish)
    {
        VirTypedParameter* parameters = null;
        int count = 0, room = 0;
        try
        {
            Text(&parameters, &count, &room, "destination_xml", wish.Definition);
            Text(&parameters, &count, &room, "persistent_xml", wish.StoredDefinition);
            Text(&parameters, &count, &room, "migrate_uri", $"unix://{wish.Directory}/ram");
            if (wish.Disks.Count > 0)
                Text(&parameters, &count, &room, "disks_uri", $"unix://{wish.Directory}/nbd");
            foreach (var disk in wish.Disks)
                Text(&parameters, &count, &room, "migrate_disks", disk);
            if (wish.BandwidthMiB > 0)
                Checked.Ok(Native.virTypedParamsAddULLong(&parameters, &count, &room, "bandwidth", wish.BandwidthMiB));
            var flags = Live | PeerToPeer | PersistDestination | Paused | AbortOnError | (wish.AutoConverge ? AutoConverge : 0);
            if (wish.Disks.Count > 0)
                flags |= wish.Overlays ? CopyOverlays : CopyDisks;
            // libvirt knows the file systems that are shared, by their type; we know that both hosts read the same id in the pool. QEMU drops what the target's kernel has cached
            // (its option drop-cache, which is on), so any cache mode is safe.
            if (wish.DisksStay)
                flags |= Unsafe;
            return Checked.Ok(Native.virDomainMigrateToURI3(domain, $"qemu+unix:///system?socket={wish.Directory}/rpc", parameters, (uint)count, flags), nameof(Native.virDomainMigrateToURI3));
        }
        finally
        {
            Native.virTypedParamsFree(parameters, count);
        }
    }

    private static void Text(VirTypedParameter** parameters, int* count, int* room, string name, string value) =>
        Checked.Ok(Native.virTypedParamsAddString(parameters, count, room, name, value));

    /// <summary>Null where none is under way.</summary>
    public static MoveProgress? Look(DomainHandle domain) => Read(domain, 0);

    /// <summary>Of the one that has just ended.</summary>
    public static MoveProgress? LookBack(DomainHandle domain) => Read(domain, OfTheLastJob);

    /// <summary>Whether the job that is under way, if any is, is a migration to another host.</summary>
    public static bool IsLeaving(DomainHandle domain) => Read(domain, 0, of => (uint)of("operation") == Outgoing) ?? false;

    private static MoveProgress? Read(DomainHandle domain, uint flags) => Read(
        domain, flags, of => new MoveProgress(of("data_total"), of("data_processed"), of("data_remaining"), (uint)of("downtime")));

    private static T? Read<T>(DomainHandle domain, uint flags, Func<Func<string, ulong>, T> make)
        where T : struct
    {
        if (Native.virDomainGetJobStats(domain, out var type, out var parameters, out var count, flags) < 0)
            return null;
        try
        {
            if (type == NoJob)
                return null;
            ulong Of(string name)
            {
                for (var i = 0; i < count; i++)
                {
                    if (Marshal.PtrToStringUTF8((nint)parameters[i].Field) == name)
                        return parameters[i].Value;
                }
                return 0;
            }

            return make(Of);
        }
        finally
        {
            Native.virTypedParamsFree(parameters, count);
        }
    }

    /// <summary>What is wanted of it. Disks that are not named are in pools that both hosts see, and stay there. The paths are those that both libvirtds see.</summary>
    internal sealed record Wish(string Definition, string StoredDefinition, string Directory, IReadOnlyList<string> Disks, bool Overlays, bool DisksStay, ulong BandwidthMiB, bool AutoConverge);
}
