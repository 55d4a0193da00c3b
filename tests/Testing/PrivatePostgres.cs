using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Controller.Testing;

/// <summary>
/// A PostgreSQL cluster for tests: a child process from the system's packages, reachable by a unix socket in its own temporary directory and by
/// nothing else, and gone with it. PostgreSQL refuses to run as root, so root runs it as the user <c>postgres</c>.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private const string Superuser = "controller";
    private const string SystemUser = "postgres";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _directory;
    private Process _server;
    private readonly List<string> _output;
    private int _databases;
    private int _disposed;

    private PrivatePostgres(string directory, Process server, List<string> output) => (_directory, _server, _output) = (directory, server, output);

    /// <summary>Of the database <c>postgres</c>, as superuser.</summary>
    public string ConnectionString => ConnectionTo("postgres");

    /// <summary>Initialises and starts one; takes about a second.</summary>
    public static async Task<PrivatePostgres> Start()
    {
        var binaries = Binaries();
        // Not below the current user's temporary directory alone: the server's user has to reach it.
        var directory = Directory.CreateTempSubdirectory("controller-pg-").FullName;
        try
        {
            if (Environment.IsPrivilegedProcess)
                await Run("/bin/chown", [SystemUser, directory], asSystemUser: false);
            await Run(
                Path.Combine(binaries, "initdb"),
                ["-D", Path.Combine(directory, "data"), "-A", "trust", "-U", Superuser, "-E", "UTF8", "--locale=C", "--no-sync"], asSystemUser: true);
            var output = new List<string>();
            var postgres = new PrivatePostgres(directory, Serve(directory, output), output);
            try
            {
                await postgres.UntilReady();
            }
            catch
            {
                await postgres.DisposeAsync();
                throw;
            }
            return postgres;
        }
        catch
        {
            Delete(directory);
            throw;
        }
    }

    /// <summary>Ends it at once, as a crash does (SIGQUIT: it recovers from its log afterwards), lets it be away for that long and starts it again; over when it answers.</summary>
    public async Task Crash(TimeSpan away)
    {
        await Run("/bin/kill", ["-QUIT", _server.Id.ToString(CultureInfo.InvariantCulture)], asSystemUser: false);
        await _server.WaitForExitAsync();
        _server.Dispose();
        await Task.Delay(away);
        _server = Serve(_directory, _output);
        await UntilReady();
    }

    /// <summary>Creates an empty database and answers its connection string.</summary>
    public async Task<string> CreateDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand($"create database {name}");
        await command.ExecuteNonQueryAsync();
        return ConnectionTo(name);
    }

    /// <summary>Stops it (at once: SIGINT, then harder) and deletes its files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        NpgsqlConnection.ClearAllPools();
        if (!_server.HasExited)
        {
            await Run("/bin/kill", ["-INT", _server.Id.ToString(CultureInfo.InvariantCulture)], asSystemUser: false);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await _server.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _server.Kill(entireProcessTree: true);
                await _server.WaitForExitAsync();
            }
        }
        _server.Dispose();
        Delete(_directory);
    }

    private static Process Serve(string directory, List<string> output)
    {
        var server = Process.Start(Command(
            Path.Combine(Binaries(), "postgres"),
            ["-D", Path.Combine(directory, "data"), "-k", directory, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"], asSystemUser: true))
            ?? throw new InvalidOperationException("postgres did not start.");
        Collect(server, output);
        return server;
    }

    private string ConnectionTo(string database) => $"Host={_directory};Username={Superuser};Database={database}";

    private async Task UntilReady()
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false;Timeout=5");
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(TimeSpan.FromMilliseconds(20)))
        {
            try
            {
                await using var command = source.CreateCommand("select 1");
                await command.ExecuteScalarAsync();
                return;
            }
            catch (NpgsqlException) when (!_server.HasExited && clock.Elapsed < Patience)
            {
                // Not yet; asked again.
            }
            catch (NpgsqlException e)
            {
                throw new InvalidOperationException($"postgres is not ready ({e.Message}). It says:\n{string.Join('\n', Snapshot(_output))}", e);
            }
        }
    }

    private static string Binaries()
    {
        const string Root = "/usr/lib/postgresql";
        var found = Directory.Exists(Root)
            ? Directory.EnumerateDirectories(Root).Select(d => Path.Combine(d, "bin")).Where(b => File.Exists(Path.Combine(b, "initdb")))
                .OrderByDescending(b => b, StringComparer.Ordinal).FirstOrDefault()
            : null;
        return found ?? throw new InvalidOperationException($"There is no PostgreSQL below {Root}: install the package postgresql.");
    }

    private static ProcessStartInfo Command(string file, IEnumerable<string> arguments, bool asSystemUser)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        if (asSystemUser && Environment.IsPrivilegedProcess)
            start.UserName = SystemUser;
        return start;
    }

    private static async Task Run(string file, IEnumerable<string> arguments, bool asSystemUser)
    {
        Process process;
        try
        {
            process = Process.Start(Command(file, arguments, asSystemUser)) ?? throw new InvalidOperationException($"{file} did not start.");
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{file} can't be run: {e.Message}.", e);
        }
        using (process)
        {
            var output = new List<string>();
            Collect(process, output);
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"{file} ended with {process.ExitCode}:\n{string.Join('\n', Snapshot(output))}");
        }
    }

    // Read all the time: a full pipe would stop the server.
    private static void Collect(Process process, List<string> output)
    {
        void Keep(object sender, DataReceivedEventArgs e)
        {
            lock (output)
            {
                if (e.Data is not null && output.Count < 1000)
                    output.Add(e.Data);
            }
        }
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private static string[] Snapshot(List<string> output)
    {
        lock (output)
            return [.. output];
    }

    private static void Delete(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }
}
