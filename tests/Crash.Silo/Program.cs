using Controller.Crash.Silo;
using Controller.Silo;
using Controller.Silo.Identity;
using Controller.Silo.Postgres;
using Microsoft.Extensions.DependencyInjection;

// A silo as src/Silo starts it, its records and claims watched by a probe. It does everything but start until it is told "go": a spare that takes the place of one that died. What it is
// told otherwise is the probe's (Probe.Obey). The end of its input is its own end: it never outlives its test.
var probe = new Probe(args[0]);
await using var app = SiloHost.Build(args[1..], own: services => Watching.Add(services, probe));
await app.Services.GetRequiredService<Migrator>().Apply(CancellationToken.None);
probe.Say("spare");
while (await Console.In.ReadLineAsync() is { } line)
{
    if (line != "go")
    {
        probe.Obey(line);
        continue;
    }
    await app.StartAsync();
    await app.Services.GetRequiredService<FirstIdentity>().Ensure(app.Lifetime.ApplicationStopping);
    probe.Say("up");
}
return 0;
