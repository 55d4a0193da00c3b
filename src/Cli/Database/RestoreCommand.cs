using System.CommandLine;
using System.Globalization;

namespace Controller.Cli.Database;

/// <summary><c>controller restore</c>: the database becomes what it was when the backup was made.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "What \"controller backup\" wrote." };
        var keep = new Option<string?>("--keep") { Description = "Where to write, first, a backup of what is replaced; none: it is not kept. Default: before-restore-TIME.backup, here.", HelpName = "FILE" };
        var command = new Command("restore", "Replaces the database by a backup. No silo and no API may run; those of a local cluster are stopped for it and started again.")
        {
            file, keep, DatabaseOption.Option,
        };
        command.SetAction((parse, cancel) => DatabaseOption.With(parse, wants: "restore", async tools =>
        {
            var from = parse.GetRequiredValue(file);
            var archive = await Archive.Read(tools, from, cancel);
            if (archive.Unknown is [_, ..] unknown)
                throw new CliException($"{from} was made by a newer release: this one does not know the migration(s) {string.Join(", ", unknown)}. Restore it with that release, or a later one");
            if (parse.GetValue(keep) != "none" && await IsControllers(tools, cancel))
            {
                var kept = Path.GetFullPath(parse.GetValue(keep) ?? $"before-restore-{TimeProvider.System.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}.backup");
                await BackupCommand.Write(tools, kept, cancel);
                Console.WriteLine($"kept: {kept}");
            }
            foreach (var notice in await tools.Replay(RestoreScript.Before + (archive.MakesSchema ? "" : "CREATE SCHEMA public;\n"), from, RestoreScript.After(archive.Taken), cancel))
                Console.WriteLine(notice);
            Console.WriteLine($"restored: the database {tools.Name} is as of {archive.Taken:u}, schema {archive.Migrations[^1]}");
            Console.WriteLine("Hosts say what they have when they connect; nothing is removed from them. See what differs with \"controller doctor\" and \"controller host show\".");
            Console.WriteLine("Tokens that the replaced database knew as revoked stay revoked; join tokens of then are void. Who lost its database altogether has to revoke again what was revoked since the backup.");
            return ExitCode.Ok;
        }, cancel));
        return command;
    }

    private static async Task<bool> IsControllers(DatabaseTools tools, CancellationToken cancel) =>
        (await tools.Run("psql", ["-XAtq", "-c", "SELECT to_regclass('public.schema_version') IS NOT NULL"], cancel)).Trim() == "t";
}
