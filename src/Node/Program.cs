using Controller.Api;
using Controller.Node;
using Controller.Silo;
using Microsoft.Extensions.Options;
using Occi.Declared;

try
{
    // Two hosts with services of their own, as in two processes, but what the API asks of a grain here is a method call. The API hears the signals, and the silo ends after it: what was begun is answered.
    await using var silo = SiloHost.Build(args, own: services => services.AddApiCalls().AddSingleton<IHostLifetime, EndsWithTheApi>(), alone: false);
    await SiloHost.Start(silo);
    try
    {
        await using var api = ApiHost.Build(args, silo.Services.GetRequiredService<IClusterClient>());
        using var ended = silo.Lifetime.ApplicationStopping.Register(api.Lifetime.StopApplication);   // a silo that the cluster has declared dead ends by itself
        await api.RunAsync();
    }
    finally
    {
        await silo.StopAsync();
    }
    return 0;
}
catch (Exception e) when (e is InvalidModelException or OptionsValidationException or InvalidOperationException)
{
    await Console.Error.WriteLineAsync(e.Message);   // what is wrong with files or settings, a line for each problem
    return 2;
}

namespace Controller.Node
{
    /// <summary>The silo's: it ends when it is told to.</summary>
    internal sealed class EndsWithTheApi : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
