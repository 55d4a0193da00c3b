using System.CommandLine;
using Controller.Cli.Conformance;
using Controller.Cli.Consoles;
using Controller.Cli.Database;
using Controller.Cli.Entities;
using Controller.Cli.Load;
using Controller.Cli.Local;
using Controller.Cli.Machines;
using Controller.Cli.Models;
using Controller.Cli.Operators;
using Controller.Cli.SigningIn;
using Controller.Cli.Testing;

namespace Controller.Cli;

/// <summary>All commands that there are.</summary>
internal static class Commands
{
    public static RootCommand Root() => new("The OCCI controller: a private cloud, and the command line of it.")
    {
        Connection.Data, Connection.Endpoint, Connection.Token, Connection.ProfileName, Connection.Certificate, Connection.CertificateKey, Connection.Authority,
        LoginCommand.Create(), LoginCommand.CreateLogout(), LoginCommand.CreateProfile(), WhoAmICommand.Create(),
        UpCommand.Create(), UpCommand.CreateSupervise(), DownCommand.Create(), StatusCommand.Create(), PowerCommand.Create(),
        OcciCommand.Create(), SshCommand.Create(), LogsCommand.Create(), ConsoleCommand.Create(), MetricsCommand.Create(),
        ProjectCommand.Create(), UserCommand.Create(), UsageCommand.Create(), TokenCommand.Create(), HostCommand.Create(), ExplainCommand.Create(), OpCommand.Create(), AuditCommand.Create(),
        EventsCommand.Create(), WebhookCommand.Create(), DoctorCommand.Create(), RepairCommand.Create(), MigrateCommand.Create(), ImageCommand.Create(), BackupCommand.Create(), RestoreCommand.Create(),
        CompletionCommand.Create(), CommandReference.Create(), ModelFilesCommand.Create(), KeysCommand.Create(), ConformanceCommand.Create(), TestCommand.Create(), BenchCommand.Create(), LoadCommand.Create(),
    };
}
