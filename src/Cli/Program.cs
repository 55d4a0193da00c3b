using System.CommandLine;
using Controller.Cli;
using Controller.Cli.Conformance;
using Controller.Cli.Consoles;
using Controller.Cli.Database;
using Controller.Cli.Entities;
using Controller.Cli.Load;
using Controller.Cli.Local;
using Controller.Cli.Models;
using Controller.Cli.Operators;
using Controller.Cli.SigningIn;
using Controller.Cli.Testing;

var root = new RootCommand("The OCCI controller: a private cloud, and the command line of it.")
{
    Connection.Data, Connection.Endpoint, Connection.Token, Connection.ProfileName,
    LoginCommand.Create(), LoginCommand.CreateLogout(), LoginCommand.CreateProfile(),
    UpCommand.Create(), UpCommand.CreateSupervise(), DownCommand.Create(), StatusCommand.Create(), PowerCommand.Create(),
    OcciCommand.Create(), ConsoleCommand.Create(), MetricsCommand.Create(),
    ProjectCommand.Create(), UserCommand.Create(), UsageCommand.Create(), TokenCommand.Create(), HostCommand.Create(), ExplainCommand.Create(), OpCommand.Create(), AuditCommand.Create(), EventsCommand.Create(), WebhookCommand.Create(), DoctorCommand.Create(), RepairCommand.Create(), MigrateCommand.Create(), ImageCommand.Create(), BackupCommand.Create(), RestoreCommand.Create(),
    CompletionCommand.Create(), ModelFilesCommand.Create(), KeysCommand.Create(), ConformanceCommand.Create(), TestCommand.Create(), BenchCommand.Create(), LoadCommand.Create(),
};
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
    Console.Error.WriteLine($"controller: {e.Message}");
    return e is CliException { ExitCode: var code } ? code : ExitCode.Failed;
}
