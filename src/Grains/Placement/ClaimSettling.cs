using System.Globalization;
using Controller.Contracts;

namespace Controller.Grains.Placement;

/// <summary>Sets an entity's claims right, after the entity has read its row.</summary>
internal static class ClaimSettling
{
    /// <summary>The entity is not there: nothing is claimed for it any more.</summary>
    public static async Task<Outcome> Nothing(this IClaims claims, Guid id)
    {
        await claims.Release(id);
        return new(OutcomeKind.Done, "It is not there: everything that was claimed for it was given back.");
    }

    /// <summary>Gives back the placements that it does not stand by and the addresses of links that are not its own, then takes what it lacks (null: it needs nothing).</summary>
    public static async Task<Outcome> Settle(
        this IClaims claims, Guid id, Func<Guid, Guid, bool> stands, IReadOnlyCollection<Guid> links, Func<IReadOnlyList<(Guid Host, Guid Incarnation)>, Task<PlacementResult?>> lacks)
    {
        var held = await claims.Of(id);
        var wrong = held.Where(h => !stands(h.Host, h.Incarnation)).ToList();
        foreach (var (host, incarnation) in wrong)
            await claims.Leave(id, incarnation, host);
        var addresses = await claims.ReleaseAddressesBut(id, links);
        var taken = await lacks([.. held.Except(wrong)]);
        if (taken is { Host: null })
            return new(taken.Kind, $"What it lacks could not be claimed: {taken.Why}");
        return new(OutcomeKind.Done, string.Create(
            CultureInfo.InvariantCulture, $"{wrong.Count} claim(s) on hosts and {addresses} address(es) were given back, {(taken is null ? 0 : 1)} claim(s) were taken."));
    }
}
