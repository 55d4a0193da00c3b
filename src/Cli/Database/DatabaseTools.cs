using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Controller.Cli.Processes;

namespace Controller.Cli.Database;

/// <summary>PostgreSQL's own programs against one database. What they need of the connection string goes to them by the environment: no password is seen in a list of processes.</summary>
internal sealed partial class DatabaseTools
{
    private static readonly Dictionary<string, string> Variables = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = "PGHOST", ["server"] = "PGHOST", ["port"] = "PGPORT", ["database"] = "PGDATABASE", ["db"] = "PGDATABASE",
        ["username"] = "PGUSER", ["user name"] = "PGUSER", ["userid"] = "PGUSER", ["user id"] = "PGUSER", ["uid"] = "PGUSER", ["user"] = "PGUSER",
        ["password"] = "PGPASSWORD", ["psw"] = "PGPASSWORD", ["pwd"] = "PGPASSWORD", ["passfile"] = "PGPASSFILE",
        ["ssl mode"] = "PGSSLMODE", ["sslmode"] = "PGSSLMODE", ["root certificate"] = "PGSSLROOTCERT", ["rootcertificate"] = "PGSSLROOTCERT",
        ["ssl certificate"] = "PGSSLCERT", ["sslcertificate"] = "PGSSLCERT", ["ssl key"] = "PGSSLKEY", ["sslkey"] = "PGSSLKEY",
    };

    private static readonly string[] Programs = ["pg_dump", "pg_restore", "psql"];

    private readonly Dictionary<string, string> _environment;
    private readonly string _bin;

    /// <param name="connection">As silos have it: <c>Host=…;Database=…;Username=…</c>.</param>
    /// <exception cref="CliException">It cannot be read, or the programs are not installed.</exception>
    public DatabaseTools(string connection)
    {
        _environment = Environment(connection);
        _bin = Binaries() ?? throw new CliException("PostgreSQL's programs pg_dump, pg_restore and psql are not installed (Debian: postgresql-client)");
    }

    /// <summary>Newest migration of this release, and all there are.</summary>
    public static IReadOnlySet<int> KnownMigrations { get; } = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Select(name => Migration().Match(name)).Where(m => m.Success).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToHashSet();

    /// <summary>Names of the database and of its server, for people.</summary>
    public string Name => $"{_environment.GetValueOrDefault("PGDATABASE")} on {_environment.GetValueOrDefault("PGHOST", "this machine")}";

    /// <summary>What libpq reads, of a connection string as Npgsql has it.</summary>
    internal static Dictionary<string, string> Environment(string connection)
    {
        DbConnectionStringBuilder parts;
        try
        {
            parts = new() { ConnectionString = connection };
        }
        catch (ArgumentException wrong)
        {
            throw new CliException($"the connection string cannot be read: {wrong.Message} Wanted: Host=…;Database=…;Username=…;Password=…");
        }
        var variables = new Dictionary<string, string> { ["TZ"] = "UTC", ["PGTZ"] = "UTC", ["PGCONNECT_TIMEOUT"] = "10", ["PGAPPNAME"] = "controller-backup" };
        foreach (string key in parts.Keys)
        {
            if (Variables.TryGetValue(key, out var variable))
                variables[variable] = variable == "PGSSLMODE" ? SslMode(parts[key].ToString()!) : parts[key].ToString()!;
        }
        return variables.ContainsKey("PGDATABASE") && variables.ContainsKey("PGHOST")
            ? variables
            : throw new CliException("the connection string has to name Host and Database");
    }

    private static string SslMode(string mode) => mode.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant() switch
    {
        "verifyca" => "verify-ca",
        "verifyfull" => "verify-full",
        var other => other,
    };

    /// <summary>Runs one of the programs to its end.</summary>
    /// <exception cref="CliException">It failed; its last words are the message.</exception>
    public async Task<string> Run(string program, IEnumerable<string> arguments, CancellationToken cancel)
    {
        using var process = Start(program, arguments);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        await End(process, cancel);
        return process.ExitCode == 0 ? await output : throw new CliException($"{program}: {Words(await error)}");
    }

    /// <summary>
    /// Gives psql a script: <paramref name="before"/>, what <c>pg_restore</c> makes of the archive, <paramref name="after"/>. All of it is one transaction, which <paramref name="after"/>
    /// commits: whatever goes wrong on the way, and whoever dies, leaves the database as it was. Answers its notices.
    /// </summary>
    public async Task<IReadOnlyList<string>> Replay(string before, string archive, string after, CancellationToken cancel)
    {
        using var psql = Start("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        using var restore = Start("pg_restore", ["--no-owner", "--no-privileges", "-f", "-", archive]);
        restore.StandardInput.Close();
        var (said, complained, ignored) = (psql.StandardError.ReadToEndAsync(cancel), restore.StandardError.ReadToEndAsync(cancel), psql.StandardOutput.ReadToEndAsync(cancel));
        try
        {
            await psql.StandardInput.WriteAsync(before.AsMemory(), cancel);
            await psql.StandardInput.FlushAsync(cancel);
            await restore.StandardOutput.BaseStream.CopyToAsync(psql.StandardInput.BaseStream, cancel);
            await End(restore, cancel);
            if (restore.ExitCode == 0)
                await psql.StandardInput.WriteAsync(after.AsMemory(), cancel);
            psql.StandardInput.Close();
        }
        catch (IOException)
        {
            // psql has given up, and says why.
        }
        await End(psql, cancel);
        if (restore.HasExited is false)
            restore.Kill();
        await ignored;
        if (psql.ExitCode != 0)
            throw new CliException($"nothing was restored: {Words(await said)}");
        if (restore.ExitCode != 0)
            throw new CliException($"nothing was restored: {Words(await complained)}");
        return [.. (await said).Split('\n').Where(l => l.Contains("NOTICE:  ", StringComparison.Ordinal)).Select(l => l[(l.IndexOf("NOTICE:  ", StringComparison.Ordinal) + 9)..])];
    }

    /// <summary>Where the newest of the programs are.</summary>
    private static string? Binaries()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.EnumerateDirectories(debian) : [];
        return versions
            .OrderByDescending(v => int.TryParse(Path.GetFileName(v), NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0)
            .Select(v => Path.Combine(v, "bin"))
            .Append(Path.GetDirectoryName(Tool.Find("pg_dump")))
            .FirstOrDefault(bin => bin is not null && Programs.All(program => File.Exists(Path.Combine(bin, program))));
    }

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(_bin, program), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new CliException($"{program} does not start");
    }

    private static async Task End(Process process, CancellationToken cancel)
    {
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static string Words(string error) => error.Split('\n').Select(l => l.Trim()).LastOrDefault(l => l.Contains("ERROR:", StringComparison.Ordinal) || l.Contains("error:", StringComparison.Ordinal))
        ?? error.Split('\n').Select(l => l.Trim()).LastOrDefault(l => l.Length > 0) ?? "it failed and said nothing";

    [GeneratedRegex(@"\.Migrations\.(\d{4})_\w+\.sql$")]
    private static partial Regex Migration();
}
