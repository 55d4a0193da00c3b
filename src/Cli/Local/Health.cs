using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Controller.Cli.Local;

/// <summary>Asks a process whether it is well.</summary>
internal static class Health
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Null: it is well. Else: why not.</summary>
    public static async Task<string?> Trouble(ProcessRecord record, CancellationToken cancel)
    {
        if (!record.Process.Lives)
            return "not running";
        return record switch
        {
            { Health: null } => null,
            { Health: var url } when url.StartsWith("http://", StringComparison.Ordinal) => await OfUrl(url, cancel),
            { Role: Role.Agent, Health: var file } => OfFile(file),
            { Health: var socket } => await OfSocket(socket, cancel),
        };
    }

    private static async Task<string?> OfUrl(string url, CancellationToken cancel)
    {
        try
        {
            using var answer = await Http.GetAsync(url, cancel);
            if (answer.IsSuccessStatusCode)
                return null;
            var body = (await answer.Content.ReadAsStringAsync(cancel)).Trim();
            return $"{(int)answer.StatusCode} {body}".Trim();
        }
        catch (HttpRequestException e)
        {
            return $"{url} does not answer: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"{url} does not answer in time";
        }
    }

    /// <summary>The agent's health file is one object of JSON: <c>connected</c>, <c>driverHealthy</c>, and <c>why</c> not.</summary>
    public static string? OfFile(string path)
    {
        try
        {
            if (SafeFile.Read(path) is not { Length: > 0 } text)
                return "not ready yet";
            var health = JsonNode.Parse(text);
            return (bool?)health?["connected"] == true && (bool?)health["driverHealthy"] == true ? null : (string?)health?["why"] is { Length: > 0 } why ? why : "not connected";
        }
        catch (JsonException)
        {
            return $"{path} is no JSON";
        }
    }

    private static async Task<string?> OfSocket(string path, CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return null;
        }
        catch (SocketException e)
        {
            return $"{path}: {e.Message}";
        }
    }
}
