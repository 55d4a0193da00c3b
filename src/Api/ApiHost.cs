using Controller.Api.Admin;
using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Consoles;
using Controller.Api.Serial;
using Controller.Api.Entities;
using Controller.Api.Events;
using Controller.Api.Health;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Api.Metrics;
using Controller.Api.Model;
using Controller.Api.Overload;
using Controller.Api.Ui;

namespace Controller.Api;

/// <summary>The API process, put together.</summary>
public static class ApiHost
{
    /// <summary>What a silo in the same process needs beside its own, before it calls grains for the API.</summary>
    public static IServiceCollection AddApiCalls(this IServiceCollection silo) => silo.AddSingleton<IOutgoingGrainCallFilter, ClusterClient.SayUntilWhen>();

    /// <summary>Builds the process from its command line; the caller runs it.</summary>
    /// <param name="args">Settings on the command line.</param>
    /// <param name="here">The silo in the same process, which has to run; null: silos are found by way of the database, and need not run yet.</param>
    public static WebApplication Build(string[] args, IClusterClient? here = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddSettings(args);
        builder.AddTelemetry();
        builder.AddServer();
        builder.AddInventory();
        builder.AddCluster(here);
        builder.AddIdentity();
        builder.AddModel();
        builder.AddOcci();
        builder.AddAdmin();
        builder.AddConsoles();
        builder.AddMetrics();
        builder.AddEvents();
        Systemd.Notifier.AddTo(builder.Services);

        var app = builder.Build();
        app.UseMiddleware<EveryResponse>();
        app.UseMiddleware<Auditing>();
        app.UseMiddleware<Guard>();
        app.UseMiddleware<FirstSilo>();
        app.UseMiddleware<Authentication>();
        app.UseMiddleware<Shedding>();
        app.MapHealth();
        app.MapIdentity();
        app.MapAdmin();
        app.MapConsole();
        app.MapConsoles();
        app.MapMetrics();
        app.MapEvents();
        app.MapWebConsole();
        app.MapOcci();
        return app;
    }
}
