using System.Globalization;
using System.Text.Json.Nodes;

namespace Controller.Cli.Operators;

/// <summary>What is to be fetched.</summary>
internal sealed record ImageSource(string Url, string? Sha256, string Title, string Format);

/// <summary>Has the control plane fetch an image, and tells how far it is.</summary>
internal static class ImageImport
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public static bool IsUrl(string source) => Uri.TryCreate(source, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";

    public static async Task Fetch(ApiClient api, string term, ImageSource source, CancellationToken cancel)
    {
        var asked = new JsonObject { ["url"] = source.Url, ["sha256"] = source.Sha256, ["title"] = source.Title, ["format"] = source.Format };
        var image = await api.Json(HttpMethod.Post, $"/admin/images/{Uri.EscapeDataString(term)}/import", asked, cancel);
        var told = "";
        while ((string?)image?["state"] == "pending")
        {
            var progress = Progress(image["import"]);
            if (progress != told)
                Console.Error.WriteLine(told = progress);
            await Task.Delay(LookEvery, cancel);
            var all = await api.Json(HttpMethod.Get, "/admin/images", null, cancel) as JsonArray ?? [];
            image = all.FirstOrDefault(i => (string?)i?["term"] == term) ?? throw new CliException($"the image {term} was deleted while it was being fetched");
        }
        if ((string?)image?["state"] == "error")
            throw new CliException((string?)image["message"] ?? "the image could not be fetched");
    }

    private static string Progress(JsonNode? import) =>
        $"{Mib(import?["received"])} of {(import?["expected"] is { } expected ? Mib(expected) : "?")} MiB";

    private static string Mib(JsonNode? bytes) => (((long?)bytes ?? 0) >> 20).ToString(CultureInfo.InvariantCulture);
}
