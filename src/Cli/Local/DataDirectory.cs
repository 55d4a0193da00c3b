namespace Controller.Cli.Local;

/// <summary>Where everything of one cluster lies. A path for each thing, so that no other file puts paths together.</summary>
internal sealed class DataDirectory
{
    public DataDirectory(string path) => Root = Real(Path.GetFullPath(path));

    public string Root { get; }

    /// <summary>The API's URL, one line.</summary>
    public string Endpoint => In("endpoint");

    /// <summary>The API's URL with TLS, one line.</summary>
    public string TlsEndpoint => In("endpoint.tls");

    /// <summary>The administrator's token, mode 0600.</summary>
    public string AdminToken => In("admin.token");

    /// <summary>A line a process: pid and name.</summary>
    public string Pids => In("pids");

    /// <summary>The same with all that it takes to find those processes again.</summary>
    public string Processes => In("processes.json");

    /// <summary>Held (flock) by whoever starts, supervises or cleans up this cluster.</summary>
    public string Lock => In("lock");

    /// <summary>What the cluster consists of, kept for the next start.</summary>
    public string Settings => In("cluster.json");

    public string Ports => In("ports.json");

    public string Logs => In("logs");

    public string Pki => In("pki");

    public KeyFiles Keys => new(Pki, AdminToken);

    public string Postgres => In("postgres");

    /// <summary>Copies of the built programs: a build does not change the files under a running cluster.</summary>
    public string Programs => In("programs");

    /// <summary>A copy of the built web console.</summary>
    public string Console => In("console");

    /// <summary>A configuration file for each process.</summary>
    public string Config => In("config");

    /// <summary>The image store, by digest.</summary>
    public string Images => In("images");

    /// <summary>The demo image and the packages that it is made of.</summary>
    public string Guest => In("guest");

    /// <summary>Where the operator puts files of kinds and mixins.</summary>
    public string OwnModel => In("model.d");

    /// <summary>The files of kinds and mixins that the processes read.</summary>
    public string Model => In("model");

    public string Libvirt => In("libvirt");

    public string Agents => In("agents");

    /// <summary>A file for each host that is switched off.</summary>
    public string Power => In("power");

    public string Log(string name) => Path.Combine(Logs, name + ".log");

    /// <summary>Makes the directories that are always there. Only the owner may look inside those that hold secrets.</summary>
    public void Create()
    {
        Directory.CreateDirectory(Root);
        foreach (var directory in (string[])[Logs, Config, Images, Guest, OwnModel])
            Directory.CreateDirectory(directory);
        foreach (var directory in (string[])[Pki, Agents])
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A file of ours under the root.</summary>
    public string In(string name) => Path.Combine(Root, name);

    /// <summary>Without symbolic links, as the kernel shows it in /proc: one cluster has one name, however it is called.</summary>
    private static string Real(string full) =>
        full.Split('/', StringSplitOptions.RemoveEmptyEntries).Aggregate("/", (parent, name) =>
        {
            var path = Path.Combine(parent, name);
            return Directory.Exists(path) && new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true) is { } target ? Real(target.FullName) : path;
        });
}
