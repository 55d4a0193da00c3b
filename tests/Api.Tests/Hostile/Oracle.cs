using System.Text.Json;
using Controller.Api.Http;

namespace Controller.Api.Tests.Hostile;

/// <summary>What is true of every answer, whatever was asked (docs/errors.md).</summary>
internal static class Oracle
{
    private static readonly HashSet<int> Ours = [200, 201, 304, .. Problems.All.Select(p => p.Status).Except([500])];

    // Refusals of the HTTP server itself, as docs/errors.md has them.
    private static readonly HashSet<int> Kestrels = [400, 405, 408, 411, 413, 414, 417, 431, 501, 505];

    /// <summary>What is wrong with it, or null.</summary>
    public static string? Complaint(RawResponse response, string secret)
    {
        if (!response.IsOurs)
        {
            return !Kestrels.Contains(response.Status) ? $"{response.Status} is not the HTTP server's to say"
                : response.Body.Length > 0 ? "the HTTP server's own answers are empty" : null;
        }
        if (!Ours.Contains(response.Status))
            return $"{response.Status} is in no table of docs/errors.md";
        if (response["Server"] != OcciVersion.Server)
            return $"Server is {response["Server"]}";
        if (response.Status != 304 && response["Content-Type"] is null)
            return "Content-Type is missing";
        if (response[Mutations.Injected] is not null)
            return "a value began a header of its own";
        if (response.Headers.Any(h => h.Value.Contains(Mutations.Poison, StringComparison.OrdinalIgnoreCase)) || response.Body.Contains("http://" + Mutations.Poison, StringComparison.OrdinalIgnoreCase))
            return "the request's host is in an absolute URL";
        if (response["Location"] is { } location && !location.StartsWith(HostileCloud.PublicUrl + "/", StringComparison.Ordinal))
            return $"Location is {location}";
        if (response.Body.Contains(secret, StringComparison.Ordinal))
            return "another project's data";
        return OfBody(response);
    }

    private static string? OfBody(RawResponse response)
    {
        if (response["Content-Type"]?.StartsWith("application/octet-stream", StringComparison.Ordinal) != false)
            return null;
        var text = response.Text;   // throws unless it is UTF-8
        if (response["Content-Type"]!.Contains("json", StringComparison.Ordinal))
        {
            using var document = JsonDocument.Parse(text.Length == 0 ? "{}" : text);   // an answer to HEAD has none
            return null;
        }
        return text.Split(['\r', '\n']).Any(l => l.StartsWith(Mutations.Injected, StringComparison.Ordinal)) ? "a value began a line of its own" : null;
    }
}
