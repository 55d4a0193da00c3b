using System.CommandLine;
using Controller.Cli;
using Controller.Cli.Output;

var root = Commands.Root();
var parse = root.Parse(args);
if (parse.Errors.Count > 0)
{
    await parse.InvokeAsync();   // says what is wrong, and how it is used
    return ExitCode.Usage;
}
try
{
    // No forced end: a cluster takes its time to end in order.
    return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (Exception e) when (e is CliException or RefusedException)
{
    Console.Error.WriteLine($"controller: {string.Join('\n', e.Message.Split('\n').Select(Table.Plain))}");
    if (Hints.After(e) is { } next)
        Console.Error.WriteLine($"  next: {Table.Plain(next)}");
    return e is CliException { ExitCode: var code } ? code : ExitCode.Failed;
}
