using Controller.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Controller.Crash.Silo;

/// <summary>Puts watched ones in the place of what writes: all records go through one storage provider, all claims through one interface.</summary>
internal static class Watching
{
    private const string Records = "entities";

    public static void Add(IServiceCollection services, Probe probe)
    {
        var storage = services.Single(s => s.ServiceType == typeof(IGrainStorage) && Equals(s.ServiceKey, Records));
        services.Remove(storage);
        services.AddKeyedSingleton<IGrainStorage>(Records, (provider, key) =>
            new WatchedStorage((IGrainStorage)storage.KeyedImplementationFactory!(provider, key), probe));   // registered by a factory
        var claims = services.Single(s => s.ServiceType == typeof(IClaims));
        services.Remove(claims);
        services.AddSingleton<IClaims>(provider => new WatchedClaims((IClaims)ActivatorUtilities.CreateInstance(provider, claims.ImplementationType!), probe));   // registered by its type
    }
}
