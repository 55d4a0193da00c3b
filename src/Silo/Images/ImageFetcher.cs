using System.Net;
using Controller.Contracts;
using Controller.Silo.Outward;

namespace Controller.Silo.Images;

/// <summary>
/// Fetches an image from a URL that an administrator gave. It goes where he says, also into private networks; but a server that he named does not send us on into one, nor from
/// https to http. No proxy, no cookies, no credentials.
/// </summary>
internal sealed class ImageFetcher(ImageStore store, ImageOptions options, TimeProvider time)
{
    private const int MostRedirects = 5;
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(3);
    private static readonly HttpRequestOptionsKey<bool> WasSentOn = new("sent-on");

    /// <summary>The image, which is in the store then; or why it is not.</summary>
    /// <param name="import">What to fetch.</param>
    /// <param name="tell">Hears how far it is; false: it is not wanted any more.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="HttpRequestException">The server is not there, breaks off, or answers something else.</exception>
    public async Task<(SavedDisk? Disk, string? Why)> Fetch(ImageImport import, Func<long, long?, Task<bool>> tell, CancellationToken cancel)
    {
        using var client = new HttpClient(Handler()) { Timeout = Timeout.InfiniteTimeSpan };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        void Heard() => patience.CancelAfter(options.ImportPatience);
        Heard();
        try
        {
            var (response, refused) = await Get(client, new(import.Url), patience.Token);
            if (response is null)
                return (null, refused);
            using (response)
            {
                if (!response.IsSuccessStatusCode)
                    return (null, $"{import.Url} answered {(int)response.StatusCode} {response.ReasonPhrase}.");
                if (response.Content.Headers.ContentLength > store.MaxBytes)
                    return (null, $"The image has {response.Content.Headers.ContentLength} bytes; {store.MaxBytes} are the most (Images:MaxBytes).");
                await using var incoming = store.Begin();
                if (!await Copy(response, incoming, tell, Heard, patience.Token))
                    return (null, "It is not wanted any more.");
                return Judge(import, incoming);
            }
        }
        catch (ImageTooLargeException large)
        {
            return (null, large.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (null, $"{import.Url} sent nothing for {options.ImportPatience.TotalSeconds:0} seconds.");
        }
    }

    private async Task<bool> Copy(HttpResponseMessage response, IncomingImage incoming, Func<long, long?, Task<bool>> tell, Action heard, CancellationToken cancel)
    {
        await using var content = await response.Content.ReadAsStreamAsync(cancel);
        var buffer = new byte[256 * 1024];
        var told = time.GetTimestamp();
        for (int read; (read = await content.ReadAsync(buffer, cancel)) > 0;)
        {
            heard();
            await incoming.Append(buffer.AsMemory(0, read), cancel);
            if (time.GetElapsedTime(told) < TellEvery)
                continue;
            told = time.GetTimestamp();
            if (!await tell(incoming.Size, response.Content.Headers.ContentLength))
                return false;
        }
        incoming.Finish();
        return true;
    }

    private static (SavedDisk? Disk, string? Why) Judge(ImageImport import, IncomingImage incoming)
    {
        if (import.Sha256 is { } wanted && wanted != incoming.Sha256)
            return (null, $"SHA-256 {wanted} was wanted; {incoming.Size} bytes with {incoming.Sha256} came.");
        if (incoming.Size == 0)
            return (null, "The image is empty.");
        var (size, why) = import.Format == "raw" ? (incoming.Size, null) : Qcow2Header.Read(incoming.Head);
        if (why is not null)
            return (null, why);
        incoming.Keep();
        return (new(new(incoming.Sha256, import.Format, incoming.Size), size), null);
    }

    private static async Task<(HttpResponseMessage? Response, string? Why)> Get(HttpClient client, Uri url, CancellationToken cancel)
    {
        for (var redirects = 0; redirects <= MostRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Options.Set(WasSentOn, redirects > 0);
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                return (response, null);
            response.Dispose();
            var next = new Uri(url, location);
            if (next.Scheme != "https" && next.Scheme != url.Scheme)
                return (null, $"{url} redirects to {next}: only https, or http from http, is followed.");
            url = next;
        }
        return (null, $"{url}: more than {MostRedirects} redirects.");
    }

    private static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.Zero,   // each address is looked at
        ConnectTimeout = TimeSpan.FromSeconds(15),
        ConnectCallback = Connect,
    };

    /// <summary>The address that is connected to is the one that is judged: a name that resolves differently the second time changes nothing.</summary>
    private static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var sentOn = context.InitialRequestMessage.Options.TryGetValue(WasSentOn, out var redirected) && redirected;
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancel);
        if (sentOn && addresses.FirstOrDefault(a => !PublicAddresses.Contain(a)) is { } inside)
            throw new HttpRequestException($"A redirect leads to {context.DnsEndPoint.Host} ({inside}), which is no public address: it is not followed.");
        return await OutwardConnection.To(addresses, context.DnsEndPoint.Port, cancel);
    }
}
