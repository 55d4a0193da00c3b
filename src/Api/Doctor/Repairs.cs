using Controller.Api.Admin;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Doctor;

/// <summary>Sets right what the doctor found. Each is a wish to the one that alone can know: the entity's or the host's grain.</summary>
internal sealed class Repairs(IGrainFactory grains, EntityRows entities)
{
    private static readonly string[] Claimants = ["compute", "storage", "network", "ipreservation", "host"];

    public sealed record Done(string What);

    public async Task<IResult> Claims(string term, Guid id, CancellationToken cancel)
    {
        if (!Claimants.Contains(term))
            return Problems.NotFound($"/admin/repairs/claims/{term}: claims are for {string.Join(", ", Claimants)}.").ToResult();
        // Claims are by id alone: those of another kind's entity are not this one's to give back.
        if ((await entities.Users(id, Claimants.Where(c => c != term), cancel)) is [var other, ..])
            return Problems.Conflict($"{id} is a {other.Term}: controller repair claims {other.Term} {id}").ToResult();
        return Answer(await Twice.Try(grains.At<IClaimant>(GrainId.Create(term, GrainKeys.Of(term, id))).SettleClaims));
    }

    public async Task<IResult> Row(string term, Guid id) => Answer(await Twice.Try(grains.Entity(term, id).AsReference<IRepairedGrain>().Rewrite));

    public async Task<IResult> Host(Guid id) => Answer(await Twice.Try(Grain(id).TellAll));

    public async Task<IResult> Stray(Guid id, string term, Guid entity, Guid incarnation)
    {
        if (!Claimants.Contains(term) || term == "host")
            return Problems.NotFound($"/admin/repairs/hosts/{id}/strays/{term}").ToResult();
        return Answer(await Twice.Try(() => Grain(id).RemoveStray(term, entity, incarnation)));
    }

    private IReportingHost Grain(Guid host) => grains.At<IReportingHost>(GrainId.Create("host", GrainKeys.Of("host", host)));

    private static IResult Answer(Outcome outcome) => outcome.Ok ? Results.Json(new Done(outcome.Why ?? "Done.")) : Problems.From(outcome, "what is to be repaired").ToResult();
}
