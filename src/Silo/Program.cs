using Controller.Silo;

try
{
    await using var app = SiloHost.Build(args);
    await SiloHost.Start(app);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (InvalidOperationException e)
{
    await Console.Error.WriteLineAsync(e.Message);   // a setting that is wrong: it says which
    return 2;
}
