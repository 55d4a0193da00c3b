using System.Collections.Concurrent;
using Controller.Api.Inventory;
using Controller.Contracts;
using Occi;
using Occi.Declared;

namespace Controller.Api.Model;

/// <summary>
/// What categories there are: the provider's (the standard's, those of data files, an <c>os_tpl</c> for every image and a mixin for every zone), which all projects share, and each project's own.
/// Cached; told of changes by <see cref="ModelChanges"/>, and fresh where something unknown is named (docs/decisions/0005).
/// </summary>
internal sealed partial class Catalogues(DeclaredModel model, Rows rows, ILogger<Catalogues> log) : IDisposable
{
    // More projects than this at once: then all are asked for again.
    private const int Most = 2000;

    private readonly SemaphoreSlim _one = new(1);
    private readonly ConcurrentDictionary<Guid, Overlay> _overlays = new();
    private volatile Provider _provider = Provider.Of("", model.Catalogue, [], []);

    /// <summary>What the project has, as far as is known.</summary>
    public async ValueTask<ProjectModel> Of(Guid project, CancellationToken cancel)
    {
        if (!_overlays.TryGetValue(project, out var overlay))
            return await Fresh(project, cancel);
        return ReferenceEquals(overlay.Provider, _provider) ? overlay.Model : Keep(project, overlay).Model;
    }

    /// <summary>What the project has, as the database has it now.</summary>
    public async Task<ProjectModel> Fresh(Guid project, CancellationToken cancel)
    {
        await FreshShared(cancel);
        return await FreshOverlay(project, cancel);
    }

    /// <summary>A model that knows the categories named, if there is one.</summary>
    public async ValueTask<ProjectModel> Knowing(ProjectModel known, Guid project, IEnumerable<TypeId> named, CancellationToken cancel) =>
        named.All(id => known.Catalogue.Find(id) is not null) ? known : await Fresh(project, cancel);

    /// <summary>The model of the project that these entities belong to, so fresh that a mixin which it does not know is gone.</summary>
    public async ValueTask<ProjectModel> Showing(Guid project, IEnumerable<EntityView> views, CancellationToken cancel)
    {
        var known = await Of(project, cancel);
        return views.All(known.ShowsAllOf) ? known : await Fresh(project, cancel);
    }

    /// <summary>Something has changed: a row's state name, and its project where it has one. Anything else: everything may have.</summary>
    public async Task Changed(string what, CancellationToken cancel)
    {
        if (what is "image" or "zone")
            await FreshShared(cancel);
        else if (!what.StartsWith(GrainKeys.UserMixinsTerm + "/", StringComparison.Ordinal) || !Guid.TryParse(what[(what.IndexOf('/', StringComparison.Ordinal) + 1)..], out var project))
            await Refresh(cancel);
        else if (_overlays.ContainsKey(project))
            await FreshOverlay(project, cancel);
    }

    /// <summary>Everything that is cached is as the database has it now.</summary>
    public async Task Refresh(CancellationToken cancel)
    {
        await FreshShared(cancel);
        var versions = await rows.UserMixinsVersions([.. _overlays.Keys], cancel);
        foreach (var (project, overlay) in _overlays)
        {
            if (versions.GetValueOrDefault(project) != overlay.Version)
                await FreshOverlay(project, cancel);
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task FreshShared(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            var zones = await rows.Zones(cancel);
            var fingerprint = $"{await rows.Fingerprint("image", cancel)}|{string.Join(',', zones)}";
            if (fingerprint == _provider.Fingerprint)
                return;
            var images = await rows.All("image", ContractsJson.Default.RowImageView, cancel);
            _provider = Provider.Of(fingerprint, model.Catalogue, images.Select(i => i.View), zones);
            LogProvider(images.Count, zones.Count);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<ProjectModel> FreshOverlay(Guid project, CancellationToken cancel)
    {
        var known = _overlays.GetValueOrDefault(project);
        var (version, view) = await rows.UserMixins(project, known?.Version ?? -1, cancel);
        var mixins = view?.Mixins ?? (version == 0 ? [] : known?.Mixins ?? []);
        // A removal is looked after for a while, which changes its row and none of the mixins there are: the renderings stay.
        var next = known?.Has(mixins) == true ? known with { Version = version } : Overlay.Of(project, version, mixins, _provider);
        if (next.Model != known?.Model)
            LogMixins(project, mixins.Length, version);
        return Keep(project, next).Model;
    }

    // On the provider's newest categories; of two that were read at once, the newer one stays.
    private Overlay Keep(Guid project, Overlay overlay)
    {
        if (_overlays.Count >= Most)
            _overlays.Clear();
        return _overlays.AddOrUpdate(
            project, static (_, a) => a.overlay.On(a.provider), static (_, old, a) => (a.overlay.Version >= old.Version ? a.overlay : old).On(a.provider), (overlay, provider: _provider));
    }

    [LoggerMessage(LogLevel.Information, "The catalogue has {Images} images and {Zones} zones")]
    private partial void LogProvider(int images, int zones);

    [LoggerMessage(LogLevel.Debug, "Project {Project} has {Mixins} mixins of its own, by version {Version}")]
    private partial void LogMixins(Guid project, int mixins, int version);
}

internal static class ModelExtensions
{
    public static void AddModel(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(ModelDirectory.Load(builder.Configuration.GetSection("Model").Get<ModelOptions>()?.Directory));
        builder.Services.AddSingleton<Catalogues>();
        builder.Services.AddHostedService<ModelChanges>();
        builder.Services.AddHostedService<ModelPoll>();
    }

    /// <summary>Whether entities of that kind exist here: core's own kinds stand for their descendants only.</summary>
    public static bool IsOffered(this Kind kind) => kind.Location is not null && kind.Id.Scheme != Occi.Core.CoreKinds.Scheme;

    /// <summary>Terms of the offered kinds that are <paramref name="ancestor"/> or extend it: what grains and rows know them by.</summary>
    public static string[] TermsBelow(this Catalogue catalogue, Kind ancestor) =>
        [.. catalogue.Kinds.Where(k => k.IsOffered() && k.Is(ancestor)).Select(k => k.Id.Term)];

    /// <summary>The offered kind of that term.</summary>
    public static Kind? KindOf(this Catalogue catalogue, string term) => catalogue.Kinds.FirstOrDefault(k => k.IsOffered() && k.Id.Term == term);
}

/// <summary>Titles as old clients can read them: they split on commas and semicolons (decision D-29).</summary>
internal static class Titles
{
    public static string Plain(string title) => title.Replace(',', ' ').Replace(';', ' ');
}
