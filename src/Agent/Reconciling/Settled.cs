using Controller.Agent.Observing;
using Controller.Agent.Protocol;

namespace Controller.Agent.Reconciling;

/// <summary>Whether what is seen is what is wanted, so that the driver need not be asked.</summary>
internal static class Settled
{
    public static bool Is(DesiredObject wanted, Sighting seen) =>
        seen.IsPresent && seen.Failure is null && seen.Generation == wanted.Generation && wanted.SpecCase switch
        {
            DesiredObject.SpecOneofCase.Machine => Machine(wanted.Machine, seen.Machine!),
            DesiredObject.SpecOneofCase.Volume => seen.Volume!.SizeBytes >= wanted.Volume.SizeBytes,
            DesiredObject.SpecOneofCase.Network => seen.Network!.Active == wanted.Network.Active,
            _ => false,
        };

    private static bool Machine(MachineSpec wanted, ObservedMachine seen) =>
        PowerFits(wanted.Power, seen.Power)
        && seen.Attachments.All(attachment => attachment is { Attached: true, Failure: null })
        && wanted.Disks.Select(disk => disk.LinkId).Concat(wanted.Nics.Select(nic => nic.LinkId)).ToHashSet()
            .SetEquals(seen.Attachments.Select(attachment => attachment.LinkId));

    // What crashed is off as far as anyone who wants it off is concerned; and what is off has no memory that could be saved.
    private static bool PowerFits(Power wanted, Power seen) =>
        wanted == seen || (wanted == Power.Off && seen == Power.Crashed) || (wanted == Power.Saved && seen == Power.Off);
}
