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
    private readonly string? _small;
    private readonly List<string> _output = [];
    private Process? _server;
    private int _databases;
    private int _disposed;

    private PrivatePostgres(string directory, string? small) => (_directory, _small) = (directory, small);

    /// <summary>Of the database <c>postgres</c>, as superuser.</summary>
    public string ConnectionString => ConnectionTo("postgres");

    /// <summary>Initialises and starts one; takes about a second.</summary>
    /// <param name="smallMiB">So large is the file system that its databases' tables are on, which nobody but the server sees; 0: as large as the disk. Wants root.</param>
    public static async Task<PrivatePostgres> Start(int smallMiB = 0)
    {
        var binaries = Binaries();
        // Not below the current user's temporary directory alone: the server's user has to reach it.
        var directory = Directory.CreateTempSubdirectory("controller-pg-").FullName;
        try
        {
            if (Environment.IsPrivilegedProcess)
                await Run("/bin/chown", [SystemUser, directory], asSystemUser: false);
            var data = Path.Combine(directory, "data");
            await Run(
                Path.Combine(binaries, "initdb"),
                ["-D", data, "-A", "trust", "-U", Superuser, "-E", "UTF8", "--locale=C", "--no-sync"], asSystemUser: true);
            var postgres = new PrivatePostgres(directory, smallMiB == 0 ? null : Path.Combine(directory, "small"));
            try
            {
                await postgres.StartServer(smallMiB);
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

    /// <summary>Kills all of its processes, as a loss of power would, and answers when none is left.</summary>
    public async Task Kill()
    {
        var server = _server ?? throw new InvalidOperationException("It does not run.");
        // Children first would be started again.
        var all = Tree(server.Id);
        foreach (var pid in all)
            Signal(pid);
        await server.WaitForExitAsync();
        while (all.Any(pid => Directory.Exists($"/proc/{pid}") && !IsZombie(pid)))
            await Task.Delay(5);
        server.Dispose();
        _server = null;
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Starts it after <see cref="Kill"/>: it recovers what was committed.</summary>
    public Task StartAgain() => StartServer(0);

    /// <summary>Kills it, lets it be away for that long, and starts it again.</summary>
    public async Task Crash(TimeSpan away)
    {
        await Kill();
        await Task.Delay(away);
        await StartAgain();
    }

    /// <summary>Takes all room of the small file system, or gives it back.</summary>
    public async Task Fill(bool full)
    {
        var ballast = Path.Combine(_small ?? throw new InvalidOperationException("It has no small file system."), "ballast");
        var inside = new[] { "-t", _server!.Id.ToString(CultureInfo.InvariantCulture), "-m", "--" };
        await Run("/usr/bin/nsenter", [.. inside, "sh", "-c", full ? $"dd if=/dev/zero of={ballast} bs=4k 2>/dev/null; true" : $"rm -f {ballast}"], asSystemUser: false);
    }

    private async Task StartServer(int smallMiB)
    {
        string[] postgres =
        [
            Path.Combine(Binaries(), "postgres"), "-D", Path.Combine(_directory, "data"), "-k", _directory, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200",
        ];
        var start = Command(postgres[0], postgres[1..], asSystemUser: true);
        if (_small is not null)
        {
            Directory.CreateDirectory(_small);
            var script = $"mount -t tmpfs -o size={smallMiB}m,mode=0700 controller-test {_small} && chown {SystemUser} {_small} && exec setpriv --reuid={SystemUser} --regid={SystemUser} --init-groups -- \"$@\"";
            start = Command("/usr/bin/unshare", ["-m", "--propagation", "private", "--", "sh", "-c", script, "sh", .. postgres], asSystemUser: false);
        }
        _server = Process.Start(start) ?? throw new InvalidOperationException("postgres did not start.");
        Collect(_server, _output);
        await UntilReady();
    }

    private static List<int> Tree(int root)
    {
        var children = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Select(pid => (Pid: pid, Parent: ParentOf(pid))).ToLookup(p => p.Parent, p => p.Pid);
        var tree = new List<int> { root };
        for (var i = 0; i < tree.Count; i++)
            tree.AddRange(children[tree[i]]);
        return tree;
    }

    private static string[]? Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;   // it has ended
        }
    }

    private static int ParentOf(int pid) => Stat(pid) is { } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : -1;

    private static bool IsZombie(int pid) => Stat(pid) is not { } fields || fields[0] == "Z";

    private static void Signal(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }

    /// <summary>Creates an empty database and answers its connection string.</summary>
    public async Task<string> CreateDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        if (_small is not null)
        {
            await using var tablespace = source.CreateCommand($"create tablespace small_{name} location '{_small}'");
            await tablespace.ExecuteNonQueryAsync();
        }
        await using var command = source.CreateCommand($"create database {name}{(_small is null ? "" : $" tablespace small_{name}")}");
        await command.ExecuteNonQueryAsync();
        return ConnectionTo(name);
    }

    /// <summary>Stops it (at once: SIGINT, then harder) and deletes its files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        NpgsqlConnection.ClearAllPools();
        if (_server is null)
        {
            Delete(_directory);
            return;
        }
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
            catch (NpgsqlException) when (_server is { HasExited: false } && clock.Elapsed < Patience)
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
