using Controller.Contracts;
using Controller.Grains.Entities;

namespace Controller.Grains.Compute;

// Sizes that change. What a compute has claimed is the larger one of what it is to have and what it may still have: it gives nothing back that its machine runs with.
internal sealed partial class ComputeGrain
{
    private static readonly TimeSpan ClaimLimit = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Claims what the change needs; null when it has that. That it does so is written first: whoever dies between the claim and the change that it is for would leave something claimed for nothing.
    /// </summary>
    private async Task<(ComputeHeld? Held, Outcome? Refused)> Resize(ComputeRecord wanted)
    {
        var present = _record.Value!;
        var (claimed, next) = (Claimed(present), Wanted(wanted));
        var most = new ComputeHeld(Math.Max(claimed.Cores, next.Cores), Math.Max(claimed.MemoryBytes, next.MemoryBytes));
        var held = most == next ? null : most;
        if (present.Host is not { } host
            || (present.Claiming is null && most == claimed && wanted.RootDiskBytes == present.RootDiskBytes && PlacementWishes.Group(wanted) == PlacementWishes.Group(present)))
        {
            return (held, null);
        }
        await _record.Write(present with { Claiming = Operation.Begin("resize", _time.GetUtcNow(), ClaimLimit) });
        var resized = await _claims.Resize(Request(wanted with { Held = held }, host), host);
        if (resized.Host is not null)
            return (held, null);
        await _record.Write(_record.Value! with { Claiming = null });
        return (null, new(resized.Kind, resized.Why));
    }

    /// <summary>Nobody knows any more what became of a claim that was under way: what it is to have is claimed, and nothing else. It was never said that the change was made.</summary>
    private async Task SettleSize()
    {
        if (_record.Value is not { Claiming: { } claiming } present)
            return;
        if (present.Host is not { } host)
        {
            await _record.Write(present with { Claiming = null });
            return;
        }
        var settled = await _claims.Resize(Request(present, host), host);
        present = _record.Value!;
        await _record.Write(present with { Claiming = settled.Host is null ? claiming.Again(_time.GetUtcNow(), settled.Why) : null });
    }

    /// <summary>The machine is seen as it is to be: what it had beyond that is given back. A machine for which a restart is pending has it still.</summary>
    private async Task ReleaseHeld(ObservedMachine machine)
    {
        if (_record.Value is not { Held: not null, Host: { } host } present || machine.RestartPending || machine.Generation < present.Generation)
            return;
        var less = present with { Held = null };
        if ((await _claims.Resize(Request(less, host), host)).Host is not null)
            await _record.Write(less);
    }

    /// <summary>Whether the update changes what is claimed: of a machine that moves two hosts have a claim.</summary>
    private static bool ChangesClaims(ComputeRecord present, UpdateEntity command, Dictionary<string, Occi.AttributeValue> attributes)
    {
        var next = present with { Attributes = attributes, Mixins = Entities.Patch.Mixins(present.Mixins, command) };
        return Wanted(next) != Wanted(present) || PlacementWishes.Group(next) != PlacementWishes.Group(present) || ComputeSizes.RootDiskBytes(attributes, null) > present.RootDiskBytes;
    }

    private static ComputeHeld Wanted(ComputeRecord record) => new(ComputeSizes.Cores(record.Attributes), ComputeSizes.MemoryBytes(record.Attributes));

    private static ComputeHeld Claimed(ComputeRecord record) => record.Held ?? Wanted(record);
}
