using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Occi;

namespace Controller.Api.Entities;

/// <summary>Makes and removes mixins of the caller's project (GFD.223 §9.3, §9.4). This process knows of the change before it answers.</summary>
internal sealed class UserMixins(IGrainFactory grains, Catalogues catalogues, MixinDefinitions definitions, IOptions<MixinOptions> options)
{
    /// <summary>All or none; afterwards the request's model has them.</summary>
    public async Task<Problem?> Add(OcciRequest request, IReadOnlyList<CategoryDefinition> sent)
    {
        var project = request.Caller.Project;
        request.Model = await catalogues.Fresh(project, request.Aborted);
        var mixins = new List<UserMixin>();
        foreach (var definition in sent)
        {
            var (mixin, problem) = definitions.Read(request, definition);
            if (problem is not null)
                return problem;
            mixins.Add(mixin);
        }
        var outcome = await Twice.Try(() => grains.UserMixins(project).Add(new(request.Caller, [.. mixins], options.Value.MaxPerProject)));
        if (!outcome.Ok)
            return Problems.From(outcome, request.Path);
        request.Model = await catalogues.Fresh(project, request.Aborted);
        return null;
    }

    /// <summary>All or none: tags from whatever has them, and templates that were saved in the project, which what was made from them keeps.</summary>
    public async Task<Problem?> Remove(OcciRequest request, IReadOnlyList<CategoryDefinition> sent)
    {
        var project = request.Caller.Project;
        request.Model = await catalogues.Fresh(project, request.Aborted);
        if (sent.FirstOrDefault(c => request.Catalogue.Find(c.Id) is null) is { } unknown)
            return Problems.NotFound(unknown.Id.ToString());
        var images = new List<IImageGrain>();
        foreach (var given in sent.Where(c => !request.Model.IsOwn(c.Id)).DistinctBy(c => c.Id))
        {
            var image = grains.GetGrain<IImageGrain>("image/" + given.Id.Term);
            if (given.Id.Scheme != ImageView.Scheme || await Twice.Try(image.View) is not { } view || view.Project != project)
                return Problems.Immutable($"{given.Id} is the provider's and can't be removed.");
            // Whoever ends the save ends this, too.
            if (view.State == ImageState.Pending)
                return Problems.Conflict($"{given.Id} is being saved from {view.Origin}: remove it when that has ended.");
            images.Add(image);
        }
        string[] own = [.. sent.Where(c => request.Model.IsOwn(c.Id)).Select(c => c.Id.ToString())];
        if (own.Length > 0 && await Twice.Try(() => grains.UserMixins(project).Remove(new(request.Caller, own))) is { Ok: false } outcome)
            return Problems.From(outcome, request.Path);
        // Repeating it changes nothing. The bytes stay: machines may be backed by them.
        foreach (var image in images)
            await Twice.Try(image.Delete);
        request.Model = await catalogues.Fresh(project, request.Aborted);
        return null;
    }
}
