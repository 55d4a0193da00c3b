using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Controller.Bench.Measuring;

/// <summary>The baselines: servers that do the least that can be done, each a process of its own, so that its CPU time is not the load's. This program is both.</summary>
internal sealed class BareServer : IAsyncDisposable
{
    /// <summary>Makes this program a Kestrel that answers with a file's bytes.</summary>
    public const string Bytes = "serve-bytes";

    /// <summary>Makes this program a socket that answers with what a page's SQL brings.</summary>
    public const string Page = "serve-page";

    private const string Listening = "listening ";
    private readonly Process _process;

    private BareServer(Process process, Uri url) => (_process, Url) = (process, url);

    public Uri Url { get; }

    public int Pid => _process.Id;

    public static async Task<BareServer> Start(IEnumerable<string> arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };   // null in no process on Linux
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(BareServer).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException("A baseline's server did not start.");
        var line = await process.StandardOutput.ReadLineAsync(cancel);
        return line?.StartsWith(Listening, StringComparison.Ordinal) == true
            ? new(process, new Uri(line[Listening.Length..]))
            : throw new InvalidOperationException($"A baseline's server said '{line}', its URL was wanted.");
    }

    /// <summary>Ends with its standard input, so it never outlives who started it.</summary>
    public static async Task ServeBytes(string file, string contentType)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.Run(async http =>
        {
            (http.Response.ContentType, http.Response.ContentLength) = (contentType, bytes.Length);
            await http.Response.Body.WriteAsync(bytes);
        });
        await app.StartAsync();
        Console.WriteLine(Listening + app.Urls.First());
        await Console.In.ReadToEndAsync();
    }

    /// <summary>What a page costs without a product: its SQL, and the rows' payloads on the wire as they are.</summary>
    public static async Task ServePage(string connectionString, string project, int size)
    {
        await using var database = NpgsqlDataSource.Create(connectionString + ";Max Auto Prepare=50;Auto Prepare Min Usages=2;No Reset On Close=true");
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(128);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Listening}http://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}"));
        _ = Task.Run(async () =>
        {
            while (true)
            {
                var client = await listener.AcceptAsync();
                _ = Task.Run(() => Serve(client, database, Guid.Parse(project), size));
            }
        });
        await Console.In.ReadToEndAsync();
    }

    private static async Task Serve(Socket client, NpgsqlDataSource database, Guid project, int size)
    {
        client.NoDelay = true;
        var buffer = new byte[8192];
        var have = 0;
        using var body = new MemoryStream();
        while (true)
        {
            var read = await client.ReceiveAsync(buffer.AsMemory(have));
            if (read == 0)
                return;
            have += read;
            if (!buffer.AsSpan(0, have).EndsWith("\r\n\r\n"u8))
                continue;
            have = 0;
            body.SetLength(0);
            var ids = new List<Guid>(size);
            await using (var command = database.CreateCommand("select entity_id, payload from entity where state_name = 'compute' and project = $1 and listed order by seq limit $2"))
            {
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = project });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = size });
                await using var reader = await command.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                {
                    ids.Add(reader.GetGuid(0));
                    body.Write(reader.GetFieldValue<byte[]>(1));
                }
            }
            await using (var command = database.CreateCommand("select source, payload from entity where source = any($1) and listed order by seq"))
            {
                command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. ids] });
                await using var reader = await command.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    body.Write(reader.GetFieldValue<byte[]>(1));
            }
            await client.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n")));
            await client.SendAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
