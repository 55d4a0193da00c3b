using System.Collections.Concurrent;
using Controller.Api.Inventory;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Model;

/// <summary>The standard's categories and an <c>os_tpl</c> for every image: at most a second old, and fresh where an unknown mixin is named.</summary>
internal sealed partial class Catalogues(Rows rows, TimeProvider time, ILogger<Catalogues> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _one = new(1);
    private volatile Model _current = new("", StandardModel.Catalogue);

    /// <summary>A catalogue, and its renderings: they are the same for everybody until it changes.</summary>
    public sealed record Model(string Fingerprint, Catalogue Catalogue)
    {
        private readonly ConcurrentDictionary<Rendering, Message> _renderings = new();

        /// <summary>All categories rendered; locations are paths (decision D-26), so the authority does not matter.</summary>
        public Message Rendered(Rendering rendering, OcciWriter writer) =>
            _renderings.GetOrAdd(rendering, static (r, a) => a.writer.Categories(a.Catalogue.All, r), (writer, Catalogue));
    }

    public Model Current => _current;

    /// <summary>The catalogue as the database has it now.</summary>
    public async Task<Catalogue> Fresh(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            var fingerprint = await rows.Fingerprint("image", cancel);
            if (fingerprint != _current.Fingerprint)
            {
                var images = await rows.All("image", ContractsJson.Default.RowImageView, cancel);
                _current = new(fingerprint, StandardModel.Catalogue.With(images.Select(i => ImageTemplates.Of(i.View))));
                LogChanged(images.Count);
            }
            return _current.Catalogue;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>A catalogue that knows the categories named, if there is one.</summary>
    public async ValueTask<Catalogue> Knowing(Catalogue known, IEnumerable<TypeId> named, CancellationToken cancel) =>
        named.All(id => known.Find(id) is not null) ? known : await Fresh(cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await Fresh(stoppingToken);
            }
            catch (Exception e) when (e is Npgsql.NpgsqlException or TimeoutException)
            {
                LogStale(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    public static TypeId IdOf(ImageView image) => new(ImageView.Scheme, image.Term);

    public override void Dispose()
    {
        _one.Dispose();
        base.Dispose();
    }

    [LoggerMessage(LogLevel.Information, "The catalogue has {Images} images")]
    private partial void LogChanged(int images);

    [LoggerMessage(LogLevel.Warning, "The catalogue can't be refreshed: {Why}")]
    private partial void LogStale(string why);
}

internal static class ModelExtensions
{
    public static void AddModel(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Catalogues>();
        builder.Services.AddHostedService(s => s.GetRequiredService<Catalogues>());
    }

    /// <summary>Whether entities of that kind exist here: core's own kinds stand for their descendants only.</summary>
    public static bool IsOffered(this Kind kind) => kind.Location is not null && kind.Id.Scheme != Occi.Core.CoreKinds.Scheme;

    /// <summary>Terms of the offered kinds that are <paramref name="ancestor"/> or extend it: what grains and rows know them by.</summary>
    public static string[] TermsBelow(this Catalogue catalogue, Kind ancestor) =>
        [.. catalogue.Kinds.Where(k => k.IsOffered() && k.Is(ancestor)).Select(k => k.Id.Term)];

    /// <summary>The offered kind of that term.</summary>
    public static Kind? KindOf(this Catalogue catalogue, string term) => catalogue.Kinds.FirstOrDefault(k => k.IsOffered() && k.Id.Term == term);
}
