using System.Globalization;
using System.Text.RegularExpressions;

namespace Controller.Cli.Database;

/// <summary>A backup: an archive of <c>pg_dump</c> in its custom format, of one moment. What is in it is read with <c>pg_restore</c>, so nothing is kept beside it.</summary>
/// <param name="Taken">When.</param>
/// <param name="Migrations">Of the schema, as of then.</param>
/// <param name="MakesSchema">It makes the schema <c>public</c> itself, as ours do; one of a whole database takes it for granted.</param>
internal sealed partial record Archive(DateTimeOffset Taken, IReadOnlyList<int> Migrations, bool MakesSchema)
{
    /// <exception cref="CliException">It is no backup of a controller, or cannot be read.</exception>
    public static async Task<Archive> Read(DatabaseTools tools, string file, CancellationToken cancel)
    {
        if (!File.Exists(file))
            throw new CliException($"there is no file {file}");
        var list = await tools.Run("pg_restore", ["-l", file], cancel);
        var taken = Created().Match(list) is { Success: true } created
            && DateTimeOffset.TryParseExact(created.Groups[1].Value, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : throw new CliException($"{file} does not say when it was made");
        var versions = await tools.Run("pg_restore", ["-a", "-t", "schema_version", "-f", "-", file], cancel);
        int[] migrations = [.. Version().Matches(versions).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Order()];
        return migrations.Length > 0 ? new(taken, migrations, list.Contains(" SCHEMA - public ", StringComparison.Ordinal)) : throw new CliException($"{file} is no backup of a controller: it has no schema_version");
    }

    /// <summary>Migrations that this release does not know: what is in such a backup it would not understand.</summary>
    public IReadOnlyList<int> Unknown => [.. Migrations.Except(DatabaseTools.KnownMigrations)];

    [GeneratedRegex(@"Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")]
    private static partial Regex Created();

    // version, name, applied: as COPY has them.
    [GeneratedRegex(@"^(\d+)\t\w+\t", RegexOptions.Multiline)]
    private static partial Regex Version();
}
