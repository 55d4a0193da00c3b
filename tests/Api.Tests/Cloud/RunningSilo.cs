using Controller.Silo;
using Controller.Silo.Identity;
using Controller.Silo.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Controller.Api.Tests.Cloud;

/// <summary>A silo in this process, started as its own program does.</summary>
internal sealed class RunningSilo : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningSilo(WebApplication app) => _app = app;

    public static async Task<RunningSilo> Start(Place place, params string[] settings)
    {
        var app = SiloHost.Build([.. place.SiloSettings(), .. settings]);
        await app.Services.GetRequiredService<Migrator>().Apply(CancellationToken.None);
        await app.StartAsync();
        await app.Services.GetRequiredService<FirstIdentity>().Ensure(CancellationToken.None);
        return new(app);
    }

    public Task Stop() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();   // nothing happens, if it is over already
        await _app.DisposeAsync();
    }
}
