using System.Collections.Concurrent;
using Orleans.Storage;

namespace Controller.Crash.Silo;

/// <summary>Tells of each write of a record what it changes.</summary>
internal sealed class WatchedStorage(IGrainStorage records, Probe probe) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<GrainId, object?> _known = new();

    public void Participate(ISiloLifecycle lifecycle) => (records as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await records.ReadStateAsync(stateName, grainId, grainState);
        _known[grainId] = grainState.State;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // What is written may be swapped for something newer before we are back.
        var next = grainState.State;
        await probe.Around(StepName.OfWrite(stateName, _known.GetValueOrDefault(grainId), next), () => records.WriteStateAsync(stateName, grainId, grainState));
        _known[grainId] = next;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await probe.Around(StepName.OfClear(stateName, _known.GetValueOrDefault(grainId)), () => records.ClearStateAsync(stateName, grainId, grainState));
        _known.TryRemove(grainId, out _);
    }
}
