using System.Diagnostics;

namespace Controller.Bench;

/// <summary>
/// The measure of all things: a Kestrel that says hello. A process of its own, so that its CPU time is not the load tool's; started as this
/// program with the argument <see cref="Argument"/>.
/// </summary>
internal sealed class BareKestrel : IAsyncDisposable
{
    /// <summary>Makes this program be the server.</summary>
    public const string Argument = "serve-hello";

    private const string Listening = "listening ";
    private readonly Process _process;

    private BareKestrel(Process process, Uri url) => (_process, Url) = (process, url);

    public Uri Url { get; }

    public int Pid => _process.Id;

    public static async Task<BareKestrel> Start(CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };   // null in no process on Linux
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(BareKestrel).Assembly.Location);
        start.ArgumentList.Add(Argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException("The hello server did not start.");
        var line = await process.StandardOutput.ReadLineAsync(cancel);
        return line?.StartsWith(Listening, StringComparison.Ordinal) == true
            ? new(process, new Uri(line[Listening.Length..]))
            : throw new InvalidOperationException($"The hello server said '{line}', its URL was wanted.");
    }

    /// <summary>The server itself; ends with its standard input, so it never outlives who started it.</summary>
    public static async Task Serve()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/", () => "hello");
        await app.StartAsync();
        Console.WriteLine(Listening + app.Urls.First());
        await Console.In.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
