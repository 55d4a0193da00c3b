using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Controller.Bench.Stand;

/// <summary>A PostgreSQL of its own: in a temporary directory, on a port of 127.0.0.1, with everything as durable as it is by default.</summary>
internal sealed class Postgres : IAsyncDisposable
{
    public const string User = "controller";
    public const string Database = "controller";
    private const string SystemUser = "postgres";
    private readonly string _binaries;
    private readonly string? _user = Environment.IsPrivilegedProcess ? SystemUser : null;   // it refuses to run as root
    private Child _server = null!;   // Start sets it

    private Postgres(string directory, string binaries, int port)
    {
        (Directory, _binaries, Port) = (directory, binaries, port);
        Source = NpgsqlDataSource.Create(ConnectionString + ";Application Name=bench;Command Timeout=600");
    }

    /// <summary>Of the last one that ran.</summary>
    public static string About { get; private set; } = "none ran";

    public string Directory { get; }

    public int Port { get; }

    public int Pid => _server.Pid;

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username={User};Database={Database}");

    public NpgsqlDataSource Source { get; }

    public string Program(string name) => Path.Combine(_binaries, name);

    /// <summary>"PostgreSQL 15.13 …, synchronous_commit on".</summary>
    private async Task<string> Version()
    {
        await using var command = Source.CreateCommand("select split_part(version(), ' on ', 1) || ', fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')");
        return (string)(await command.ExecuteScalarAsync())!;   // never null
    }

    /// <param name="root">Its directory is made in it.</param>
    /// <param name="statements">Whether it counts what each statement takes, which costs a little.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static async Task<Postgres> Start(string root, bool statements, CancellationToken cancel)
    {
        var postgres = new Postgres(Path.Combine(root, "postgres"), Binaries(), FreePort());
        System.IO.Directory.CreateDirectory(postgres.Directory);
        if (postgres._user is not null)
            await Run("/bin/chown", [SystemUser, postgres.Directory], null);
        var data = Path.Combine(postgres.Directory, "data");
        await Run(postgres.Program("initdb"), ["-D", data, "-A", "trust", "-U", User, "-E", "UTF8", "--locale=C"], postgres._user);
        postgres._server = Child.Start(
            postgres.Program("postgres"),
            [
                "-D", data, "-k", postgres.Directory, "-c", "listen_addresses=127.0.0.1", "-p", postgres.Port.ToString(CultureInfo.InvariantCulture), "-c", "max_connections=400",
                "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB", .. Counted(statements),
            ],
            Path.Combine(root, "postgres.log"), postgres._user, hasty: true);
        await using var admin = NpgsqlDataSource.Create(postgres.ConnectionString.Replace($"Database={Database}", "Database=postgres", StringComparison.Ordinal) + ";Pooling=false");
        await postgres._server.Until("PostgreSQL answers", () => Answers(admin), TimeSpan.FromSeconds(60), cancel);
        await using var create = admin.CreateCommand($"create database {Database}");
        await create.ExecuteNonQueryAsync(cancel);
        About = await postgres.Version();
        if (statements)
        {
            await using var extension = postgres.Source.CreateCommand("create extension pg_stat_statements");
            await extension.ExecuteNonQueryAsync(cancel);
        }
        return postgres;
    }

    /// <summary>What took the most time until now, the most first: its share, how often, how long each, and the statement's beginning. Where statements are counted.</summary>
    public async IAsyncEnumerable<string> Costly(int most)
    {
        await using var command = Source.CreateCommand(string.Create(CultureInfo.InvariantCulture,
            $"""
            select format('%s %% %s times, %s ms each, %s rows: %s', round((100 * total_exec_time / sum(total_exec_time) over ())::numeric, 1), calls, round(mean_exec_time::numeric, 3), rows,
                left(regexp_replace(query, '\s+', ' ', 'g'), 160))
            from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) order by total_exec_time desc limit {most}
            """));
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            yield return reader.GetString(0);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string[] Counted(bool statements) => statements ? ["-c", "shared_preload_libraries=pg_stat_statements", "-c", "pg_stat_statements.track=all"] : [];

    private static async Task<bool> Answers(NpgsqlDataSource source)
    {
        try
        {
            await using var command = source.CreateCommand("select 1");
            await command.ExecuteScalarAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static string Binaries()
    {
        const string Root = "/usr/lib/postgresql";
        var found = System.IO.Directory.Exists(Root)
            ? System.IO.Directory.EnumerateDirectories(Root).Select(d => Path.Combine(d, "bin")).Where(b => File.Exists(Path.Combine(b, "initdb")) && File.Exists(Path.Combine(b, "pgbench")))
                .OrderByDescending(b => b, StringComparer.Ordinal).FirstOrDefault()
            : null;
        return found ?? throw new InvalidOperationException($"There is no PostgreSQL with pgbench below {Root}: install the package postgresql.");
    }

    private static async Task Run(string file, IEnumerable<string> arguments, string? user)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        if (user is not null)
            start.UserName = user;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start.");
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{file} ended with {process.ExitCode}: {await output}{await error}");
    }
}
