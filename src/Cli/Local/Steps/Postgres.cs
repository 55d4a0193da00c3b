using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Controller.Cli.Processes;

namespace Controller.Cli.Local.Steps;

/// <summary>
/// A PostgreSQL cluster of our own under the data directory: reached by a unix socket only, whose directory is closed to others, so it needs
/// neither port nor password and never meets the system's cluster.
/// </summary>
internal sealed class Postgres
{
    private const string User = "controller", Database = "controller";
    private const int MaxConnections = 200;

    // sun_path holds 107 characters and a NUL; the socket's own name is ".s.PGSQL.5432".
    private const int LongestDirectory = 107 - 14;

    private readonly DataDirectory _data;
    private readonly string _bin;

    private Postgres(DataDirectory data, string bin, string sockets) => (_data, _bin, Sockets) = (data, bin, sockets);

    /// <summary>Directory of the socket.</summary>
    public string Sockets { get; }

    /// <summary>The database, of a server with that socket directory.</summary>
    public static string ConnectionStringAt(string sockets) => $"Host={sockets};Username={User};Database={Database}";

    public string ConnectionString(string application, int poolSize) =>
        $"Host={Sockets};Username={User};Database={Database};Application Name={application};Maximum Pool Size={poolSize}";

    /// <summary>Where the newest server's programs are; null when there is none. Debian keeps them out of PATH.</summary>
    public static string? Binaries()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.EnumerateDirectories(debian) : [];
        return versions
            .OrderByDescending(v => int.TryParse(Path.GetFileName(v), NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0)
            .Select(v => Path.Combine(v, "bin"))
            .Append(Path.GetDirectoryName(Tool.Find("initdb")))
            .FirstOrDefault(bin => bin is not null && File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")));
    }

    /// <summary>Makes the cluster where there is none, clears away what a crash left, and starts it.</summary>
    public static async Task<Postgres> Start(DataDirectory data, Supervisor supervisor, CancellationToken cancel)
    {
        var fresh = !File.Exists(Path.Combine(data.Postgres, "PG_VERSION"));
        var bin = fresh ? Binaries() : BinariesOf(SafeFile.Read(Path.Combine(data.Postgres, "PG_VERSION"))!);
        var postgres = new Postgres(data, bin ?? throw new CliException("PostgreSQL's server programs are not installed"), SocketDirectory(data));
        if (fresh)
            await postgres.Initialize(cancel);
        ClearStale(data, postgres.Sockets);
        supervisor.Start(postgres.Spec());
        await supervisor.Ready("postgres", TimeSpan.FromSeconds(60), cancel);
        await postgres.CreateDatabase(cancel);
        return postgres;
    }

    /// <summary>A server reads only a cluster of its own major version.</summary>
    private static string? BinariesOf(string version) =>
        Directory.Exists($"/usr/lib/postgresql/{version}/bin") ? $"/usr/lib/postgresql/{version}/bin" : Binaries();

    private async Task Initialize(CancellationToken cancel)
    {
        // Built beside its place: initdb that was interrupted leaves no half cluster.
        var partial = _data.Postgres + ".partial";
        if (Directory.Exists(partial))
            Directory.Delete(partial, recursive: true);
        File.Delete(_data.Log("initdb"));
        // --auth-host=reject, since it does not listen anyway; trust on the socket: its directory lets nobody else in.
        string[] initdb = [.. Unprivileged(), Path.Combine(_bin, "initdb"), "-D", partial, "--auth-local=trust", "--auth-host=reject", "-U", User, "-E", "UTF8", "--locale=C"];
        if (await Tool.RunLogged(initdb[0], initdb[1..], _data.Log("initdb"), cancel: cancel) != 0)
            throw new StepFailedException("initdb could not make the database cluster", _data.Log("initdb"));
        Directory.Move(partial, _data.Postgres);
    }

    private ProcessSpec Spec()
    {
        string[] command =
        [
            .. Unprivileged(), Path.Combine(_bin, "postgres"), "-D", _data.Postgres, "-k", Sockets,
            "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", $"max_connections={MaxConnections}", "-c", "log_line_prefix=%m [%p] %a ",
        ];
        return new("postgres", Role.Postgres, command[0], command[1..])
        {
            Address = Sockets,
            Health = Path.Combine(Sockets, ".s.PGSQL.5432"),
            Ready = async cancel =>
                await Tool.Run(Path.Combine(_bin, "pg_isready"), ["-q", "-h", Sockets, "-d", "postgres", "-U", User], cancel) is { Ok: false } no ? no.LastWords : null,
        };
    }

    private async Task CreateDatabase(CancellationToken cancel)
    {
        string[] psql = ["-h", Sockets, "-U", User, "-d", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c"];
        var there = await Tool.Run(Path.Combine(_bin, "psql"), [.. psql, $"SELECT 1 FROM pg_database WHERE datname = '{Database}'"], cancel);
        if (there is { Ok: true, Output: "" })
            there = await Tool.Run(Path.Combine(_bin, "psql"), [.. psql, $"CREATE DATABASE {Database}"], cancel);
        if (!there.Ok)
            throw new StepFailedException("the database can't be made: " + there.LastWords, _data.Log("postgres"));
    }

    /// <summary>
    /// PostgreSQL refuses to run as root. It runs in a user namespace where our root is called by another, unprivileged name: it has none of
    /// root's capabilities there, while the files keep their owner, so it may lie anywhere, below /root too.
    /// </summary>
    private static string[] Unprivileged()
    {
        if (Environment.UserName != "root")
            return [];
        var user = PasswdId("postgres") ?? PasswdId("nobody") ?? throw new CliException("this system has neither a user postgres nor a user nobody to run PostgreSQL as");
        return ["unshare", "--user", $"--map-user={user}", $"--map-group={user}", "--"];
    }

    /// <summary>The user's id from /etc/passwd; null when there is no such user.</summary>
    private static string? PasswdId(string user) =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 2 && fields[0] == user)?[2];

    /// <summary>
    /// Removes the lock files of a server that is dead. It tests a pid only, and one that was given out again would keep it from starting. The
    /// caller has ended all of our servers before.
    /// </summary>
    private static void ClearStale(DataDirectory data, string sockets)
    {
        File.Delete(Path.Combine(data.Postgres, "postmaster.pid"));
        foreach (var file in Directory.EnumerateFiles(sockets, ".s.PGSQL.*"))
            File.Delete(file);
    }

    /// <summary>In the data directory where its path is short enough; else one under /tmp of which the data directory keeps the name.</summary>
    private static string SocketDirectory(DataDirectory data)
    {
        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var directory = data.In("pgsocket");
        if (Encoding.UTF8.GetByteCount(directory) > LongestDirectory || directory.Contains(',') || directory.Contains(';'))
        {
            var note = data.In("pgsocket.path");
            directory = SafeFile.Read(note) ?? "";
            if (directory.Length == 0)
            {
                directory = $"/tmp/controller-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
                SafeFile.Write(note, directory + "\n");
            }
            if (!Directory.Exists(directory))
                Directory.CreateDirectory(directory, mine);
            // /tmp is everybody's: a directory that another user made there in the meantime would give him our database.
            if (File.GetUnixFileMode(directory) != mine || new DirectoryInfo(directory).LinkTarget is not null)
                throw new CliException($"{directory} is not a private directory of ours; remove {note} and start again");
            return directory;
        }
        Directory.CreateDirectory(directory, mine);
        return directory;
    }
}
