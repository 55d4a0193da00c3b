using Controller.Contracts;
using Npgsql;
using Orleans.Storage;

namespace Controller.Silo.Postgres;

/// <summary>
/// Turns the database's trouble into an exception that other processes can read. What a grain could not write it has not done: the caller may repeat it.
/// </summary>
internal sealed class DatabaseTrouble : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception e) when (Told(e) is { } unavailable)
        {
            throw unavailable;
        }
    }

    /// <summary>The database's trouble in those words; null: it is something else.</summary>
    public static UnavailableException? Told(Exception e) => Cause(e) switch
    {
        null => null,
        PostgresException { SqlState: OwnSilo.Dead } dead => new(dead.MessageText),
        var cause => new($"The database does not answer: {cause.Message}"),
    };

    private static NpgsqlException? Cause(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is NpgsqlException npgsql and (not PostgresException { IsTransient: false } or PostgresException { SqlState: OwnSilo.Dead }))
                return npgsql;
        }
        return null;
    }
}

/// <summary>
/// The same for records. A grain that could not read its own when it came to life never gets as far as to a call's filter, and the database's own exceptions can't be sent: the caller would
/// be told of a defect.
/// </summary>
internal sealed class TroubledStorage(IGrainStorage storage, IGrainContextAccessor grains) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>Puts it before the storage of that name.</summary>
    public static void Wrap(IServiceCollection services, string name)
    {
        var storage = services.Last(s => s.ServiceType == typeof(IGrainStorage) && Equals(s.ServiceKey, name));
        services.Remove(storage);
        services.AddKeyedSingleton<IGrainStorage>(name, (provider, key) => new TroubledStorage((IGrainStorage)storage.KeyedImplementationFactory!(provider, key), provider.GetRequiredService<IGrainContextAccessor>()));
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Try(() => storage.ReadStateAsync(stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Change(stateName, () => storage.WriteStateAsync(stateName, grainId, grainState));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Change(stateName, () => storage.ClearStateAsync(stateName, grainId, grainState));

    public void Participate(ISiloLifecycle observer) => (storage as ILifecycleParticipant<ISiloLifecycle>)?.Participate(observer);

    /// <summary>
    /// Whoever does not know whether its record was written ends, and the next one reads it: else a row would say that something is under way, its grain that nothing is, and nobody would go on
    /// with it. Not a host: it would lose its agent's session, and writes so often that it learns of it at once.
    /// </summary>
    private Task Change(string stateName, Func<Task> call)
    {
        var grain = grains.GrainContext;
        return Try(async () =>
        {
            try
            {
                await call();
            }
            catch (WriteInDoubtException) when (stateName != "host")
            {
                // Without the exception: whoever waits is sent on to the next one, and not told of it.
                grain?.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "It is not known whether its record was written."));
                throw;
            }
        });
    }

    private static async Task Try(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception e) when (e.GetBaseException() is PostgresException { SqlState: OwnSilo.Dead } dead)
        {
            throw new InconsistentStateException(dead.MessageText, e);   // the grain lives elsewhere: this activation ends
        }
        catch (Exception e) when (DatabaseTrouble.Told(e) is { } unavailable)
        {
            throw unavailable;
        }
    }
}
