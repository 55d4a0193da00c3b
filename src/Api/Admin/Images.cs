using System.Text.RegularExpressions;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Controller.Contracts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Controller.Api.Admin;

/// <summary>Asks for an image's import.</summary>
internal sealed record ImportRequest(string Url, string? Sha256, string? Title, string? Format);

/// <summary>Images: their bytes go to the image store, their description to a grain, and an os_tpl mixin shows them.</summary>
internal sealed partial class Images(IGrainFactory grains, Rows rows, Catalogues catalogues, IOptions<ImageOptions> options, ILogger<Images> log)
{
    public async Task<IResult> Put(string term, string? title, string? format, HttpContext http, CancellationToken cancel)
    {
        // Old clients read no other terms (decision D-28).
        if (!Term().IsMatch(term))
            return Problems.Invalid($"An image's term is lower-case letters, digits, - and _, beginning with a letter; found '{term}'.").ToResult();
        format ??= "qcow2";
        if (format is not ("qcow2" or "raw"))
            return Problems.BadQuery($"format must be qcow2 or raw, found '{format}'.").ToResult();
        if (options.Value.Directory is not { Length: > 0 } directory)
            return Problems.NotImplemented("This API process has no image store: set Images:Directory.").ToResult();

        var grain = grains.GetGrain<IImageGrain>("image/" + term);
        // Somebody's machines are made of it, and would come to be everybody's.
        if (await Twice.Try(grain.View) is { Project: { } owner })
            return Problems.Conflict($"The term {term} belongs to an image that was saved in project {owner}; choose another one, or delete that image first.").ToResult();

        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        await using var upload = await ImageUpload.Receive(directory, http.Request.Body, cancel);
        if (upload.Size == 0)
            return Problems.BadRendering("The image is empty.").ToResult();
        var (virtualSize, why) = format == "raw" ? (upload.Size, null) : Qcow2Header.Read(upload.Head);
        if (why is not null)
            return Problems.BadRendering(why).ToResult();
        upload.Keep();
        var view = await Twice.Try(() => grain.Put(string.IsNullOrWhiteSpace(title) ? term : title, upload.Sha256, format, upload.Size, virtualSize));
        await catalogues.Refresh(cancel);
        LogStored(term, upload.Sha256, upload.Size);
        return Results.Json(view);
    }

    /// <summary>Has a silo fetch it: docs/images.md. The answer says how far it is; so does the template's mixin.</summary>
    public async Task<IResult> Import(string term, ImportRequest request, CancellationToken cancel)
    {
        if (!Term().IsMatch(term))
            return Problems.Invalid($"An image's term is lower-case letters, digits, - and _, beginning with a letter; found '{term}'.").ToResult();
        if (request.Format is not (null or "qcow2" or "raw"))
            return Problems.Invalid($"format must be qcow2 or raw, found '{request.Format}'.").ToResult();
        if (!Uri.TryCreate(request.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
            return Problems.Invalid($"url must be an http or https URL without a user name, found '{request.Url}'.").ToResult();
        if (request.Sha256 is { } digest && !Digest().IsMatch(digest))
            return Problems.Invalid($"sha256 must be 64 hexadecimal digits, found '{digest}'.").ToResult();
        var import = new ImageImport(Guid.NewGuid(), url.ToString(), request.Sha256?.ToLowerInvariant(), request.Format ?? "qcow2");
        var view = await Twice.Try(() => grains.GetGrain<IImageGrain>("image/" + term).Import(string.IsNullOrWhiteSpace(request.Title) ? term : request.Title, import));
        if (view is null)
            return Problems.Conflict($"The term {term} belongs to an image that was saved in a project; choose another one, or delete that image first.").ToResult();
        await catalogues.Refresh(cancel);
        return Results.Json(view, statusCode: StatusCodes.Status202Accepted);
    }

    public async Task<IResult> List(CancellationToken cancel) =>
        Results.Json((await rows.All("image", ContractsJson.Default.RowImageView, cancel)).Select(i => i.View));

    /// <summary>No longer offered. The bytes stay: machines may be backed by them.</summary>
    public async Task<IResult> Delete(string term, CancellationToken cancel)
    {
        if (!Term().IsMatch(term) || !await Twice.Try(grains.GetGrain<IImageGrain>("image/" + term).Delete))
            return Problems.NotFound($"/admin/images/{term}").ToResult();
        await catalogues.Refresh(cancel);
        return Results.Json(new { });
    }

    [GeneratedRegex("^[a-z][a-z0-9_-]{0,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex Term();

    [GeneratedRegex("^[0-9a-fA-F]{64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Digest();

    [LoggerMessage(LogLevel.Information, "Stored image {Image} as {Sha256}, {Bytes} bytes")]
    private partial void LogStored(string image, string sha256, long bytes);
}
