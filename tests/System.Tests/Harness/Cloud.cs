using System.Diagnostics;
using System.Text.Json.Nodes;
using Controller.Testing;
using Npgsql;

namespace Controller.SystemTests.Harness;

/// <summary>What a command wrote, and how it ended.</summary>
internal sealed record Said(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
}

/// <summary>
/// A cloud as a user gets it: a new data directory, and the script that brings the cloud up, uses it and ends it. However the test ends, nothing of it goes on
/// running; its logs are kept in TestResults/system.
/// </summary>
internal sealed class Cloud : IAsyncDisposable
{
    // The first of all builds the programs.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public Cloud()
    {
        Data = Directory.CreateTempSubdirectory("occi-system-").FullName;
        // The demo guest and the packages that it is made of are kept beside the sources: only the first run of all needs a network, and only the first cloud builds the guest.
        var packages = Path.Combine(Repository.Root, ".cache/guest");
        var guest = Path.Combine(Repository.Root, ".cache/guest-image");
        Directory.CreateDirectory(packages);
        Directory.CreateDirectory(guest);
        if (!Path.Exists(Path.Combine(guest, "packages")))
            Directory.CreateSymbolicLink(Path.Combine(guest, "packages"), packages);
        Directory.CreateSymbolicLink(Path.Combine(Data, "guest"), guest);
    }

    /// <summary>The data directory.</summary>
    public string Data { get; }

    /// <summary>Environment variables of all processes.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>The API at DATA/endpoint.</summary>
    public OcciApi Api() => new(new(Read("endpoint")), Read("admin.token"));

    /// <summary>One of several APIs.</summary>
    public OcciApi Api(ProcessStatus process) => new(new(process.Address), Read("admin.token"));

    /// <summary>Runs the script; it has to succeed. What it wrote to standard output.</summary>
    public async Task<string> Run(params string[] arguments)
    {
        var said = await Try(arguments);
        Assert.True(said.ExitCode == 0, $"controller {string.Join(' ', arguments)}: {said}");
        return said.Output;
    }

    /// <summary>Runs the script, however it ends.</summary>
    public async Task<Said> Try(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "controller"), [.. arguments, "--data", Data])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        foreach (var name in (string[])["CONTROLLER_ENDPOINT", "CONTROLLER_TOKEN"])
            start.Environment.Remove(name);
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Longest);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"controller {string.Join(' ', arguments)} has not ended within {Longest}. It wrote:\n{await output}\n{await error}");
        }
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Brings it up on a free port.</summary>
    public Task<string> Up(params string[] options) => Run(["up", "--detach", "--port", "0", .. options]);

    /// <summary>Creates an entity and waits for it; as the server shows it then.</summary>
    public async Task<Entity> Create(string kind, params string[] words) => Entity.Parse(await Run(["occi", "create", kind, .. words, "--wait", "-o", "json"]));

    /// <summary>Invokes an action and waits for its end.</summary>
    public Task<string> Act(Entity entity, string action, params string[] words) => Run(["occi", "action", entity.Path, action, .. words, "--wait"]);

    /// <summary>The words that give a machine a script.</summary>
    public async Task<string[]> Saying(string script)
    {
        var file = Path.Combine(Data, $"script-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(file, script);
        return ["-m", "http://schemas.ogf.org/occi/infrastructure/compute#user_data", "-a", $"occi.compute.userdata=@{file}"];
    }

    /// <summary>The processes that <c>status</c> shows, once all are well.</summary>
    public async Task<IReadOnlyList<ProcessStatus>> Healthy()
    {
        Said? said = null;
        await Eventually.Is("every process is well", async () => (said = await Try("status", "-o", "json")).ExitCode == 0, TimeSpan.FromSeconds(120));
        return [.. JsonNode.Parse(said!.Output)!.AsArray().Select(p => new ProcessStatus((string)p!["name"]!, (int)p["pid"]!, (string)p["address"]!))];
    }

    /// <summary>The lines of DATA/pids.</summary>
    public IReadOnlyDictionary<string, int> Pids() =>
        Read("pids").Split('\n').Select(line => line.Split(' ')).ToDictionary(parts => parts[1], parts => int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture));

    public bool Has(string name) => File.Exists(Path.Combine(Data, name));

    public string Read(string name) => File.ReadAllText(Path.Combine(Data, name)).Trim();

    /// <summary>Asks the cloud's own database; one text a row.</summary>
    public async Task<IReadOnlyList<string>> Rows(string query)
    {
        await using var source = NpgsqlDataSource.Create($"Host={Data}/pgsocket;Username=controller;Database=controller;Pooling=false");
        await using var command = source.CreateCommand(query);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetValue(column).ToString())));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Run("down");
        }
        finally
        {
            KeepLogs();
            Directory.Delete(Data, recursive: true);
        }
    }

    private void KeepLogs()
    {
        var logs = Path.Combine(Data, "logs");
        if (!Directory.Exists(logs))
            return;
        var kept = Directory.CreateDirectory(Path.Combine(Repository.Root, "TestResults", "system", Path.GetFileName(Data))).FullName;
        foreach (var log in Directory.EnumerateFiles(logs))
            File.Copy(log, Path.Combine(kept, Path.GetFileName(log)), overwrite: true);
    }
}

/// <summary>A line of <c>controller status</c>.</summary>
internal sealed record ProcessStatus(string Name, int Pid, string Address);
