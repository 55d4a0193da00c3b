using Controller.Api.Cluster;
using Controller.Contracts;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Controller.Api.Entities;

/// <summary>
/// Reads entities. What was read before is kept, and never believed: their grain is asked each time whether it still looks like that and is the caller's to see, and says the rest only where it does not
/// (docs/decisions/0039).
/// </summary>
internal sealed class Sightings : IDisposable
{
    private readonly IGrainFactory _grains;
    private readonly MemoryCache _seen;
    private readonly long _largest;

    public Sightings(IGrainFactory grains, IOptions<ApiOptions> options)
    {
        var size = options.Value.EntityCacheBytes;
        (_grains, _largest) = (grains, size / 16);
        _seen = new(new MemoryCacheOptions { SizeLimit = size, CompactionPercentage = 0.25 });
    }

    /// <summary>The entity as it is now; null: it is not there, or not the caller's.</summary>
    public async Task<Seen?> Look(Caller caller, string term, Guid id)
    {
        var key = (term, id);
        var known = _seen.Get<Seen>(key);
        var sight = await Twice.Try(() => _grains.Entity(term, id).Look(caller, known?.Stamp ?? 0));
        if (sight.View is not { } view)
            return sight.Stamp == 0 ? null : known;
        var seen = new Seen(sight.Stamp, view);
        if (seen.Size is var size && size <= _largest)
            _seen.Set(key, seen, new MemoryCacheEntryOptions { Size = size });
        return seen;
    }

    public void Dispose() => _seen.Dispose();
}
