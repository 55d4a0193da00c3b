using System.Text.RegularExpressions;
using Controller.Api.Admin;
using Controller.Api.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Controller.Api.Ui;

/// <summary>
/// The web console's files, which <c>src/Console</c> is built to, below <c>/ui/</c>. There is no secret in them, so they are for everybody: whoever uses the console shows a token to the rest of the
/// API, as any other client does.
/// </summary>
internal static partial class WebConsole
{
    private const string Index = "index.html";

    // Nothing of anybody else's is loaded, and nobody frames it. Styles: the component library and the terminal set theirs at run time.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    // Names of these hold a hash of what is in them, as Vite makes them.
    [GeneratedRegex("^assets/.+-[A-Za-z0-9_-]{8}\\.[a-z0-9.]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Hashed();

    public static void MapWebConsole(this WebApplication app)
    {
        var directory = Path.GetFullPath(app.Services.GetRequiredService<IOptions<ApiOptions>>().Value.Console ?? "console", AppContext.BaseDirectory);
        var types = new FileExtensionContentTypeProvider();
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods("/ui/{**path}", methods, IResult (string? path, HttpContext http) => File(directory, path ?? "", http, types)).AllowAnonymous();
    }

    private static IResult File(string directory, string path, HttpContext http, FileExtensionContentTypeProvider types)
    {
        SetHeaders(http.Response.Headers);
        if (path.Length == 0 && !http.Request.Path.Value!.EndsWith('/'))
            return Results.Redirect("/ui/", permanent: false, preserveMethod: true);   // what the page names is relative to it
        // Looked for anew each time: the console can be built while the API runs.
        if (!Directory.Exists(directory) || !System.IO.File.Exists(Path.Combine(directory, Index)))
            return Problems.NotFound($"/ui/: the web console is not built, or Api:Console does not name where it is (a directory with {Index}). \"./controller up\" builds it; so does \"npm ci && npm run build\" in src/Console").ToResult();
        using var files = new PhysicalFileProvider(directory);   // which leads nowhere outside
        var file = path.Length == 0 ? files.GetFileInfo(Index) : files.GetFileInfo(path);
        if (!file.Exists || file.IsDirectory)
        {
            // Paths of the console's own pages have no file; a file that is not there is no page.
            if (path.StartsWith("assets/", StringComparison.Ordinal) || Path.HasExtension(path))
                return Problems.NotFound("/ui/" + path).ToResult();
            file = files.GetFileInfo(Index);
        }
        http.Response.Headers.CacheControl = Hashed().IsMatch(path) ? "public, max-age=31536000, immutable" : "no-cache";
        var compressed = Compressed(files, file, path, http);
        if (compressed is not null)
            http.Response.Headers.ContentEncoding = "gzip";
        if (!types.TryGetContentType(file.Name, out var type))
            type = "application/octet-stream";
        return Results.File((compressed ?? file).PhysicalPath!, type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type, lastModified: file.LastModified);
    }

    /// <summary>The same compressed, where the build has put that beside it and the client takes it.</summary>
    private static IFileInfo? Compressed(PhysicalFileProvider files, IFileInfo file, string path, HttpContext http)
    {
        if (!Hashed().IsMatch(path) || files.GetFileInfo(path + ".gz") is not { Exists: true } compressed)
            return null;
        http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        return http.Request.GetTypedHeaders().AcceptEncoding.Any(a => a.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && a.Quality is not 0) && file.Exists ? compressed : null;
    }

    private static void SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }
}
