using Controller.Silo;
using Controller.Silo.Identity;
using Controller.Silo.Postgres;

try
{
    await using var app = SiloHost.Build(args);
    await app.Services.GetRequiredService<Migrator>().Apply(CancellationToken.None);   // before Orleans reads its queries
    await app.StartAsync();
    await app.Services.GetRequiredService<FirstIdentity>().Ensure(app.Lifetime.ApplicationStopping);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (InvalidOperationException e)
{
    await Console.Error.WriteLineAsync(e.Message);   // a setting that is wrong: it says which
    return 2;
}
