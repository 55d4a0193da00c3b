using Controller.Contracts;

namespace Controller.Grains.Availability;

/// <summary>All that is known of a host that is unreachable.</summary>
/// <param name="Silent">For how long this silo has heard nothing, on a clock that nobody sets.</param>
/// <param name="Now">The silo's wall clock.</param>
/// <param name="LeaseUntil">No lease that was ever granted ends later.</param>
/// <param name="Guarded">When it last renewed, something beside its agent saw to the lease.</param>
/// <param name="HasFence">There is one.</param>
/// <param name="FenceSays">Since the host went silent.</param>
internal sealed record LossFacts(TimeSpan Silent, DateTimeOffset Now, DateTimeOffset? LeaseUntil, bool Guarded, bool HasFence, FenceAnswer? FenceSays);

internal abstract record LossVerdict
{
    /// <summary>Nothing is certain yet, and what is waited for.</summary>
    public sealed record Wait(string For) : LossVerdict;

    /// <summary>The fence is asked whether the host is off; where <paramref name="SwitchOff"/>, after switching it off.</summary>
    public sealed record Ask(bool SwitchOff, string For) : LossVerdict;

    /// <summary>Its machines certainly do not run.</summary>
    public sealed record Lost(LossProof Proof, string Why) : LossVerdict;
}

/// <summary>
/// Is a host that is unreachable lost? Unknown is not failed: a machine is started elsewhere when it is certain that it does not run, and never because it is likely.
/// <code>
/// the fence says off                                          ▶ lost
/// guarded, and its last lease is over by the margin           ▶ lost
/// guarded, and it is not                                      ▶ wait (a fence is asked meanwhile, and switches nothing off)
/// not guarded, a fence, silent for a lease and the margin     ▶ switch it off, and ask
/// not guarded, a fence, silent for less                       ▶ ask
/// neither                                                     ▶ wait, for a person
/// </code>
/// </summary>
internal static class LossRule
{
    public static LossVerdict Decide(LossFacts facts, AvailabilityOptions options)
    {
        if (facts.FenceSays?.Power == PowerState.Off)
            return new LossVerdict.Lost(LossProof.PoweredOff, "Its fence says that it is off.");
        var patience = options.Lease + options.Margin;
        var over = facts.LeaseUntil is not { } until || facts.Now > until + options.Margin;
        if (facts.Guarded)
        {
            // Both clocks: the wall's, that all silos share, may be set; ours, that nobody sets, began with us.
            if (over && facts.Silent > patience)
                return new LossVerdict.Lost(LossProof.LeaseOver, $"Its lease was over by {facts.LeaseUntil:u}, and its guard has ended its machines.");
            var waits = $"Machines with the mixin ha wait until its lease is certainly over, at the latest at {facts.LeaseUntil + options.Margin:u}.";
            return facts.HasFence ? new LossVerdict.Ask(false, waits) : new LossVerdict.Wait(waits);
        }
        if (!facts.HasFence)
        {
            return new LossVerdict.Wait(
                "Its machines may still run, so none is started elsewhere: its lease is not guarded, and there is no fence. If it is off, say so with \"controller host fence confirm\".");
        }
        var fence = facts.FenceSays is { } answer ? $" Its fence says: {answer.Why ?? answer.Power.ToString()}" : "";
        return facts.Silent > patience
            ? new LossVerdict.Ask(true, "Its lease is not guarded: machines with the mixin ha wait until its fence has switched it off." + fence)
            : new LossVerdict.Ask(false, $"Its lease is not guarded: its fence switches it off when it has been silent for {patience.TotalSeconds:0} seconds." + fence);
    }
}
