using System.CommandLine;
using System.Globalization;

namespace Controller.Cli.Database;

/// <summary><c>controller backup</c>: all that the control plane knows, as of one moment, into a file.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string?>("file") { Description = "Where to. Default: controller-TIME.backup, here.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("backup", "Writes the database, as of one moment, into a file. Silos and APIs go on meanwhile.") { file, DatabaseOption.Option };
        command.SetAction((parse, cancel) => DatabaseOption.With(parse, wants: null, async tools =>
        {
            var to = Path.GetFullPath(parse.GetValue(file) ?? $"controller-{TimeProvider.System.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}.backup");
            var archive = await Write(tools, to, cancel);
            Console.WriteLine($"{to}: {new FileInfo(to).Length} bytes, the database {tools.Name} as of {archive.Taken:u}, schema {archive.Migrations[^1]}");
            Console.Error.WriteLine("Not in it: keys (pki), stored images, files of kinds and mixins. They are copied as files; images after the database, so that none that it names is missing.");
            return ExitCode.Ok;
        }, cancel));
        return command;
    }

    /// <summary>Whole or not at all: it gets its name when it is on disk and was read once.</summary>
    public static async Task<Archive> Write(DatabaseTools tools, string to, CancellationToken cancel)
    {
        var partial = $"{to}.{Guid.NewGuid():N}.partial";
        try
        {
            // It holds tokens' digests and tenants' user data: for its owner alone, from its first byte, and in no file that somebody else has put there.
            await using (File.Open(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
            }
            await tools.Run("pg_dump", ["-Fc", "--no-owner", "--no-privileges", "-n", "public", "-f", partial], cancel);
            var archive = await Archive.Read(tools, partial, cancel);
            await using (var written = File.Open(partial, FileMode.Open, FileAccess.ReadWrite))
                written.Flush(flushToDisk: true);
            File.Move(partial, to, overwrite: true);
            return archive;
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
